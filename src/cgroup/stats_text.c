/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/stats_text.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define RANGE_MAX 65536u /* entries of a list of CPUs or nodes; kernels have at most 8,192 CPUs */

/* Text in the making, in a piece of arena that is known to be large enough. */
struct writer {
    char *text;
    size_t length;
};

static void put(struct writer *writer, const char *text, size_t length)
{
    memcpy(writer->text + writer->length, text, length);
    writer->length += length;
    writer->text[writer->length] = '\0';
}

static void put_text(struct writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void put_number(struct writer *writer, uint64_t number)
{
    char digits[24];

    put(writer, digits, format_u64(digits, number));
}

/* A comma, unless it is the first entry after a bracket. */
static void put_comma(struct writer *writer)
{
    char last = writer->text[writer->length - 1];

    if (last != '{' && last != '[')
        put(writer, ",", 1);
}

static size_t count_bytes(const char *text, char wanted)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == wanted;
    return count;
}

static bool is_word(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((text[i] < 'a' || text[i] > 'z') && (text[i] < 'A' || text[i] > 'Z') &&
            (text[i] < '0' || text[i] > '9') && text[i] != '_')
            return false;
    return length > 0;
}

char *stats_text_flat_keyed(const char *text, struct oci_arena *arena)
{
    size_t lines = count_bytes(text, '\n') + 1;
    struct writer writer = {.text = oci_arena_alloc(arena, strlen(text) + 24 * lines + 3)};

    if (writer.text == NULL)
        return NULL;
    put_text(&writer, "{");
    while (*text != '\0') {
        size_t line = strcspn(text, "\n"), key = strcspn(text, " \n");
        const char *number = text + key + 1;
        uint64_t value;

        if (key < line && is_word(text, key) && parse_u64_prefix(&number, &value) == 0) {
            put_comma(&writer);
            put_text(&writer, "\"");
            put(&writer, text, key);
            put_text(&writer, "\":");
            put_number(&writer, value);
        }
        text += line;
        text += *text == '\n';
    }
    put_text(&writer, "}");
    return writer.text;
}

/* Digits with at most one point between them. */
static bool is_decimal(const char *text, size_t length)
{
    size_t whole = strspn(text, "0123456789");

    if (whole == 0 || whole > length)
        return false;
    if (whole == length)
        return true;
    return text[whole] == '.' && whole + 1 + strspn(text + whole + 1, "0123456789") == length &&
           length > whole + 1;
}

/* The values of one line, "avg10=0.00 … total=0", as members. */
static bool put_pressure(struct writer *writer, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        size_t word = strcspn(text, " \n"), key = strcspn(text, "= \n");

        if (key >= word || !is_word(text, key) || !is_decimal(text + key + 1, word - key - 1))
            return false;
        put_comma(writer);
        put_text(writer, "\"");
        put(writer, text, key);
        put_text(writer, "\":");
        put(writer, text + key + 1, word - key - 1);
        text += word;
        text += *text == ' ';
    }
    return true;
}

char *stats_text_pressure(const char *text, struct oci_arena *arena)
{
    struct writer writer = {.text = oci_arena_alloc(arena, 4 * strlen(text) + 16)};

    if (writer.text == NULL)
        return NULL;
    put_text(&writer, "{");
    while (*text != '\0') {
        size_t line = strcspn(text, "\n"), key = strcspn(text, " \n");

        if (key >= line || !is_word(text, key))
            return NULL;
        put_comma(&writer);
        put_text(&writer, "\"");
        put(&writer, text, key);
        put_text(&writer, "\":{");
        if (!put_pressure(&writer, text + key + 1, line - key - 1))
            return NULL;
        put_text(&writer, "}");
        text += line;
        text += *text == '\n';
    }
    put_text(&writer, "}");
    return writer.text;
}

char *stats_text_numbers(const char *text, struct oci_arena *arena)
{
    struct writer writer = {.text = oci_arena_alloc(arena, 2 * strlen(text) + 3)};

    if (writer.text == NULL)
        return NULL;
    put_text(&writer, "[");
    for (;;) {
        uint64_t number;

        text += strspn(text, " \n");
        if (*text == '\0')
            break;
        if (parse_u64_prefix(&text, &number) < 0)
            return NULL;
        put_comma(&writer);
        put_number(&writer, number);
    }
    put_text(&writer, "]");
    return writer.text;
}

char *stats_text_column(const char *text, unsigned column, struct oci_arena *arena)
{
    char *numbers = oci_arena_alloc(arena, strlen(text) + 2);
    size_t length = 0;

    if (numbers == NULL)
        return NULL;
    while (*text != '\0') {
        const char *word = text;
        size_t line = strcspn(text, "\n");

        for (unsigned i = 0; i < column; i++) {
            word += strcspn(word, " \n");
            word += *word == ' ';
        }
        if (word < text + line && *word >= '0' && *word <= '9') {
            size_t digits = strspn(word, "0123456789");

            memcpy(numbers + length, word, digits);
            length += digits;
            numbers[length++] = ' ';
        }
        text += line;
        text += *text == '\n';
    }
    numbers[length] = '\0';
    return stats_text_numbers(numbers, arena);
}

/* Calls put_number() for each, or counts them when @writer is NULL. */
static int64_t expand_ranges(const char *text, struct writer *writer)
{
    uint64_t count = 0;

    while (*text != '\0' && *text != '\n') {
        uint64_t first, last;

        if (parse_u64_prefix(&text, &first) < 0)
            return -1;
        last = first;
        if (*text == '-') {
            text++;
            if (parse_u64_prefix(&text, &last) < 0)
                return -1;
        }
        if (last < first || last - first >= RANGE_MAX - count)
            return -1;
        count += last - first + 1;
        for (uint64_t i = first; writer != NULL && i <= last; i++) {
            put_comma(writer);
            put_number(writer, i);
        }
        text += *text == ',';
    }
    return (int64_t)count;
}

char *stats_text_ranges(const char *text, struct oci_arena *arena)
{
    int64_t count = expand_ranges(text, NULL);
    struct writer writer = {0};

    if (count < 0)
        return NULL;
    writer.text = oci_arena_alloc(arena, 22 * (size_t)count + 3);
    if (writer.text == NULL)
        return NULL;
    put_text(&writer, "[");
    expand_ranges(text, &writer);
    put_text(&writer, "]");
    return writer.text;
}
