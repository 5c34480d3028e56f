/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "criu/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How a value is stored; the low bits of a field's tag. */
enum wire_type {
    WIRE_VARINT = 0,
    WIRE_64_BITS = 1,
    WIRE_BYTES = 2,
    WIRE_32_BITS = 5,
};

#define VARINT_MAX 10 /* bytes of a 64-bit number, seven bits each */

static unsigned char *reserve(struct wire_writer *writer, size_t length)
{
    size_t needed = writer->length + length;

    if (writer->failed || needed < length) {
        writer->failed = true;
        return NULL;
    }
    if (needed > writer->capacity) {
        size_t capacity = needed * 2;
        unsigned char *larger = realloc(writer->data, capacity);

        if (larger == NULL) {
            writer->failed = true;
            return NULL;
        }
        writer->data = larger;
        writer->capacity = capacity;
    }
    return writer->data + writer->length;
}

static void put_varint(struct wire_writer *writer, uint64_t value)
{
    unsigned char *out = reserve(writer, VARINT_MAX);

    if (out == NULL)
        return;
    while (value >= 0x80) {
        *out++ = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    *out++ = (unsigned char)value;
    writer->length = (size_t)(out - writer->data);
}

void wire_put_number(struct wire_writer *writer, uint32_t field, uint64_t value)
{
    put_varint(writer, (uint64_t)field << 3 | WIRE_VARINT);
    put_varint(writer, value);
}

void wire_put_bytes(struct wire_writer *writer, uint32_t field, const void *bytes, size_t length)
{
    unsigned char *out;

    put_varint(writer, (uint64_t)field << 3 | WIRE_BYTES);
    put_varint(writer, length);
    out = reserve(writer, length);
    if (out == NULL || length == 0)
        return;
    memcpy(out, bytes, length);
    writer->length += length;
}

void wire_put_text(struct wire_writer *writer, uint32_t field, const char *text)
{
    wire_put_bytes(writer, field, text, strlen(text));
}

void wire_put_message(struct wire_writer *writer, uint32_t field, const struct wire_writer *message)
{
    if (message->failed)
        writer->failed = true;
    wire_put_bytes(writer, field, message->data, message->length);
}

void wire_done(struct wire_writer *writer)
{
    free(writer->data);
    *writer = (struct wire_writer){0};
}

static int read_varint(struct wire_reader *reader, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 7 * VARINT_MAX; shift += 7) {
        unsigned char byte;

        if (reader->next == reader->end)
            return -EPROTO;
        byte = *reader->next++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *ret = value;
            return 0;
        }
    }
    return -EPROTO;
}

static int skip(struct wire_reader *reader, uint64_t length)
{
    if (length > (uint64_t)(reader->end - reader->next))
        return -EPROTO;
    reader->next += length;
    return 0;
}

int wire_next(struct wire_reader *reader, struct wire_field *ret)
{
    struct wire_field field = {0};
    uint64_t tag, length;
    int r;

    if (reader->next == reader->end)
        return 0;
    r = read_varint(reader, &tag);
    if (r < 0)
        return r;
    if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
        return -EPROTO;
    field.number = (uint32_t)(tag >> 3);
    switch ((enum wire_type)(tag & 7)) {
    case WIRE_VARINT:
        r = read_varint(reader, &field.value);
        break;
    case WIRE_BYTES:
        r = read_varint(reader, &length);
        if (r < 0)
            return r;
        field.has_bytes = true;
        field.bytes = reader->next;
        field.length = (size_t)length;
        r = skip(reader, length);
        break;
    case WIRE_64_BITS: /* of no field that we know */
        r = skip(reader, 8);
        break;
    case WIRE_32_BITS:
        r = skip(reader, 4);
        break;
    default:
        return -EPROTO;
    }
    if (r < 0)
        return r;
    *ret = field;
    return 1;
}

void wire_copy_text(const struct wire_field *field, char *out, size_t size)
{
    size_t length = field->length < size ? field->length : size - 1;

    if (length > 0)
        memcpy(out, field->bytes, length);
    out[length] = '\0';
}
