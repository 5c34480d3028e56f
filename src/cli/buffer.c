/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that grows.  Runs in dray. */
#include "cli/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static const char hex_digits[] = "0123456789abcdef";

void buffer_done(struct buffer *buffer)
{
    if (buffer->text != buffer->own)
        free(buffer->text);
    *buffer = (struct buffer){0};
}

static bool make_room(struct buffer *buffer, size_t length)
{
    size_t needed = buffer->length + length + 1;
    size_t size = sizeof(buffer->own);
    char *text = buffer->own;

    if (buffer->failed || needed < length)
        return false;
    if (needed <= buffer->size)
        return true;
    while (size < needed) {
        if (size > SIZE_MAX / 2)
            return false;
        size *= 2;
    }
    if (size > sizeof(buffer->own)) {
        text = realloc(buffer->text != buffer->own ? buffer->text : NULL, size);
        if (text == NULL)
            return false;
        if (buffer->text == buffer->own)
            memcpy(text, buffer->own, buffer->length + 1);
    }
    buffer->text = text;
    buffer->size = size;
    return true;
}

void buffer_add(struct buffer *buffer, const char *text, size_t length)
{
    if (!make_room(buffer, length)) {
        buffer->failed = true;
        return;
    }
    memcpy(buffer->text + buffer->length, text, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char character)
{
    buffer_add(buffer, &character, 1);
}

void buffer_add_blanks(struct buffer *buffer, size_t count)
{
    static const char blanks[] = "                                ";

    while (count > 0) {
        size_t part = count < sizeof(blanks) - 1 ? count : sizeof(blanks) - 1;

        buffer_add(buffer, blanks, part);
        count -= part;
    }
}

void buffer_add_number(struct buffer *buffer, uint64_t number)
{
    char digits[21];

    buffer_add(buffer, digits, format_u64(digits, number));
}

static void add_hex(struct buffer *buffer, const char *prefix, unsigned char byte)
{
    buffer_add_text(buffer, prefix);
    buffer_add_char(buffer, hex_digits[byte >> 4]);
    buffer_add_char(buffer, hex_digits[byte & 15]);
}

/* Bytes of the UTF-8 sequence at @text; 0 when it is none (RFC 3629: no surrogates, not overlong).
 */
static size_t utf8_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

    if (length == 1)
        return 1;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static void add_json_char(struct buffer *buffer, unsigned char byte)
{
    switch (byte) {
    case '"':
        buffer_add_text(buffer, "\\\"");
        break;
    case '\\':
        buffer_add_text(buffer, "\\\\");
        break;
    case '\n':
        buffer_add_text(buffer, "\\n");
        break;
    case '\t':
        buffer_add_text(buffer, "\\t");
        break;
    default:
        add_hex(buffer, "\\u00", byte);
    }
}

void buffer_add_json_string(struct buffer *buffer, const char *text)
{
    const unsigned char *next = (const unsigned char *)text;

    buffer_add_char(buffer, '"');
    while (*next != '\0') {
        size_t length;

        if (*next < 0x20 || *next == 0x7f || *next == '"' || *next == '\\') {
            add_json_char(buffer, *next++);
            continue;
        }
        length = utf8_length(next);
        if (length > 0)
            buffer_add(buffer, (const char *)next, length);
        else
            buffer_add_text(buffer, "\xef\xbf\xbd");
        next += length > 0 ? length : 1;
    }
    buffer_add_char(buffer, '"');
}

void buffer_add_printable(struct buffer *buffer, const char *text, size_t length)
{
    for (const char *end = text + length; text < end; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < 0x20 || byte == 0x7f)
            add_hex(buffer, "\\x", byte);
        else
            buffer_add_char(buffer, *text);
    }
}
