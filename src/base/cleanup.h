/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ownership by scope.  Whatever is acquired is declared with its cleanup on the same line:
 *
 *     _cleanup_close_ int fd = open_something(...);
 *     ...
 *     *ret_fd = take_fd(&fd);     // ownership leaves only like this
 *
 * Not: `int fd; ... fd = open(...); ... close(fd)`.
 */
#ifndef DRAY_BASE_CLEANUP_H
#define DRAY_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_close_     _cleanup_(cleanup_close)
#define _cleanup_free_      _cleanup_(cleanup_free)
#define _cleanup_closedir_  _cleanup_(cleanup_closedir)

/* Closes @fd if it is one; keeps errno.  Returns -1, to be assigned. */
static inline int close_fd(int fd)
{
    if (fd >= 0) {
        int saved_errno = errno;

        close(fd);
        errno = saved_errno;
    }
    return -1;
}

static inline void cleanup_close(int *fd)
{
    *fd = close_fd(*fd);
}

static inline void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_closedir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

/* Moves the descriptor out of *@fd, which no longer owns it. */
static inline int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

/* Moves the pointer out of *@pointer, which no longer owns it. */
#define take_pointer(pointer)                     \
    ({                                            \
        __typeof__(pointer) *place_ = &(pointer); \
        __typeof__(pointer) taken_ = *place_;     \
        *place_ = NULL;                           \
        taken_;                                   \
    })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
