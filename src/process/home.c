/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The home directory, from the container's own /etc/passwd; runs in the stage.
 *
 * passwd(5): name:password:uid:gid:gecos:directory:shell.  The text is read in blocks into a buffer
 * of fixed size that always begins at the start of a line.
 */
#include "process/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/path.h"

#define PASSWD_MAX  (4u << 20) /* bytes; ten thousand users need less than one MiB */
#define BUFFER_SIZE 8192u      /* of which a line may fill all */

enum passwd_field {
    FIELD_UID = 2,
    FIELD_HOME = 5,
};

/* The field of that number in @line, cut off in place; NULL when the line has too few. */
static char *cut_field(char *line, unsigned number)
{
    for (; number > 0; number--) {
        line = strchr(line, ':');
        if (line == NULL)
            return NULL;
        line++;
    }
    line[strcspn(line, ":")] = '\0';
    return line;
}

/* True when the line is that of @uid and has a usable directory, which is stored. */
static int take_line(char *line, uint32_t uid, char *home, size_t size)
{
    char *directory = cut_field(line, FIELD_HOME), *id;
    uint32_t line_uid;

    if (directory == NULL)
        return 0;
    id = cut_field(line, FIELD_UID);
    if (id == NULL || parse_u32(id, &line_uid) < 0 || line_uid != uid)
        return 0;
    /* the first line of a user counts, usable or not */
    if (directory[0] == '/' && strlen(directory) < size)
        memcpy(home, directory, strlen(directory) + 1);
    return 1;
}

static int open_passwd(int root)
{
    /* O_NONBLOCK: a fifo must not hold us up */
    _cleanup_close_ int fd =
        path_open_in_root(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat status;

    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_size > (off_t)PASSWD_MAX)
        return -EINVAL;
    return take_fd(&fd);
}

/*
 * Handles all whole lines of @buffer; moves the rest to its start.
 * Returns 1 when the user's line was among them.
 */
static int take_lines(char *buffer, size_t *length, uint32_t uid, char *home, size_t size)
{
    char *line = buffer, *end;

    while ((end = memchr(line, '\n', *length - (size_t)(line - buffer))) != NULL) {
        *end = '\0';
        if (take_line(line, uid, home, size))
            return 1;
        line = end + 1;
    }
    *length -= (size_t)(line - buffer);
    memmove(buffer, line, *length);
    return 0;
}

static void search(int fd, uint32_t uid, char *home, size_t size)
{
    char buffer[BUFFER_SIZE + 1];
    size_t length = 0, total = 0;
    bool skipping = false; /* inside an overlong line */

    while (total < PASSWD_MAX) {
        ssize_t n = read(fd, buffer + length, BUFFER_SIZE - length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        total += (size_t)n;
        length += (size_t)n;
        if (skipping) {
            char *end = memchr(buffer, '\n', length);

            if (end == NULL) {
                length = 0;
                continue;
            }
            skipping = false;
            length -= (size_t)(end + 1 - buffer);
            memmove(buffer, end + 1, length);
        }
        if (take_lines(buffer, &length, uid, home, size))
            return;
        if (length == BUFFER_SIZE) {
            skipping = true;
            length = 0;
        }
    }
    /* a last line without its newline */
    if (!skipping && length > 0) {
        buffer[length] = '\0';
        take_line(buffer, uid, home, size);
    }
}

void process_find_home(int root, uint32_t uid, char *home, size_t size)
{
    _cleanup_close_ int fd = open_passwd(root);

    snprintf(home, size, "/");
    if (fd >= 0)
        search(fd, uid, home, size);
}
