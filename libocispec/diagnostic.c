/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults: making, collecting and printing them, and guessing what was meant. */
#include "ocispec/diagnostic.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"

const char *oci_fault_kind_name(enum oci_fault_kind kind)
{
    static const char *const names[OCI_FAULT_KIND_COUNT] = {
        [OCI_FAULT_NONE] = "NONE",
        [OCI_FAULT_SYNTAX] = "SYNTAX",
        [OCI_FAULT_TOO_LARGE] = "TOO_LARGE",
        [OCI_FAULT_TYPE] = "TYPE",
        [OCI_FAULT_RANGE] = "RANGE",
        [OCI_FAULT_MISSING] = "MISSING",
        [OCI_FAULT_DUPLICATE] = "DUPLICATE",
        [OCI_FAULT_VALUE] = "VALUE",
        [OCI_FAULT_CONFLICT] = "CONFLICT",
        [OCI_FAULT_VERSION] = "VERSION",
        [OCI_FAULT_UNKNOWN_KEY] = "UNKNOWN_KEY",
        [OCI_FAULT_NOT_SUPPORTED] = "NOT_SUPPORTED",
    };

    return (unsigned)kind < OCI_FAULT_KIND_COUNT ? names[kind] : "UNKNOWN";
}

bool oci_report_add(struct oci_report *report, const struct oci_fault *fault)
{
    if (report->count < report->capacity)
        report->faults[report->count] = *fault;
    report->count++;
    return !report->all;
}

/* Length of the UTF-8 sequence that begins with @byte, as far as the byte tells. */
static size_t sequence_length(unsigned char byte)
{
    if (byte < 0xc0)
        return 1;
    if (byte < 0xe0)
        return 2;
    return byte < 0xf0 ? 3 : 4;
}

struct fault_quote fault_quote(const char *text, size_t length)
{
    struct fault_quote quote;
    const size_t room = sizeof(quote.text) - sizeof("…");
    size_t used = 0;

    for (size_t i = 0; i < length;) {
        unsigned char byte = (unsigned char)text[i];
        bool control = byte < 0x20 || byte == 0x7f;
        size_t sequence = sequence_length(byte);

        if (sequence > length - i)
            sequence = length - i;
        if (used + (control ? 4 : sequence) > room) {
            memcpy(quote.text + used, "…", sizeof("…") - 1);
            used += sizeof("…") - 1;
            break;
        }
        if (control) {
            used += (size_t)snprintf(quote.text + used, sizeof(quote.text) - used, "\\x%02x", byte);
        } else {
            memcpy(quote.text + used, text + i, sequence);
            used += sequence;
        }
        i += sequence;
    }
    quote.text[used] = '\0';
    return quote;
}

void fault_pointer_append(char *pointer, size_t size, const char *token, size_t length)
{
    size_t used = strlen(pointer);
    size_t start = used;

    if (used + 1 >= size)
        return;
    pointer[used++] = '/';
    for (size_t i = 0; i < length; i++) {
        bool escape = token[i] == '~' || token[i] == '/';

        if (used + (escape ? 2 : 1) >= size) {
            pointer[start] = '\0'; /* a cut token would name something else */
            return;
        }
        if (escape) {
            pointer[used++] = '~';
            pointer[used++] = token[i] == '~' ? '0' : '1';
        } else {
            pointer[used++] = token[i];
        }
    }
    pointer[used] = '\0';
}

void fault_pointer_append_index(char *pointer, size_t size, size_t index)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%zu", index);

    fault_pointer_append(pointer, size, digits, (size_t)length);
}

void fault_set_message(struct oci_fault *fault, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fault->message, sizeof(fault->message), format, arguments);
    va_end(arguments);
}

void fault_set_text(char *field, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);

    memcpy(field, text, length);
    field[length] = '\0';
}

size_t oci_fault_format(const struct oci_fault *fault, char *out, size_t size)
{
    bool placed = fault->line != 0;
    bool pointed = fault->pointer[0] != '\0';
    bool suggested = fault->suggestion[0] != '\0';
    char place[48] = "";
    int length;

    if (placed)
        snprintf(place, sizeof(place), "%u:%u%s", fault->line, fault->column, pointed ? " " : ": ");
    length = snprintf(out, size, "%s%s%s%s%s%s%s%s", place, pointed ? "(" : "", fault->pointer,
                      pointed ? "): " : "", fault->message, suggested ? "; did you mean \"" : "",
                      fault->suggestion, suggested ? "\"?" : "");
    return length < 0 ? 0 : (size_t)length;
}
