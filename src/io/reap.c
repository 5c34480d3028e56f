/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a child that somebody else may trace; runs in dray and in the stage. */
#include "io/reap.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>

#define REAP_DEADLINE_S 5

/* 1 when it is reaped, 0 when it cannot be yet, or a negative errno value. */
static int try_reap(pid_t pid, int *ret_status)
{
    pid_t reaped;

    do
        reaped = waitpid(pid, ret_status, WNOHANG);
    while (reaped < 0 && errno == EINTR);
    return reaped < 0 ? -errno : reaped > 0;
}

/* The tracer's end, or its letting go, is told by SIGCHLD, which stays pending while blocked. */
static int reap_traced(pid_t pid, int *ret_status)
{
    const struct timespec start_over = {.tv_sec = REAP_DEADLINE_S};
    sigset_t child, previous;
    int r, number;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &child, &previous) < 0)
        return -errno;
    do {
        r = try_reap(pid, ret_status);
        number = r == 0 ? sigtimedwait(&child, NULL, &start_over) : 0;
    } while (r == 0 && (number == SIGCHLD || (number < 0 && errno == EINTR)));
    sigprocmask(SIG_SETMASK, &previous, NULL);
    return r;
}

int reap_child(pid_t pid, int *ret_status)
{
    int r = try_reap(pid, ret_status);

    if (r == 0)
        r = reap_traced(pid, ret_status);
    return r > 0 ? 0 : r == 0 ? -ETIMEDOUT : r;
}
