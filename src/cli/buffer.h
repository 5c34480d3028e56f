/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that grows.  Running out of memory is remembered and asked for once, at the end. */
#ifndef DRAY_CLI_BUFFER_H
#define DRAY_CLI_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *text; /* NUL terminated, or NULL while empty; points into the buffer as long as it fits */
    size_t length;
    size_t size;
    bool failed;    /* text is missing for lack of memory */
    char own[2560]; /* any error's line, also when there is no memory; most documents */
};

#define _cleanup_buffer_ __attribute__((cleanup(buffer_done)))

void buffer_done(struct buffer *buffer);

void buffer_add(struct buffer *buffer, const char *text, size_t length);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char character);
void buffer_add_blanks(struct buffer *buffer, size_t count);
void buffer_add_number(struct buffer *buffer, uint64_t number);

/* With quotes, as JSON wants it; bytes that are not UTF-8 become U+FFFD. */
void buffer_add_json_string(struct buffer *buffer, const char *text);

/* What could move the cursor of a terminal becomes \xNN. */
void buffer_add_printable(struct buffer *buffer, const char *text, size_t length);

#endif
