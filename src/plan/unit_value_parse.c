/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text form of GVariant values, guided by the type that is wanted; runs in dray only.
 * (GLib reference manual, "GVariant Text Format".)
 */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "plan/unit_value.h"

#define TEXT_MAX  4096
#define DEPTH_MAX 8

struct reader {
    struct unit_value *value;
    const char *text;
    unsigned depth;
};

static const struct {
    char type;
    const char *keyword;
    int64_t minimum;
    uint64_t maximum;
} numbers[] = {
    {'y', "byte", 0, UINT8_MAX},    {'n', "int16", INT16_MIN, INT16_MAX},
    {'q', "uint16", 0, UINT16_MAX}, {'i', "int32", INT32_MIN, INT32_MAX},
    {'u', "uint32", 0, UINT32_MAX}, {'x', "int64", INT64_MIN, INT64_MAX},
    {'t', "uint64", 0, UINT64_MAX},
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int read_value(struct reader *reader, const char **signature);

static void skip_blanks(struct reader *reader)
{
    reader->text += strspn(reader->text, " \t\r\n");
}

static bool take(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (*reader->text != c)
        return false;
    reader->text++;
    return true;
}

static size_t word_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t length = strlen(word);

    skip_blanks(reader);
    if (word_length(reader->text) != length || strncmp(reader->text, word, length) != 0)
        return false;
    reader->text += length;
    return true;
}

/* How long the one complete type at the head of @signature is. */
static size_t type_length(const char *signature)
{
    size_t length = 0;

    while (signature[length] == 'a')
        length++;
    if (signature[length] == '(')
        return length + strcspn(signature + length, ")") + 1; /* of basic types only */
    return length + 1;
}

/* "@as …": says what is wanted, or does not. */
static int check_prefix(struct reader *reader, const char *signature)
{
    size_t length = type_length(signature);

    if (!take(reader, '@'))
        return 0;
    if (strncmp(reader->text, signature, length) != 0 || reader->text[length] != ' ')
        return -EINVAL;
    reader->text += length;
    return 0;
}

static int read_bool(struct reader *reader)
{
    bool yes;

    take_word(reader, "boolean");
    yes = take_word(reader, "true");
    if (!yes && !take_word(reader, "false"))
        return -EINVAL;
    unit_value_add_number(reader->value, yes);
    return 0;
}

static int read_number(struct reader *reader, size_t kind)
{
    char digits[24];
    uint64_t number;
    size_t length;
    bool minus;
    int r;

    take_word(reader, numbers[kind].keyword);
    minus = take(reader, '-');
    if (!minus)
        take(reader, '+');
    length = strspn(reader->text, "0123456789");
    if (length >= sizeof(digits))
        return -ERANGE;
    memcpy(digits, reader->text, length);
    digits[length] = '\0';
    reader->text += length;
    r = parse_u64(digits, &number);
    if (r < 0)
        return r;
    if (minus ? number > (uint64_t) - (numbers[kind].minimum + 1) + 1
              : number > numbers[kind].maximum)
        return -ERANGE;
    unit_value_add_number(reader->value, minus ? (uint64_t)0 - number : number);
    return 0;
}

/* 'text' or "text"; \ before a quote or another \ takes its meaning away. */
static int read_text(struct reader *reader)
{
    char out[TEXT_MAX];
    size_t length = 0;
    char quote;

    skip_blanks(reader);
    quote = *reader->text;
    if (quote != '\'' && quote != '"')
        return -EINVAL;
    for (reader->text++; *reader->text != quote; reader->text++) {
        if (*reader->text == '\\') {
            reader->text++;
            if (strchr("\\'\"", *reader->text) == NULL || *reader->text == '\0')
                return -EINVAL;
        }
        if ((unsigned char)*reader->text < ' ' || length == sizeof(out))
            return -EINVAL;
        out[length++] = *reader->text;
    }
    reader->text++;
    unit_value_add_text(reader->value, out, length);
    return 0;
}

/* [a, b]; *@signature is behind the 'a'. */
static int read_array(struct reader *reader, const char **signature)
{
    size_t place = unit_value_add_count(reader->value, 0);
    uint32_t count = 0;
    int r = 0;

    if (!take(reader, '['))
        return -EINVAL;
    if (!take(reader, ']')) {
        do {
            const char *element = *signature;

            r = read_value(reader, &element);
            count++;
        } while (r == 0 && take(reader, ','));
        if (r == 0 && !take(reader, ']'))
            r = -EINVAL;
    }
    *signature += type_length(*signature);
    unit_value_set_count(reader->value, place, count);
    return r;
}

/* (a, b); *@signature is behind the '('. */
static int read_tuple(struct reader *reader, const char **signature)
{
    int r = take(reader, '(') ? 0 : -EINVAL;

    for (bool first = true; r == 0 && **signature != ')'; first = false) {
        if (!first && !take(reader, ','))
            return -EINVAL;
        r = read_value(reader, signature);
    }
    (*signature)++;
    return r == 0 && take(reader, ')') ? 0 : -EINVAL;
}

/* One value of the type at *@signature, which is moved past it. */
static int read_value(struct reader *reader, const char **signature)
{
    char type;
    int r = check_prefix(reader, *signature);

    if (r < 0 || ++reader->depth > DEPTH_MAX)
        return -EINVAL;
    type = *(*signature)++;
    if (type == 'a')
        r = read_array(reader, signature);
    else if (type == '(')
        r = read_tuple(reader, signature);
    else if (type == 'b')
        r = read_bool(reader);
    else if (type == 's')
        r = read_text(reader);
    else
        r = -EINVAL;
    for (size_t i = 0; i < NUMBERS; i++)
        if (numbers[i].type == type)
            r = read_number(reader, i);
    reader->depth--;
    return r;
}

int unit_value_parse(struct unit_value *value, const char *signature, const char *text)
{
    struct reader reader = {.value = value, .text = text};
    int r = read_value(&reader, &signature);

    if (value->failed)
        return -ENOMEM;
    skip_blanks(&reader);
    return r == 0 && *reader.text != '\0' ? -EINVAL : r;
}
