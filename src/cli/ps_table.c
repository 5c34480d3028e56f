/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of ps(1) that belong to a container.  Runs in dray. */
#include "cli/ps_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define NO_COLUMN ((size_t)-1)

static int compare_pids(const void *left, const void *right)
{
    pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;

    return a < b ? -1 : a > b;
}

/* The next word of the line at *@text, which is moved behind it; its length, 0 at the end. */
static size_t next_word(const char **text, const char **ret_word)
{
    size_t length;

    *text += strspn(*text, " \t");
    length = strcspn(*text, " \t\n");
    *ret_word = *text;
    *text += length;
    return length;
}

static size_t find_pid_column(const char *header)
{
    const char *word;
    size_t length;

    for (size_t column = 0; (length = next_word(&header, &word)) > 0; column++) {
        if (length == 3 && memcmp(word, "PID", 3) == 0)
            return column;
    }
    return NO_COLUMN;
}

/* The number in that column; 0 when there is none. */
static pid_t read_pid(const char *line, size_t column)
{
    const char *word = "";
    char digits[12];
    uint32_t pid;
    size_t length = 0;

    for (size_t i = 0; i <= column; i++)
        length = next_word(&line, &word);
    if (length == 0 || length >= sizeof(digits))
        return 0;
    memcpy(digits, word, length);
    digits[length] = '\0';
    return parse_u32(digits, &pid) == 0 ? (pid_t)pid : 0;
}

int ps_table_filter(struct buffer *buffer, const char *output, pid_t *pids, size_t count,
                    struct error *error)
{
    size_t column = find_pid_column(output);

    if (column == NO_COLUMN)
        return error_set(error, ERROR_USAGE, 0,
                         "ps: these options make a table without a PID column");
    qsort(pids, count, sizeof(*pids), compare_pids);
    for (const char *line = output; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        pid_t pid = read_pid(line, column);

        if (line == output || (pid > 0 && bsearch(&pid, pids, count, sizeof(pid), compare_pids))) {
            buffer_add(buffer, line, length);
            buffer_add_char(buffer, '\n');
        }
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return 0;
}
