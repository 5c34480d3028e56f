/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The encoding of CRIU's messages: protocol buffers' wire format (protobuf.dev, "Encoding"), as
 * much of it as the requests and answers of `criu swrk` use.  Runs in dray.
 *
 * A message is a sequence of fields, each a number and a value; what a reader does not know it
 * skips, so an older or newer CRIU is understood.
 */
#ifndef DRAY_CRIU_WIRE_H
#define DRAY_CRIU_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message being written; all zero to begin with.  Release with wire_done(). */
struct wire_writer {
    unsigned char *data; /* from malloc() */
    size_t length;
    size_t capacity;
    bool failed; /* memory ran out: what was added since is missing */
};

/* Adds a field; a negative number is given sign-extended, as int32 fields want it. */
void wire_put_number(struct wire_writer *writer, uint32_t field, uint64_t value);
void wire_put_bytes(struct wire_writer *writer, uint32_t field, const void *bytes, size_t length);
void wire_put_text(struct wire_writer *writer, uint32_t field, const char *text);

/* Adds a message, which is complete, as a field of another. */
void wire_put_message(struct wire_writer *writer, uint32_t field,
                      const struct wire_writer *message);

void wire_done(struct wire_writer *writer);

/* A message being read. */
struct wire_reader {
    const unsigned char *next;
    const unsigned char *end;
};

struct wire_field {
    uint32_t number;
    bool has_bytes;             /* a string or a message; else a number */
    uint64_t value;             /* of a number */
    const unsigned char *bytes; /* in the message */
    size_t length;
};

/* Returns 1 with the next field, 0 at the end, or -EPROTO for what is no message. */
int wire_next(struct wire_reader *reader, struct wire_field *ret);

/* Copies a string field, cut to fit and always terminated. */
void wire_copy_text(const struct wire_field *field, char *out, size_t size);

#endif
