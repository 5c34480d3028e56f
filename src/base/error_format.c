/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as people and log readers see them.  Only dray itself prints. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

struct output {
    char *text;
    size_t size;
    size_t length; /* what was asked for, also beyond size */
};

static void put(struct output *output, char character)
{
    if (output->length + 1 < output->size) {
        output->text[output->length] = character;
        output->text[output->length + 1] = '\0';
    }
    output->length++;
}

/* Appends @text; what could move the cursor of a terminal or end a line is escaped. */
static void put_escaped(struct output *output, const char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (; *text != '\0'; text++) {
        unsigned char character = (unsigned char)*text;

        if (character >= 0x20 && character != 0x7f) {
            put(output, (char)character);
            continue;
        }
        put(output, '\\');
        put(output, 'x');
        put(output, digits[character >> 4]);
        put(output, digits[character & 15]);
    }
}

static void put_number(struct output *output, unsigned number)
{
    char digits[16];

    snprintf(digits, sizeof(digits), "%u", number);
    put_escaped(output, digits);
}

/* The reserved phrases carry their own words for the errno. */
static bool says_errno_itself(const struct error *error)
{
    return error->code == ERROR_PROGRAM_NOT_FOUND || error->code == ERROR_PROGRAM_NOT_EXECUTABLE ||
           error->code == ERROR_CONTAINER_NOT_FOUND || error->code == ERROR_CONTAINER_NOT_RUNNING;
}

static void put_message(struct output *output, const struct error *error)
{
    put_escaped(output, error->message);
    if (error->sys_errno > 0 && !says_errno_itself(error)) {
        const char *name = error_errno_name(error->sys_errno);

        put_escaped(output, ": ");
        if (name != NULL) {
            put_escaped(output, name);
        } else {
            put_escaped(output, "errno ");
            put_number(output, (unsigned)error->sys_errno);
        }
    }
    if (error->pointer[0] == '\0' && error->line == 0)
        return;
    put_escaped(output, "; ");
    put_escaped(output, error->document[0] != '\0' ? error->document : "config.json");
    if (error->line > 0) {
        put(output, ':');
        put_number(output, error->line);
        put(output, ':');
        put_number(output, error->column);
    }
    if (error->pointer[0] != '\0') {
        put_escaped(output, " (");
        put_escaped(output, error->pointer);
        put(output, ')');
    }
}

size_t error_format_message(const struct error *error, char *out, size_t size)
{
    struct output output = {out, size, 0};

    if (size > 0)
        out[0] = '\0';
    put_message(&output, error);
    return output.length;
}

size_t error_format_text(const struct error *error, char *out, size_t size)
{
    struct output output = {out, size, 0};
    const char *hint = error_code_hint(error->code);

    if (size > 0)
        out[0] = '\0';
    put_escaped(&output, "error[");
    put_escaped(&output, error_code_name(error->code));
    put_escaped(&output, "] ");
    put_message(&output, error);
    if (hint != NULL) {
        put_escaped(&output, "; hint: ");
        put_escaped(&output, hint);
    }
    return output.length;
}
