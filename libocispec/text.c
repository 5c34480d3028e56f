/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte-wise checks of JSON text. */
#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t text_utf8_sequence(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned char second_min = 0x80, second_max = 0xbf;
    size_t length;

    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (left < length)
        return 0;
    if (at[0] == 0xe0)
        second_min = 0xa0; /* below is overlong */
    else if (at[0] == 0xed)
        second_max = 0x9f; /* above are surrogates */
    else if (at[0] == 0xf0)
        second_min = 0x90; /* below is overlong */
    else if (at[0] == 0xf4)
        second_max = 0x8f; /* above is beyond U+10FFFF */
    if (at[1] < second_min || at[1] > second_max)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (!is_continuation(at[i]))
            return 0;
    return length;
}

static bool check_utf8(const char *text, size_t length, size_t *ret_offset)
{
    size_t at = 0;

    while (at < length) {
        size_t sequence;
        uint64_t word;

        if (length - at >= sizeof(word)) {
            memcpy(&word, text + at, sizeof(word));
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof(word);
                continue;
            }
        }
        sequence = text_utf8_sequence(text + at, length - at);
        if (sequence == 0) {
            *ret_offset = at;
            return false;
        }
        at += sequence;
    }
    return true;
}

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* The number of the "\uXXXX" at @at, or -1 when there is none. */
static int escape_number(const char *at, size_t left)
{
    int number = 0;

    if (left < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

static bool check_surrogates(const char *text, size_t length, size_t *ret_offset)
{
    const char *end = text + length;
    const char *at = text;

    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        int number = escape_number(at, (size_t)(end - at));
        size_t step = 2;

        if (number >= 0xd800 && number <= 0xdfff) {
            int second = escape_number(at + 6, (size_t)(end - at) - 6);

            if (number < 0xdc00 && end - at < 12 && memchr(at, '"', (size_t)(end - at)) == NULL)
                break; /* the text ends within the second half */
            if (number >= 0xdc00 || second < 0xdc00 || second > 0xdfff) {
                *ret_offset = (size_t)(at - text);
                return false;
            }
            step = 12;
        }
        if (step > (size_t)(end - at))
            break;
        at += step;
    }
    return true;
}

/* The lexer takes vertical tabs and form feeds for white space; JSON has them nowhere. */
static bool check_blanks(const char *text, size_t length, size_t *ret_offset)
{
    static const char wrong[] = "\v\f";

    for (const char *character = wrong; *character != '\0'; character++) {
        const char *found = length == 0 ? NULL : memchr(text, *character, length);

        if (found != NULL) {
            *ret_offset = (size_t)(found - text);
            return false;
        }
    }
    return true;
}

const char *text_check(const char *text, size_t length, size_t *ret_offset)
{
    if (!check_utf8(text, length, ret_offset))
        return "invalid UTF-8";
    if (!check_blanks(text, length, ret_offset))
        return "a control character that is not white space";
    if (!check_surrogates(text, length, ret_offset))
        return "half of a surrogate pair";
    return NULL;
}

static bool is_token_character(char character)
{
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           character == 'E' || character == '+' || character == '-' || character == '.';
}

size_t text_token_start(const char *text, size_t end)
{
    size_t at = end;

    if (end == 0)
        return 0;
    if (text[end - 1] != '"') {
        while (at > 0 && is_token_character(text[at - 1]))
            at--;
        return at == end ? end - 1 : at;
    }
    /* A quote within a string has an odd number of backslashes in front of it. */
    for (at = end - 1; at > 0; at--) {
        size_t slashes = 0;

        if (text[at - 1] != '"')
            continue;
        while (slashes < at - 1 && text[at - 2 - slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return at - 1;
    }
    return end - 1;
}
