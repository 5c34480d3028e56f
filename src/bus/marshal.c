/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/marshal.h"

#include <string.h>

#include "bus/message.h"

#define BODY_LENGTH_PLACE 4

size_t bus_alignment(char type)
{
    switch (type) {
    case 'y':
    case 'g':
    case 'v':
        return 1;
    case 'n':
    case 'q':
        return 2;
    case 'b':
    case 'i':
    case 'u':
    case 's':
    case 'o':
    case 'a':
    case 'h':
        return 4;
    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{':
        return 8;
    default:
        return 0;
    }
}

static void put_bytes(struct bus_writer *writer, const void *bytes, size_t length)
{
    if (writer->failed || writer->capacity - writer->length < length) {
        writer->failed = true;
        return;
    }
    if (length > 0)
        memcpy(writer->data + writer->length, bytes, length);
    writer->length += length;
}

void bus_put_padding(struct bus_writer *writer, size_t alignment)
{
    static const unsigned char zeros[8];
    size_t past = (writer->length - writer->start) % alignment;

    if (past > 0)
        put_bytes(writer, zeros, alignment - past);
}

void bus_put_number(struct bus_writer *writer, char type, uint64_t number)
{
    size_t size = bus_alignment(type);
    const uint8_t byte = (uint8_t)number;
    const uint16_t half = (uint16_t)number;
    const uint32_t word = type == 'b' ? number != 0 : (uint32_t)number;

    bus_put_padding(writer, size);
    if (size == 1)
        put_bytes(writer, &byte, size);
    else if (size == 2)
        put_bytes(writer, &half, size);
    else if (size == 4)
        put_bytes(writer, &word, size);
    else
        put_bytes(writer, &number, size);
}

void bus_put_text(struct bus_writer *writer, char type, const char *text, size_t length)
{
    const size_t limit = type == 'g' ? UINT8_MAX : UINT32_MAX;

    if (length > limit) {
        writer->failed = true;
        return;
    }
    bus_put_number(writer, type == 'g' ? 'y' : 'u', length);
    put_bytes(writer, text, length);
    put_bytes(writer, "", 1);
}

void bus_put_string(struct bus_writer *writer, const char *text)
{
    bus_put_text(writer, 's', text, strlen(text));
}

struct bus_array bus_begin_array(struct bus_writer *writer, char element)
{
    struct bus_array array;

    bus_put_number(writer, 'u', 0);
    array.place = writer->length - sizeof(uint32_t);
    bus_put_padding(writer, bus_alignment(element)); /* which its length does not count */
    array.begin = writer->length;
    return array;
}

void bus_end_array(struct bus_writer *writer, struct bus_array array)
{
    uint32_t length = (uint32_t)(writer->length - array.begin);

    if (!writer->failed)
        memcpy(writer->data + array.place, &length, sizeof(length));
}

void bus_put_values(struct bus_writer *writer, const void *values, size_t length)
{
    bus_put_padding(writer, 8);
    put_bytes(writer, values, length);
}

static void put_field(struct bus_writer *writer, enum bus_field field, char type, const char *text)
{
    bus_put_padding(writer, 8);
    bus_put_number(writer, 'y', field);
    bus_put_text(writer, 'g', &type, 1);
    bus_put_text(writer, type, text, strlen(text));
}

void bus_begin_call(struct bus_writer *writer, const struct bus_call *call, uint32_t serial)
{
    struct bus_array fields;

    writer->start = writer->length;
    bus_put_number(writer, 'y', BUS_NATIVE_ORDER);
    bus_put_number(writer, 'y', BUS_METHOD_CALL);
    bus_put_number(writer, 'y', call->no_reply ? BUS_NO_REPLY_EXPECTED : 0);
    bus_put_number(writer, 'y', BUS_VERSION);
    bus_put_number(writer, 'u', 0); /* of the body: bus_end_call() */
    bus_put_number(writer, 'u', serial);
    fields = bus_begin_array(writer, '(');
    put_field(writer, BUS_FIELD_PATH, 'o', call->object);
    put_field(writer, BUS_FIELD_MEMBER, 's', call->method);
    put_field(writer, BUS_FIELD_INTERFACE, 's', call->interface);
    if (call->destination != NULL)
        put_field(writer, BUS_FIELD_DESTINATION, 's', call->destination);
    if (call->signature[0] != '\0')
        put_field(writer, BUS_FIELD_SIGNATURE, 'g', call->signature);
    bus_end_array(writer, fields);
    bus_put_padding(writer, 8);
}

void bus_drop_call(struct bus_writer *writer)
{
    writer->length = writer->start;
    writer->failed = false;
}

void bus_end_call(struct bus_writer *writer)
{
    uint32_t fields, body;
    size_t header;

    if (writer->failed)
        return;
    memcpy(&fields, writer->data + writer->start + BUS_HEAD_SIZE - sizeof(fields), sizeof(fields));
    header = BUS_HEAD_SIZE + (((size_t)fields + 7) & ~(size_t)7);
    body = (uint32_t)(writer->length - writer->start - header);
    memcpy(writer->data + writer->start + BODY_LENGTH_PLACE, &body, sizeof(body));
}
