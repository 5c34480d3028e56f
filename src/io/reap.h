/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a child that somebody else may trace (ptrace(2)). */
#ifndef DRAY_IO_REAP_H
#define DRAY_IO_REAP_H

#include <sys/types.h>

/*
 * Reaps a child whose pidfd says that it has ended.  Another process that traces it may keep its
 * status from us until it lets it go: that is waited for, and given up.
 * Returns 0 with the status as waitpid(2) has it, -ETIMEDOUT, or another negative errno value.
 */
int reap_child(pid_t pid, int *ret_status);

#endif
