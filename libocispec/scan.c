/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walking over JSON text; iterative, so that no nesting can exhaust the stack. */
#include "scan.h"

#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 1024

static bool fail(struct scan *scan, const char *error)
{
    scan->error = scan->at >= scan->length ? "the text ends too early" : error;
    return false;
}

static bool at_character(const struct scan *scan, char character)
{
    return scan->at < scan->length && scan->text[scan->at] == character;
}

static bool at_digit(const struct scan *scan)
{
    return scan->at < scan->length && scan->text[scan->at] >= '0' && scan->text[scan->at] <= '9';
}

void scan_blanks(struct scan *scan)
{
    while (scan->at < scan->length && strchr(" \t\n\r", scan->text[scan->at]) != NULL &&
           scan->text[scan->at] != '\0')
        scan->at++;
}

static bool scan_escape(struct scan *scan)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    char character;

    scan->at++;
    if (scan->at >= scan->length)
        return fail(scan, "");
    character = scan->text[scan->at];
    if (character == '\0' || strchr("\"\\/bfnrtu", character) == NULL)
        return fail(scan, "invalid escape in a string");
    scan->at++;
    for (int i = 0; character == 'u' && i < 4; i++) {
        if (scan->at >= scan->length || memchr(hex, scan->text[scan->at], sizeof(hex) - 1) == NULL)
            return fail(scan, "\"\\u\" needs four hexadecimal digits");
        scan->at++;
    }
    return true;
}

bool scan_string(struct scan *scan)
{
    if (!at_character(scan, '"'))
        return fail(scan, "a string in double quotes is expected");
    scan->at++;
    while (scan->at < scan->length) {
        unsigned char byte = (unsigned char)scan->text[scan->at];

        if (byte == '"') {
            scan->at++;
            return true;
        }
        if (byte < 0x20)
            return fail(scan, "a control character in a string has to be escaped");
        if (byte != '\\')
            scan->at++;
        else if (!scan_escape(scan))
            return false;
    }
    return fail(scan, "");
}

static bool scan_digits(struct scan *scan)
{
    if (!at_digit(scan))
        return fail(scan, "malformed number, a digit is expected");
    while (at_digit(scan))
        scan->at++;
    return true;
}

static bool scan_number(struct scan *scan)
{
    if (at_character(scan, '-'))
        scan->at++;
    if (at_character(scan, '0')) {
        scan->at++;
        if (at_digit(scan))
            return fail(scan, "a number may not begin with 0");
    } else if (!scan_digits(scan)) {
        return false;
    }
    if (at_character(scan, '.')) {
        scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    if (at_character(scan, 'e') || at_character(scan, 'E')) {
        scan->at++;
        if (at_character(scan, '+') || at_character(scan, '-'))
            scan->at++;
        return scan_digits(scan);
    }
    return true;
}

static bool scan_literal(struct scan *scan, const char *literal)
{
    for (; *literal != '\0'; literal++, scan->at++)
        if (!at_character(scan, *literal))
            return fail(scan, "a value is expected");
    return true;
}

static bool scan_scalar(struct scan *scan)
{
    if (scan->at >= scan->length)
        return fail(scan, "");
    switch (scan->text[scan->at]) {
    case '"':
        return scan_string(scan);
    case 't':
        return scan_literal(scan, "true");
    case 'f':
        return scan_literal(scan, "false");
    case 'n':
        return scan_literal(scan, "null");
    case '-':
    case '0' ... '9':
        return scan_number(scan);
    default:
        return fail(scan, "a value is expected");
    }
}

bool scan_colon(struct scan *scan)
{
    scan_blanks(scan);
    if (!at_character(scan, ':'))
        return fail(scan, "\":\" is expected");
    scan->at++;
    scan_blanks(scan);
    return true;
}

bool scan_separator(struct scan *scan, char closing, bool *ret_more)
{
    scan_blanks(scan);
    if (!at_character(scan, ',') && !at_character(scan, closing))
        return fail(scan,
                    closing == '}' ? "\",\" or \"}\" is expected" : "\",\" or \"]\" is expected");
    *ret_more = scan->text[scan->at] == ',';
    scan->at++;
    return true;
}

static bool scan_key(struct scan *scan)
{
    scan_blanks(scan);
    if (!at_character(scan, '"'))
        return fail(scan, "a key in double quotes is expected");
    return scan_string(scan) && scan_colon(scan);
}

/* Moves behind the separator after a value, and behind the containers that end here. */
static bool finish_value(struct scan *scan, const char *closings, size_t *depth)
{
    bool more = false;

    while (*depth > 0 && !more) {
        char closing = closings[*depth - 1];

        if (!scan_separator(scan, closing, &more))
            return false;
        if (!more)
            (*depth)--;
        else if (closing == '}')
            return scan_key(scan);
    }
    return true;
}

bool scan_value(struct scan *scan)
{
    char closings[DEPTH_MAX];
    size_t depth = 0;

    do {
        scan_blanks(scan);
        if (at_character(scan, '{') || at_character(scan, '[')) {
            char closing = scan->text[scan->at] == '{' ? '}' : ']';

            if (depth == DEPTH_MAX)
                return fail(scan, "nested too deeply");
            closings[depth++] = closing;
            scan->at++;
            scan_blanks(scan);
            if (!at_character(scan, closing)) {
                if (closing == '}' && !scan_key(scan))
                    return false;
                continue;
            }
            scan->at++;
            depth--;
        } else if (!scan_scalar(scan)) {
            return false;
        }
        if (!finish_value(scan, closings, &depth))
            return false;
    } while (depth > 0);
    return true;
}

bool scan_find_error(const char *text, size_t length, size_t *ret_offset, const char **ret_error)
{
    struct scan scan = {.text = text, .length = length};

    if (scan_value(&scan)) {
        scan_blanks(&scan);
        if (scan.at == length)
            return false;
        scan.error = "there is more text after the document";
    }
    *ret_offset = scan.at;
    *ret_error = scan.error;
    return true;
}
