/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Process identity; runs in dray. */
#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "io/syscalls.h"

int process_read_status(pid_t pid, struct process_status *ret)
{
    char path[32], text[1024];
    const char *field;
    uint64_t start_time;
    ssize_t length;
    char state;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    length = file_read_once_at(AT_FDCWD, path, text, sizeof(text));
    if (length < 0)
        return length == -ENOENT ? -ESRCH : (int)length;
    /* the name, field 2, may hold anything, also ")" */
    field = strrchr(text, ')');
    if (field == NULL || field[1] != ' ' || field[2] == '\0')
        return -EPROTO;
    field += 2;
    state = *field;
    for (int number = 3; number < 22; number++) {
        field = strchr(field, ' ');
        if (field == NULL)
            return -EPROTO;
        field++;
    }
    if (parse_u64_prefix(&field, &start_time) < 0)
        return -EPROTO;
    ret->state = state;
    ret->start_time = start_time;
    return 0;
}

pid_t process_read_tracer(pid_t pid)
{
    static const char name[] = "\nTracerPid:\t";
    char path[32], text[512]; /* the field is among the first */
    _cleanup_close_ int fd = -1;
    const char *field;
    uint64_t tracer;
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (length < 0)
        return 0;
    text[length] = '\0';
    field = strstr(text, name);
    if (field == NULL)
        return 0;
    field += sizeof(name) - 1;
    return parse_u64_prefix(&field, &tracer) == 0 && tracer <= INT32_MAX ? (pid_t)tracer : 0;
}

/* 0, -ESRCH when it is gone or another has its pid now, or why that cannot be told. */
static int check_identity(const struct process_identity *identity, struct process_status *status)
{
    int r;

    if (identity->pid <= 0)
        return -ESRCH;
    r = process_read_status(identity->pid, status);
    if (r < 0)
        return r;
    return status->start_time == identity->start_time ? 0 : -ESRCH;
}

bool process_is_alive(const struct process_identity *identity)
{
    struct process_status status;
    int r = check_identity(identity, &status);

    /* what cannot be told now must not be taken for dead */
    return r == 0 ? status.state != 'Z' && status.state != 'X' : r != -ESRCH;
}

int process_open(const struct process_identity *identity)
{
    _cleanup_close_ int pidfd = -1;
    struct process_status status;
    int r;

    if (identity->pid <= 0)
        return -ESRCH;
    pidfd = sys_pidfd_open(identity->pid, 0);
    if (pidfd < 0) {
        /* EINVAL: the number lives on as that of a session or process group, without the process */
        r = errno == EINVAL ? -ESRCH : -errno;
        /* that it is gone can be told without the call, too */
        return check_identity(identity, &status) == -ESRCH ? -ESRCH : r;
    }
    /* only after the pidfd is ours can the pid no longer move on to another process unseen */
    r = check_identity(identity, &status);
    return r < 0 ? r : take_fd(&pidfd);
}
