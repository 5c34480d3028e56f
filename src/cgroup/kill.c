/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals to all processes of a cgroup; runs in dray only. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "io/syscalls.h"

#define FREEZE_MS  500 /* for signals to reach processes that fork quicker than we read */
#define WAITED_FOR 64  /* dying processes that are watched at a time */

/*
 * Signals one process through a pidfd.  @frozen: it cannot have died since its pid was read, so the
 * pid is still its own; otherwise its cgroup is looked at once the pidfd holds it.
 * Returns the pidfd, -ESRCH when it is gone, or another negative errno value.
 */
static int signal_process(struct cgroup *cgroup, pid_t pid, int signal, bool frozen)
{
    int hierarchy = cgroup_main_hierarchy(cgroup);
    _cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);
    struct proc_cgroup now;
    const char *path = cgroup_path(&cgroup->record, (unsigned)hierarchy);

    if (pidfd < 0)
        return errno == EINVAL ? -ESRCH : -errno; /* EINVAL: a thread, older kernels */
    if (!frozen) {
        const char *actual;

        if (cgroup_read_proc(pid, &now) < 0)
            return -ESRCH;
        actual = now.paths[hierarchy];
        if (actual != NULL)
            actual = cgroup_path_in_mount(&cgroup->record, (unsigned)hierarchy, actual);
        if (actual != NULL && !cgroup_path_is_below(actual, path))
            return -ESRCH;
    }
    if (sys_pidfd_send_signal(pidfd, signal) < 0)
        return -errno;
    return take_fd(&pidfd);
}

/* Sends @signal to all; keeps up to WAITED_FOR pidfds in @watched.  Returns how many got it. */
static int signal_all(struct cgroup *cgroup, int signal, bool frozen, struct pollfd *watched,
                      size_t *ret_watched, struct error *error)
{
    _cleanup_free_ pid_t *pids = NULL;
    size_t count, kept = 0;
    int sent = 0, failed = 0, r = cgroup_pids(cgroup, &pids, &count, error);

    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        int pidfd = signal_process(cgroup, pids[i], signal, frozen);

        if (pidfd < 0) {
            if (pidfd != -ESRCH)
                failed = pidfd;
            continue;
        }
        sent++;
        if (watched != NULL && kept < WAITED_FOR)
            watched[kept++] = (struct pollfd){.fd = pidfd, .events = POLLIN};
        else
            close_fd(pidfd);
    }
    if (ret_watched != NULL)
        *ret_watched = kept;
    if (sent == 0 && failed != 0)
        return error_set(error, ERROR_SIGNAL_FAILED, -failed,
                         "cannot send signal %d to the processes of the cgroup \"%s\"", signal,
                         cgroup_path(&cgroup->record, (unsigned)cgroup_main_hierarchy(cgroup)));
    return sent;
}

int cgroup_signal_all(struct cgroup *cgroup, int signal, struct error *error)
{
    bool frozen_before, frozen = false;
    int sent;

    if (cgroup_main_hierarchy(cgroup) < 0)
        return error_set(error, ERROR_CGROUP_KILL, ENOTSUP,
                         "the container has no cgroup that would tell its processes");
    /* signal 0 only asks: nobody needs to hold still for it */
    frozen_before = cgroup_is_frozen(cgroup) == 1;
    if (signal != 0 && !frozen_before)
        frozen = cgroup_freeze_quietly(cgroup, FREEZE_MS) == 0;
    sent = signal_all(cgroup, signal, frozen || frozen_before, NULL, NULL, error);
    /* a frozen process of v1 dies only when it runs again */
    if (frozen || (frozen_before && signal == SIGKILL))
        cgroup_thaw_quietly(cgroup);
    return sent > 0 ? 0 : sent == 0 ? -ESRCH : sent;
}

/* Waits for the processes to die and closes their pidfds. */
static void wait_for(struct pollfd *watched, size_t count, int64_t end)
{
    for (size_t i = 0; i < count; i++) {
        int64_t left = end - cgroup_clock();

        if (left > 0)
            poll(&watched[i], 1, left < INT_MAX ? (int)left : INT_MAX);
        close_fd(watched[i].fd);
    }
}

/* Without cgroup.kill: all held still, signalled, let go, watched; until none is left. */
static int kill_by_signals(struct cgroup *cgroup, int64_t end, struct error *error)
{
    unsigned pause_us = 0;

    for (;;) {
        bool frozen = cgroup_freeze_quietly(cgroup, FREEZE_MS) == 0;
        struct pollfd watched[WAITED_FOR];
        size_t count = 0;
        int sent = signal_all(cgroup, SIGKILL, frozen, watched, &count, error), r;

        cgroup_thaw_quietly(cgroup);
        if (sent < 0)
            return sent;
        wait_for(watched, count, end);
        r = cgroup_is_populated(cgroup);
        if (r <= 0)
            return r;
        if (!cgroup_pause(&pause_us, end))
            return -ETIMEDOUT;
    }
}

/* After cgroup.kill: what the v1 freezer holds must run to die. */
static int finish_kill(struct cgroup *cgroup, int64_t end)
{
    if (cgroup->record.layout == HOST_CGROUP_HYBRID && cgroup_is_frozen(cgroup) == 1)
        cgroup_thaw_quietly(cgroup);
    return cgroup_wait_event(cgroup, "populated", 0, end);
}

static int set_timeout(struct cgroup *cgroup, int deadline_ms, struct error *error)
{
    return error_set(error, ERROR_TIMEOUT, ETIMEDOUT,
                     "processes of the cgroup \"%s\" did not die within %d ms of SIGKILL",
                     cgroup_path(&cgroup->record, (unsigned)cgroup_main_hierarchy(cgroup)),
                     deadline_ms);
}

int cgroup_kill(struct cgroup *cgroup, int deadline_ms, struct error *error)
{
    int64_t end = cgroup_clock() + deadline_ms;
    bool unified = (cgroup->record.hierarchies & 1u << CGROUP_UNIFIED) != 0;
    int r = -ENOENT;

    if (cgroup_main_hierarchy(cgroup) < 0)
        return error_set(error, ERROR_CGROUP_KILL, ENOTSUP,
                         "the container has no cgroup that would tell its processes");
    if (!cgroup_is_ours(cgroup))
        return error_set(error, ERROR_CGROUP_KILL, EPERM,
                         "the cgroup \"%s\" was there before the container: processes of others "
                         "may be in it",
                         cgroup_path(&cgroup->record, (unsigned)cgroup_main_hierarchy(cgroup)));
    if (unified) /* since Linux 5.14 */
        r = cgroup_write(cgroup, CGROUP_UNIFIED, "cgroup.kill", "1");
    if (r == 0)
        r = finish_kill(cgroup, end);
    /* without that file, or with processes that are in the v1 hierarchies only */
    if (r == -ENOENT ||
        (r == 0 && cgroup->record.layout != HOST_CGROUP_V2 && cgroup_is_populated(cgroup) != 0))
        r = kill_by_signals(cgroup, end, error);
    if (r == -ETIMEDOUT)
        return set_timeout(cgroup, deadline_ms, error);
    if (r < 0 && r != -ENODEV && r != -ENOENT)
        return error_set(error, ERROR_CGROUP_KILL, -r,
                         "cannot kill the processes of the cgroup \"%s\"",
                         cgroup_path(&cgroup->record, (unsigned)cgroup_main_hierarchy(cgroup)));
    return 0;
}
