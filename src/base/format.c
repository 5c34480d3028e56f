/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formatted text without floating point, wide characters and locale; runs in dray and in the stage.
 * That of musl reads a format twice, through a stream, and was an eighth of the stage.
 */
#include "base/format.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct output {
    char *text;
    size_t size;
    size_t length; /* of the whole text, also of what had no room */
};

struct conversion {
    bool left;
    bool zeros;
    bool alternative; /* "#" */
    int width;
    int precision; /* -1: none */
    size_t bytes;  /* of an integer argument */
    char letter;
};

struct arguments {
    va_list list;
};

/* Texts are short: a loop is done before memcpy() has begun. */
static void put(struct output *output, const char *text, size_t length)
{
    size_t room = output->length < output->size ? output->size - output->length : 0;
    size_t count = length < room ? length : room;

    for (size_t i = 0; i < count; i++)
        output->text[output->length + i] = text[i];
    output->length += length;
}

static void pad(struct output *output, char character, size_t count)
{
    for (; count > 0; count--)
        put(output, &character, 1);
}

static int take_count(const char **at, struct arguments *arguments)
{
    int count = 0;

    if (**at == '*') {
        (*at)++;
        return va_arg(arguments->list, int);
    }
    for (; **at >= '0' && **at <= '9'; (*at)++)
        count = count < INT_MAX / 100 ? count * 10 + (**at - '0') : count;
    return count;
}

static size_t take_bytes(const char **at)
{
    switch (*(*at)++) {
    case 'h':
        if (**at != 'h')
            return sizeof(short);
        (*at)++;
        return sizeof(char);
    case 'l':
        if (**at != 'l')
            return sizeof(long);
        (*at)++;
        return sizeof(long long);
    case 'j':
        return sizeof(intmax_t);
    case 'z':
    case 't':
        return sizeof(size_t); /* and of ptrdiff_t */
    default:
        (*at)--;
        return sizeof(int);
    }
}

/* What stands behind a "%"; returns the place behind it. */
static const char *read_conversion(const char *at, struct arguments *arguments,
                                   struct conversion *ret)
{
    *ret = (struct conversion){.precision = -1, .bytes = sizeof(int), .letter = *at};
    if (*at >= 'a' && *at <= 'z' && *at != 'h' && *at != 'l' && *at != 'j' && *at != 'z' &&
        *at != 't')
        return at + 1; /* the letter alone, as nearly all are */
    for (;; at++) {
        if (*at == '-')
            ret->left = true;
        else if (*at == '0')
            ret->zeros = true;
        else if (*at == '#')
            ret->alternative = true;
        else
            break;
    }
    ret->width = take_count(&at, arguments);
    if (ret->width < 0) {
        ret->left = true;
        ret->width = ret->width > -INT_MAX ? -ret->width : 0;
    }
    if (*at == '.') {
        at++;
        ret->precision = take_count(&at, arguments);
    }
    ret->bytes = take_bytes(&at);
    ret->letter = *at;
    return *at != '\0' ? at + 1 : at;
}

/* @prefix stays in front of zeros that fill up the width. */
static void put_field(struct output *output, const struct conversion *conversion,
                      const char *prefix, size_t zeros, const char *text, size_t length)
{
    size_t all = strlen(prefix) + zeros + length, width = (size_t)conversion->width;
    size_t blanks = all < width ? width - all : 0;

    if (!conversion->left)
        pad(output, ' ', blanks);
    put(output, prefix, strlen(prefix));
    pad(output, '0', zeros);
    put(output, text, length);
    if (conversion->left)
        pad(output, ' ', blanks);
}

static unsigned base_of(char letter)
{
    switch (letter) {
    case 'o':
        return 8;
    case 'p':
    case 'x':
    case 'X':
        return 16;
    default:
        return 10;
    }
}

static void put_digits(struct output *output, const struct conversion *conversion, uint64_t number,
                       const char *prefix)
{
    const char *alphabet = conversion->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned base = base_of(conversion->letter);
    char digits[24], *first = digits + sizeof(digits);
    size_t length, zeros = 0, width = (size_t)conversion->width;

    if (conversion->alternative && base == 16 && number != 0)
        prefix = conversion->letter == 'X' ? "0X" : "0x";
    for (uint64_t rest = number; rest > 0; rest /= base)
        *--first = alphabet[rest % base];
    if (number == 0 && conversion->precision != 0)
        *--first = '0';
    if (conversion->alternative && base == 8 && (first == digits + sizeof(digits) || *first != '0'))
        *--first = '0';
    length = (size_t)(digits + sizeof(digits) - first);
    if (conversion->precision >= 0)
        zeros = (size_t)conversion->precision > length ? (size_t)conversion->precision - length : 0;
    else if (conversion->zeros && !conversion->left && strlen(prefix) + length < width)
        zeros = width - strlen(prefix) - length;
    put_field(output, conversion, prefix, zeros, first, length);
}

static uint64_t take_number(const struct conversion *conversion, bool is_signed,
                            struct arguments *arguments)
{
    uint64_t number;

    if (conversion->bytes <= sizeof(int))
        number =
            is_signed ? (uint64_t)va_arg(arguments->list, int) : va_arg(arguments->list, unsigned);
    else if (conversion->bytes <= sizeof(long))
        number = is_signed ? (uint64_t)va_arg(arguments->list, long)
                           : va_arg(arguments->list, unsigned long);
    else
        number = va_arg(arguments->list, unsigned long long);
    if (conversion->bytes == sizeof(char))
        number = is_signed ? (uint64_t)(signed char)number : (unsigned char)number;
    else if (conversion->bytes == sizeof(short))
        number = is_signed ? (uint64_t)(short)number : (unsigned short)number;
    return number;
}

static void put_string(struct output *output, const struct conversion *conversion, const char *text)
{
    if (text == NULL)
        text = "(null)";
    if (conversion->width == 0 && conversion->precision < 0) {
        put(output, text, strlen(text));
        return;
    }
    put_field(output, conversion, "", 0, text,
              conversion->precision >= 0 ? strnlen(text, (size_t)conversion->precision)
                                         : strlen(text));
}

/* False for a conversion that is none of ours. */
static bool put_conversion(struct output *output, struct conversion *conversion,
                           struct arguments *arguments)
{
    uint64_t number;
    char character;

    switch (conversion->letter) {
    case 's':
        put_string(output, conversion, va_arg(arguments->list, const char *));
        return true;
    case 'c':
        character = (char)va_arg(arguments->list, int);
        put_field(output, conversion, "", 0, &character, 1);
        return true;
    case 'd':
    case 'i':
        number = take_number(conversion, true, arguments);
        if ((int64_t)number < 0)
            put_digits(output, conversion, -number, "-");
        else
            put_digits(output, conversion, number, "");
        return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_digits(output, conversion, take_number(conversion, false, arguments), "");
        return true;
    case 'p':
        put_digits(output, conversion, (uintptr_t)va_arg(arguments->list, void *), "0x");
        return true;
    case '%':
        put(output, "%", 1);
        return true;
    default:
        return false;
    }
}

int format_text_list(char *out, size_t size, const char *format, va_list list)
{
    struct output output = {.text = out, .size = size};
    struct arguments arguments;

    va_copy(arguments.list, list);
    while (*format != '\0') {
        const char *end = strchrnul(format, '%');
        struct conversion conversion;

        put(&output, format, (size_t)(end - format));
        if (*end == '\0')
            break;
        format = read_conversion(end + 1, &arguments, &conversion);
        if (!put_conversion(&output, &conversion, &arguments))
            put(&output, end, (size_t)(format - end));
    }
    va_end(arguments.list);
    if (size > 0)
        out[output.length < size ? output.length : size - 1] = '\0';
    if (output.length > INT_MAX) {
        errno = EOVERFLOW;
        return -1;
    }
    return (int)output.length;
}

int format_text(char *out, size_t size, const char *format, ...)
{
    va_list list;
    int length;

    va_start(list, format);
    length = format_text_list(out, size, format, list);
    va_end(list);
    return length;
}
