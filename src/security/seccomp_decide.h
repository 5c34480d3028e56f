/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a compiled filter will say of system calls of our own.  Runs in dray; pure. */
#ifndef DRAY_SECURITY_SECCOMP_DECIDE_H
#define DRAY_SECURITY_SECCOMP_DECIDE_H

#include <stdbool.h>

#include "plan/plan.h"

/*
 * True when @plan has a filter and that simply allows what the stage has still to do when it enters
 * a PID namespace as the last thing but the execution: to clone itself, to end, to start a session,
 * and to set its limits.
 */
bool seccomp_lets_enter(const struct plan *plan);

/* True when the filter allows close(2). */
bool seccomp_lets_close(const struct plan *plan);

/*
 * Refuses a filter that does not let through what the stage has to do under it: to drop the right
 * to load filters (without noNewPrivileges), to say that it is ready, to wait, and to execute the
 * program.  ERROR_SECCOMP_FORBIDS names the system call.
 */
int seccomp_check_needs(const struct plan *plan, struct error *error);

#endif
