/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole files in memory, and files put in place at once; runs in dray only. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"

static char *enlarge(struct oci_arena *arena, char *text, size_t length, size_t capacity)
{
    char *larger;

    if (arena == NULL)
        return realloc(text, capacity);
    larger = oci_arena_alloc(arena, capacity);
    if (larger != NULL && length > 0)
        memcpy(larger, text, length);
    return larger;
}

/* Returns the length, or a negative errno value; *@text also then, as it is to be freed. */
static ssize_t read_to_end(int fd, size_t limit, struct oci_arena *arena, char **text)
{
    size_t length = 0, capacity = 0;
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    if (status.st_size > 0 && (size_t)status.st_size > limit)
        return -EFBIG;
    for (;;) {
        ssize_t n;

        if (length + 1 >= capacity) {
            /* one byte more than the size, so that a regular file's end is met by the second read
             */
            size_t wanted = capacity > 0 ? capacity * 2 : (size_t)status.st_size + 2;
            char *larger;

            if (status.st_size == 0)
                wanted = capacity > 0 ? wanted : 4096;
            larger = enlarge(arena, *text, length, wanted);
            if (larger == NULL)
                return -ENOMEM;
            *text = larger;
            capacity = wanted;
        }
        n = read(fd, *text + length, capacity - 1 - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        length += (size_t)n;
        if (length > limit)
            return -EFBIG;
        /* less than asked for is a regular file's end; those of procfs have no size and need a 0 */
        if (n == 0 || (status.st_size > 0 && length < capacity - 1))
            break;
    }
    (*text)[length] = '\0';
    return (ssize_t)length;
}

int file_read_all(int fd, size_t limit, struct oci_arena *arena, char **ret_text,
                  size_t *ret_length)
{
    char *text = NULL;
    ssize_t length = read_to_end(fd, limit, arena, &text);

    if (length < 0) {
        if (arena == NULL)
            free(text);
        return (int)length;
    }
    *ret_text = text;
    *ret_length = (size_t)length;
    return 0;
}

int file_read_all_at(int dir, const char *path, size_t limit, struct oci_arena *arena,
                     char **ret_text, size_t *ret_length)
{
    /* O_NONBLOCK: a fifo in the place of the file must not hold us up */
    _cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    return file_read_all(fd, limit, arena, ret_text, ret_length);
}

int file_replace_at(int dir, const char *path, const char *text, size_t length, mode_t mode)
{
    char temporary[PATH_MAX];
    int written = snprintf(temporary, sizeof(temporary), "%s.%d.new", path, getpid());
    int r;

    if (written < 0 || (size_t)written >= sizeof(temporary))
        return -ENAMETOOLONG;
    {
        _cleanup_close_ int fd =
            openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

        if (fd < 0 && errno == EEXIST && unlinkat(dir, temporary, 0) == 0)
            fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
            return -errno;
        r = file_write_all(fd, text, length);
    }
    if (r == 0 && renameat(dir, temporary, dir, path) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir, temporary, 0);
    return r;
}

bool file_owner_is_trusted(uid_t owner)
{
    struct stat root;

    if (owner == 0 || owner == geteuid())
        return true;
    return stat("/", &root) == 0 && root.st_uid == owner;
}
