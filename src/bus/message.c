/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/message.h"

#include <errno.h>
#include <string.h>

static uint32_t read_word(const unsigned char *bytes, char order)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return order == BUS_NATIVE_ORDER ? word : __builtin_bswap32(word);
}

int bus_message_size(const unsigned char *head, size_t *ret)
{
    const char order = (char)head[0];
    uint64_t fields, size;

    if ((order != BUS_NATIVE_ORDER && order != BUS_FOREIGN_ORDER) || head[3] != BUS_VERSION)
        return -EPROTO;
    fields = read_word(head + 12, order);
    size = BUS_HEAD_SIZE + ((fields + 7) & ~(uint64_t)7) + read_word(head + 4, order);
    if (fields > BUS_ARRAY_MAX || size > BUS_MESSAGE_MAX)
        return -EPROTO;
    *ret = (size_t)size;
    return 0;
}

/* Padding is zeros, or the message is not sound. */
static int skip_padding(struct bus_reader *reader, size_t alignment)
{
    while (reader->offset % alignment != 0) {
        if (reader->offset >= reader->length || reader->data[reader->offset] != 0)
            return -EPROTO;
        reader->offset++;
    }
    return 0;
}

int bus_read_number(struct bus_reader *reader, char type, uint64_t *ret)
{
    size_t size = bus_alignment(type);
    const unsigned char *bytes;
    uint16_t half;
    uint32_t word;

    if (type == '\0' || strchr("ybnqiuxtd", type) == NULL || skip_padding(reader, size) < 0 ||
        reader->length - reader->offset < size)
        return -EPROTO;
    bytes = reader->data + reader->offset;
    memcpy(&half, bytes, size < sizeof(half) ? size : sizeof(half));
    memcpy(&word, bytes, size < sizeof(word) ? size : sizeof(word));
    if (type == 'b' && word > 1)
        return -EPROTO;
    reader->offset += size;
    if (size == 1)
        *ret = bytes[0];
    else if (size == 2)
        *ret = half;
    else if (size == 4)
        *ret = word;
    else
        memcpy(ret, bytes, size);
    return 0;
}

int bus_read_text(struct bus_reader *reader, char type, const char **ret)
{
    uint64_t length;
    const char *text;

    if (bus_read_number(reader, type == 'g' ? 'y' : 'u', &length) < 0 ||
        reader->length - reader->offset <= length)
        return -EPROTO;
    text = (const char *)reader->data + reader->offset;
    if (memchr(text, '\0', (size_t)length + 1) != text + length)
        return -EPROTO;
    reader->offset += (size_t)length + 1;
    *ret = text;
    return 0;
}

/* The end of the one complete type at @signature; NULL: there is none. */
static const char *skip_type(const char *signature, unsigned depth)
{
    const char end = signature[0] == '(' ? ')' : '}';

    if (depth > BUS_DEPTH_MAX || bus_alignment(signature[0]) == 0)
        return NULL;
    if (signature[0] == 'a')
        return skip_type(signature + 1, depth + 1);
    if (signature[0] != '(' && signature[0] != '{')
        return signature + 1;
    signature++;
    if (*signature == end)
        return NULL;
    while (signature != NULL && *signature != end)
        signature = skip_type(signature, depth + 1);
    return signature != NULL ? signature + 1 : NULL;
}

static int copy_value(struct bus_reader *reader, const char **signature, struct bus_writer *writer,
                      unsigned depth);

static int copy_array(struct bus_reader *reader, const char *element, struct bus_writer *writer,
                      unsigned depth)
{
    struct bus_array array = {0};
    uint64_t length;
    size_t end;

    if (bus_read_number(reader, 'u', &length) < 0 || length > BUS_ARRAY_MAX ||
        skip_padding(reader, bus_alignment(*element)) < 0 ||
        length > reader->length - reader->offset)
        return -EPROTO;
    end = reader->offset + (size_t)length;
    if (writer != NULL)
        array = bus_begin_array(writer, *element);
    while (reader->offset < end) {
        const char *place = element;

        if (copy_value(reader, &place, writer, depth + 1) < 0)
            return -EPROTO;
    }
    if (reader->offset != end)
        return -EPROTO;
    if (writer != NULL)
        bus_end_array(writer, array);
    return 0;
}

/* The members of a struct or of an entry of a dictionary; *@signature is behind the bracket. */
static int copy_struct(struct bus_reader *reader, const char **signature, struct bus_writer *writer,
                       unsigned depth)
{
    if (skip_padding(reader, 8) < 0)
        return -EPROTO;
    if (writer != NULL)
        bus_put_padding(writer, 8);
    while (**signature != ')' && **signature != '}')
        if (copy_value(reader, signature, writer, depth + 1) < 0)
            return -EPROTO;
    (*signature)++;
    return 0;
}

static int copy_variant(struct bus_reader *reader, struct bus_writer *writer, unsigned depth)
{
    const char *inner, *end;

    if (bus_read_text(reader, 'g', &inner) < 0)
        return -EPROTO;
    end = skip_type(inner, depth);
    if (end == NULL || *end != '\0')
        return -EPROTO;
    if (writer != NULL)
        bus_put_text(writer, 'g', inner, (size_t)(end - inner));
    return copy_value(reader, &inner, writer, depth + 1);
}

static int copy_text(struct bus_reader *reader, char type, struct bus_writer *writer)
{
    const char *text;

    if (bus_read_text(reader, type, &text) < 0)
        return -EPROTO;
    if (writer != NULL)
        bus_put_text(writer, type, text, strlen(text));
    return 0;
}

static int copy_number(struct bus_reader *reader, char type, struct bus_writer *writer)
{
    uint64_t number;

    if (bus_read_number(reader, type, &number) < 0)
        return -EPROTO;
    if (writer != NULL)
        bus_put_number(writer, type, number);
    return 0;
}

/* The signature is complete and no deeper than BUS_DEPTH_MAX: skip_type() has looked. */
static int copy_value(struct bus_reader *reader, const char **signature, struct bus_writer *writer,
                      unsigned depth)
{
    const char *place = *signature;
    const char type = *place++;
    int r;

    if (depth > BUS_DEPTH_MAX)
        return -EPROTO;
    switch (type) {
    case 'a':
        r = copy_array(reader, place, writer, depth);
        place = skip_type(place, depth);
        break;
    case '(':
    case '{':
        r = copy_struct(reader, &place, writer, depth);
        break;
    case 'v':
        r = copy_variant(reader, writer, depth);
        break;
    case 's':
    case 'o':
    case 'g':
        r = copy_text(reader, type, writer);
        break;
    default:
        r = copy_number(reader, type, writer);
        break;
    }
    if (r < 0 || place == NULL)
        return -EPROTO;
    *signature = place;
    return 0;
}

int bus_copy_value(struct bus_reader *reader, const char **signature, struct bus_writer *writer)
{
    return skip_type(*signature, 0) != NULL ? copy_value(reader, signature, writer, 0) : -EPROTO;
}

/* What type a field that is used must have. */
static const char field_types[BUS_FIELD_MAX + 1] = {
    [BUS_FIELD_PATH] = 'o',       [BUS_FIELD_INTERFACE] = 's',    [BUS_FIELD_MEMBER] = 's',
    [BUS_FIELD_ERROR_NAME] = 's', [BUS_FIELD_REPLY_SERIAL] = 'u', [BUS_FIELD_DESTINATION] = 's',
    [BUS_FIELD_SENDER] = 's',     [BUS_FIELD_SIGNATURE] = 'g',
};

static int read_field(struct bus_reader *reader, struct bus_message *message)
{
    const char *signature;
    uint64_t field, number;

    if (skip_padding(reader, 8) < 0 || bus_read_number(reader, 'y', &field) < 0)
        return -EPROTO;
    if (field == 0 || field > BUS_FIELD_MAX) {
        const char *variant = "v";

        return bus_copy_value(reader, &variant, NULL);
    }
    if (bus_read_text(reader, 'g', &signature) < 0 || signature[0] != field_types[field] ||
        signature[1] != '\0')
        return -EPROTO;
    if (field != BUS_FIELD_REPLY_SERIAL)
        return bus_read_text(reader, signature[0], &message->text[field]);
    if (bus_read_number(reader, 'u', &number) < 0)
        return -EPROTO;
    message->reply_serial = (uint32_t)number;
    return 0;
}

int bus_message_parse(const unsigned char *data, size_t length, struct bus_message *ret)
{
    struct bus_message message = {0};
    size_t size, end;
    struct bus_reader fields = {.data = data, .offset = BUS_HEAD_SIZE};

    if (length < BUS_HEAD_SIZE || bus_message_size(data, &size) < 0 || size != length)
        return -EPROTO;
    if (data[0] != BUS_NATIVE_ORDER)
        return -EOPNOTSUPP;
    end = length - read_word(data + 4, BUS_NATIVE_ORDER);
    fields.length = BUS_HEAD_SIZE + read_word(data + 12, BUS_NATIVE_ORDER);
    for (size_t i = 0; i <= BUS_FIELD_MAX; i++)
        message.text[i] = "";
    while (fields.offset < fields.length)
        if (read_field(&fields, &message) < 0)
            return -EPROTO;
    message.type = data[1];
    message.serial = read_word(data + 8, BUS_NATIVE_ORDER);
    message.body = (struct bus_reader){.data = data, .length = length, .offset = end};
    if (message.type == 0 || message.serial == 0)
        return -EPROTO;
    *ret = message;
    return 0;
}
