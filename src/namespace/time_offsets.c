/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "namespace/time_offsets.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/syscalls.h"

static int format_offset(char *out, size_t size, const char *clock,
                         const struct plan_time_offset *offset)
{
    if (!offset->set)
        return 0;
    return snprintf(out, size, "%s %lld %u\n", clock, (long long)offset->seconds,
                    offset->nanoseconds);
}

int time_offsets_write(const struct plan *plan, struct error *error)
{
    char text[128];
    int length = format_offset(text, sizeof(text), "monotonic", &plan->namespaces.monotonic);
    int r;

    length += format_offset(text + length, sizeof(text) - (size_t)length, "boottime",
                            &plan->namespaces.boottime);
    if (length == 0)
        return 0;
    r = file_write_at(AT_FDCWD, "/proc/self/timens_offsets", text, (size_t)length);
    if (r == 0)
        return 0;
    error_set(error, ERROR_TIME_OFFSET, -r, "cannot set the offsets of the time namespace");
    error_set_pointer(error, "/linux/timeOffsets");
    errno = -r;
    return r;
}

int time_namespace_enter(const struct plan *plan, struct error *error)
{
    _cleanup_close_ int fd = -1;
    int r = time_offsets_write(plan, error);

    if (r < 0)
        return r;
    fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
        return error_set(error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot enter the new time namespace");
    return 0;
}
