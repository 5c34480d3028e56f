/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making faults; shared by the reader and the validator. */
#ifndef OCISPEC_FAULT_H
#define OCISPEC_FAULT_H

#include <stdarg.h>
#include <stdint.h>

#include "ocispec/diagnostic.h"

#define FAULT_NO_OFFSET SIZE_MAX

/* Text between quotes is cut to this and its control characters are escaped. */
#define FAULT_QUOTE_SIZE 96

struct fault_quote {
    char text[FAULT_QUOTE_SIZE];
};

/* Makes foreign text fit for a message: "\x1b" for ESC, "…" where it is cut. */
struct fault_quote fault_quote(const char *text, size_t length);

/* Appends "/TOKEN" to a JSON pointer, escaping "~" and "/"; what does not fit is left out. */
void fault_pointer_append(char *pointer, size_t size, const char *token, size_t length);
void fault_pointer_append_index(char *pointer, size_t size, size_t index);

/* Formats fault->message. */
void fault_set_message(struct oci_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Copies text into a field of a fault, cut to fit. */
void fault_set_text(char *field, size_t size, const char *text);

#endif
