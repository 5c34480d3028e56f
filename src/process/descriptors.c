/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which descriptors live on; runs in the stage. */
#include "process/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/syscalls.h"

static int close_range_or_fail(unsigned first, unsigned last, unsigned flags, struct error *error)
{
    if (first > last || sys_close_range(first, last, flags) == 0)
        return 0;
    if (errno == ENOSYS || errno == EINVAL)
        return error_set(error, ERROR_KERNEL_TOO_OLD, errno,
                         "close_range needs Linux 5.11 (a seccomp filter may hide it)");
    return error_set(error, ERROR_DESCRIPTOR_FAILED, errno, "cannot close descriptors %u to %u",
                     first, last);
}

static unsigned first_free(const struct plan *plan)
{
    return STDERR_FILENO + 1 + plan->process.preserve_fds;
}

/* Insertion sort: they are a handful. */
static void sort(int *numbers, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int number = numbers[i];
        size_t place = i;

        for (; place > 0 && numbers[place - 1] > number; place--)
            numbers[place] = numbers[place - 1];
        numbers[place] = number;
    }
}

int process_close_others(const struct plan *plan, int *keep, size_t keep_count, struct error *error)
{
    unsigned first = first_free(plan);

    sort(keep, keep_count);
    for (size_t i = 0; i < keep_count; i++) {
        int r;

        if (keep[i] < 0 || (unsigned)keep[i] < first)
            continue;
        if ((unsigned)keep[i] > first) {
            r = close_range_or_fail(first, (unsigned)keep[i] - 1, 0, error);
            if (r < 0)
                return r;
        }
        first = (unsigned)keep[i] + 1;
    }
    return close_range_or_fail(first, UINT_MAX, 0, error);
}

int process_seal_descriptors(const struct plan *plan, struct error *error)
{
    for (unsigned fd = STDERR_FILENO + 1; fd < first_free(plan); fd++)
        if (fcntl((int)fd, F_SETFD, 0) < 0)
            return error_set(error, ERROR_DESCRIPTOR_FAILED, errno, "cannot preserve descriptor %u",
                             fd);
    return close_range_or_fail(first_free(plan), UINT_MAX, CLOSE_RANGE_CLOEXEC, error);
}

void process_own_stdio(const struct plan *plan)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat status;

        if (fstat(fd, &status) < 0 || status.st_uid == plan->process.uid)
            continue;
        /* a device node may be the host's, /dev/null above all; a directory is nobody's stdio */
        if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode) && !S_ISREG(status.st_mode))
            continue;
        /* a file that is only read from ("< /etc/shadow") is the caller's and stays it */
        if (S_ISREG(status.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
            continue;
        /* best effort: read-only file systems and foreign user namespaces refuse it */
        if (fchown(fd, plan->process.uid, (gid_t)-1) < 0)
            continue;
    }
}
