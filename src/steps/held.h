/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stage that does not become the program because somebody holds it: whoever may trace or signal
 * it, which takes a PID namespace that it shares, or root on the host.  Runs in dray.
 */
#ifndef DRAY_STEPS_HELD_H
#define DRAY_STEPS_HELD_H

#include <poll.h>

#include "base/error.h"
#include "cgroup/cgroup.h"
#include "io/process.h"

/* For a few system calls, on a machine that does anything else first. */
#define HELD_DEADLINE_MS 20000

struct program_wait {
    struct pollfd event; /* what says that it runs the program, or has failed to */
    struct pollfd other; /* whatever else the caller has to look after; without events: nothing */
    struct process_identity identity;
    struct cgroup *cgroup; /* in which it may be frozen, which is no fault; or NULL */
};

/*
 * Waits for the event, for as long as hooks and slow file systems take.  One that somebody has
 * stopped is killed, lest it becomes the program after all.
 * Returns 0 with the revents of both, or a negative errno value with ERROR_STAGE_HELD or another
 * error set.
 */
int held_await_program(struct program_wait *wait, struct error *error);

/* True if the process is stopped, by a signal or by who traces it. */
bool held_is_stopped(pid_t pid);

/* Sets ERROR_STAGE_HELD: what process @pid did not do in @ms milliseconds, and who holds it. */
int held_set_error(pid_t pid, int ms, const char *what, struct error *error);

#endif
