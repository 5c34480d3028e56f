/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What criu's log says of a failure; runs in dray. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "criu/client.h"

#define LOG_TAIL    65536 /* bytes at the log's end in which errors are looked for */
#define EXCERPT_MAX 1000

/* Reads the end of a file; returns its length, 0 when there is none. */
static size_t read_tail(int fd, char *out)
{
    struct stat status;
    ssize_t length;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return 0;
    length = pread(fd, out, LOG_TAIL, status.st_size > LOG_TAIL ? status.st_size - LOG_TAIL : 0);
    return length > 0 ? (size_t)length : 0;
}

/*
 * Errors are marked as such, but for some that it meets in connecting to a page server.  The limit
 * of its own open files it only wishes to raise.
 */
static bool is_error(const char *line, size_t length)
{
    return (memmem(line, length, "Error (", 7) != NULL ||
            memmem(line, length, ") Can't ", 8) != NULL) &&
           memmem(line, length, "setup RLIMIT_NOFILE for self", 28) == NULL;
}

/* Moves the lines with errors together at the beginning; returns their length. */
static size_t keep_errors(char *text, size_t length)
{
    char *end = text + length;
    char *out = text;

    for (char *line = text; line < end;) {
        char *next = memchr(line, '\n', (size_t)(end - line));
        size_t size;

        next = next != NULL ? next + 1 : end;
        size = (size_t)(next - line);
        if (is_error(line, size)) {
            memmove(out, line, size);
            out += size;
        }
        line = next;
    }
    return (size_t)(out - text);
}

/* The last lines that fit, without one that is cut. */
static void set_detail(struct error *error, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (length > EXCERPT_MAX) {
        const char *line = memchr(text + length - EXCERPT_MAX, '\n', EXCERPT_MAX);

        line = line != NULL ? line + 1 : text + length - EXCERPT_MAX;
        length -= (size_t)(line - text);
        text = line;
    }
    if (length > 0)
        error_set_detail(error, text, length);
}

void criu_add_log(int directory, const char *name, int output, struct error *error)
{
    _cleanup_close_ int log =
        openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *text = malloc(LOG_TAIL);
    size_t length;

    if (text == NULL)
        return;
    length = keep_errors(text, read_tail(log, text));
    if (length == 0)
        length = read_tail(output, text);
    set_detail(error, text, length);
    free(text);
}
