/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a JSON pointer or an offset to line and column, for messages. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ocispec/diagnostic.h"
#include "scan.h"

void oci_locate_offset(const char *text, size_t length, size_t offset, unsigned *ret_line,
                       unsigned *ret_column)
{
    const char *line = text;
    const char *at = offset < length ? text + offset : text + length;
    unsigned number = 1;

    for (;;) {
        const char *newline = line == at ? NULL : memchr(line, '\n', (size_t)(at - line));

        if (newline == NULL)
            break;
        number++;
        line = newline + 1;
    }
    *ret_line = number;
    *ret_column = (unsigned)(at - line) + 1;
}

/* Code point of the escape at @at (behind the backslash), one half of a pair at a time. */
static unsigned escape_value(const char **at)
{
    static const char names[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    char digits[5] = "";
    const char *name;
    char character = *(*at)++;

    if (character == 'u') {
        memcpy(digits, *at, 4);
        *at += 4;
        return (unsigned)strtoul(digits, NULL, 16);
    }
    name = strchr(names, character);
    return name == NULL ? (unsigned char)character : (unsigned char)values[name - names];
}

static size_t encode_utf8(unsigned number, char *out)
{
    if (number < 0x80) {
        out[0] = (char)number;
        return 1;
    }
    if (number < 0x800) {
        out[0] = (char)(0xc0 | number >> 6);
        out[1] = (char)(0x80 | (number & 0x3f));
        return 2;
    }
    if (number < 0x10000) {
        out[0] = (char)(0xe0 | number >> 12);
        out[1] = (char)(0x80 | (number >> 6 & 0x3f));
        out[2] = (char)(0x80 | (number & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | number >> 18);
    out[1] = (char)(0x80 | (number >> 12 & 0x3f));
    out[2] = (char)(0x80 | (number >> 6 & 0x3f));
    out[3] = (char)(0x80 | (number & 0x3f));
    return 4;
}

/* Whether the string literal between the quotes is @key with pointer escapes ("~0", "~1"). */
static bool key_matches(const char *at, const char *end, const char *token, size_t length)
{
    size_t used = 0;

    while (at < end) {
        char bytes[4] = {*at};
        size_t count = 1;

        if (*at++ == '\\') {
            unsigned number = escape_value(&at);

            if (number >= 0xd800 && number < 0xdc00 && end - at >= 6) {
                at++;
                number = 0x10000 + ((number - 0xd800) << 10) + (escape_value(&at) - 0xdc00);
            }
            count = encode_utf8(number, bytes);
        }
        for (size_t i = 0; i < count; i++) {
            char wanted;

            if (used == length)
                return false;
            wanted = token[used++];
            if (wanted == '~' && used < length)
                wanted = token[used++] == '0' ? '~' : '/';
            if (wanted != bytes[i])
                return false;
        }
    }
    return used == length;
}

/* Moves into the member @token of the object at scan->at; -ENOENT when it has none. */
static int enter_member(struct scan *scan, const char *token, size_t length)
{
    bool more = true;

    scan->at++;
    scan_blanks(scan);
    if (scan->at < scan->length && scan->text[scan->at] == '}')
        return -ENOENT;
    while (more) {
        size_t key;

        scan_blanks(scan);
        key = scan->at + 1;
        if (!scan_string(scan))
            return -EINVAL;
        if (key_matches(scan->text + key, scan->text + scan->at - 1, token, length))
            return scan_colon(scan) ? 0 : -EINVAL;
        if (!scan_colon(scan) || !scan_value(scan) || !scan_separator(scan, '}', &more))
            return -EINVAL;
    }
    return -ENOENT;
}

/* Moves to the entry @token of the array at scan->at; -ENOENT when it has none. */
static int enter_entry(struct scan *scan, const char *token, size_t length)
{
    char digits[21] = "";
    char *end;
    uint64_t index;

    if (length == 0 || length >= sizeof(digits))
        return -ENOENT;
    memcpy(digits, token, length);
    index = strtoull(digits, &end, 10);
    if (*end != '\0')
        return -ENOENT;
    scan->at++;
    scan_blanks(scan);
    if (scan->at < scan->length && scan->text[scan->at] == ']')
        return -ENOENT;
    for (; index > 0; index--) {
        bool more;

        if (!scan_value(scan) || !scan_separator(scan, ']', &more))
            return -EINVAL;
        if (!more)
            return -ENOENT;
    }
    scan_blanks(scan);
    return 0;
}

int oci_locate(const char *text, size_t length, const char *pointer, unsigned *ret_line,
               unsigned *ret_column)
{
    struct scan scan = {.text = text, .length = length};
    size_t found;

    scan_blanks(&scan);
    found = scan.at;
    while (*pointer == '/') {
        const char *token = ++pointer;
        size_t token_length = strcspn(token, "/");
        int r = -ENOENT;

        pointer += token_length;
        if (scan.at >= length)
            return -EINVAL;
        if (text[scan.at] == '{')
            r = enter_member(&scan, token, token_length);
        else if (text[scan.at] == '[')
            r = enter_entry(&scan, token, token_length);
        if (r == -EINVAL)
            return r;
        if (r < 0)
            break;
        found = scan.at;
    }
    if (found >= length)
        return -EINVAL;
    oci_locate_offset(text, length, found, ret_line, ret_column);
    return 0;
}

void oci_report_locate(struct oci_report *report, const char *text, size_t length)
{
    size_t kept = report->count < report->capacity ? report->count : report->capacity;

    for (size_t i = 0; i < kept; i++) {
        struct oci_fault *fault = &report->faults[i];

        if (fault->line != 0)
            continue;
        if (fault->offset != SIZE_MAX)
            oci_locate_offset(text, length, fault->offset, &fault->line, &fault->column);
        else
            (void)oci_locate(text, length, fault->pointer, &fault->line, &fault->column);
    }
}
