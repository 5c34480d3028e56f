/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands print.  Runs in dray. */
#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"

#define COLUMN_GAP   3
#define COLUMN_WIDTH 12 /* the least, gap included */

int output_write(const struct buffer *buffer, struct error *error)
{
    int result;

    if (buffer->failed)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot store the output");
    result = file_write_all(STDOUT_FILENO, buffer->text, buffer->length);
    if (result < 0)
        return error_set(error, ERROR_SYSTEM, -result, "cannot write to the standard output");
    return 0;
}

static void start_line(struct buffer *buffer, unsigned indent, unsigned width)
{
    if (indent == 0)
        return;
    buffer_add_char(buffer, '\n');
    buffer_add_blanks(buffer, width);
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\n' || character == '\t' || character == '\r';
}

static const char *skip_blanks(const char *json)
{
    while (is_blank(*json))
        json++;
    return json;
}

/* Behind the string that begins at @json. */
static const char *string_end(const char *json)
{
    for (json++; *json != '\0' && *json != '"'; json++) {
        if (*json == '\\' && json[1] != '\0')
            json++;
    }
    return *json == '"' ? json + 1 : json;
}

void output_add_json(struct buffer *buffer, const char *json, unsigned indent)
{
    unsigned width = 0;

    for (json = skip_blanks(json); *json != '\0'; json = skip_blanks(json)) {
        const char *end = json + 1;

        if (*json == '"') {
            end = string_end(json);
            buffer_add(buffer, json, (size_t)(end - json));
        } else if (*json == '{' || *json == '[') {
            buffer_add_char(buffer, *json);
            end = skip_blanks(end);
            if (*end == '}' || *end == ']') {
                buffer_add_char(buffer, *end++);
            } else {
                width += indent;
                start_line(buffer, indent, width);
            }
        } else if (*json == '}' || *json == ']') {
            width -= width >= indent ? indent : 0;
            start_line(buffer, indent, width);
            buffer_add_char(buffer, *json);
        } else {
            buffer_add_char(buffer, *json);
            if (*json == ':' && indent > 0)
                buffer_add_char(buffer, ' ');
            else if (*json == ',')
                start_line(buffer, indent, width);
        }
        json = end;
    }
    buffer_add_char(buffer, '\n');
}

static size_t column_width(const char *const *cells, size_t rows, size_t columns, size_t column)
{
    size_t width = COLUMN_WIDTH;

    for (size_t row = 0; row < rows; row++) {
        size_t length = strlen(cells[row * columns + column]) + COLUMN_GAP;

        if (length > width)
            width = length;
    }
    return width;
}

void output_add_table(struct buffer *buffer, const char *const *cells, size_t rows, size_t columns)
{
    size_t widths[8] = {0};

    for (size_t column = 0; column + 1 < columns && column < 8; column++)
        widths[column] = column_width(cells, rows, columns, column);
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            const char *cell = cells[row * columns + column];
            size_t start = buffer->length;
            size_t length;

            buffer_add_printable(buffer, cell, strlen(cell));
            length = buffer->length - start;
            if (column + 1 < columns)
                buffer_add_blanks(buffer, widths[column] > length ? widths[column] - length : 1);
        }
        buffer_add_char(buffer, '\n');
    }
}
