/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "steps/held.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "plan/fault_injection.h"

static char read_state(pid_t pid)
{
    struct process_status status;

    if (process_read_status(pid, &status) < 0)
        return '?';
    return status.state;
}

bool held_is_stopped(pid_t pid)
{
    char state = read_state(pid);

    return state == 'T' || state == 't';
}

int held_set_error(pid_t pid, int ms, const char *what, struct error *error)
{
    pid_t tracer = process_read_tracer(pid);
    char holder[64];

    if (tracer > 0)
        snprintf(holder, sizeof(holder), "process %d traces it", tracer);
    else if (held_is_stopped(pid))
        snprintf(holder, sizeof(holder), "a signal has stopped it");
    else
        snprintf(holder, sizeof(holder), "it is in state %c", read_state(pid));
    return error_set(error, ERROR_STAGE_HELD, ETIMEDOUT, "process %d %s within %d s: %s", pid, what,
                     ms / 1000, holder);
}

static int give_up(const struct program_wait *wait, int ms, struct error *error)
{
    _cleanup_close_ int pidfd = process_open(&wait->identity);
    int r = held_set_error(wait->identity.pid, ms, "did not become the program", error);

    if (pidfd >= 0)
        sys_pidfd_send_signal(pidfd, SIGKILL);
    return r;
}

static bool is_frozen(const struct program_wait *wait)
{
    return wait->cgroup != NULL && cgroup_is_frozen(wait->cgroup) == 1;
}

int held_await_program(struct program_wait *wait, struct error *error)
{
    const int interval_ms = fault_held_ms(HELD_DEADLINE_MS);
    struct pollfd events[] = {wait->event, wait->other};

    if (wait->other.events == 0)
        events[1].fd = -1;
    for (;;) {
        int r = poll(events, ARRAY_SIZE(events), interval_ms);

        if (r > 0) {
            wait->event.revents = events[0].revents;
            wait->other.revents = events[1].revents;
            return 0;
        }
        if (r < 0 && errno != EINTR)
            return error_set(error, ERROR_SYSTEM, errno, "cannot wait for the container's program");
        if (r == 0 && !is_frozen(wait) && held_is_stopped(wait->identity.pid))
            return give_up(wait, interval_ms, error);
    }
}
