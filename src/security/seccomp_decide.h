/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a compiled filter will say of system calls of our own.  Runs in dray; pure. */
#ifndef DRAY_SECURITY_SECCOMP_DECIDE_H
#define DRAY_SECURITY_SECCOMP_DECIDE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/*
 * Runs @program, which the kernel would accept, as seccomp(2) does.  Returns SECCOMP_RET_* with its
 * data; SECCOMP_RET_KILL_PROCESS for an instruction that our compiler does not write.
 */
uint32_t seccomp_decide(const struct sock_filter *program, size_t count,
                        const struct seccomp_data *data);

/*
 * True when @plan has a filter and that simply allows what the stage has still to do when it enters
 * a PID namespace as the last thing but the execution: to clone itself, to end, to start a session,
 * and to set its limits.
 */
bool seccomp_lets_enter(const struct plan *plan);

#endif
