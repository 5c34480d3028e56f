/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the stage sets on itself before it becomes the program.  Each does nothing when the config
 * does not ask for it.
 */
#ifndef DRAY_PROCESS_ATTRIBUTES_H
#define DRAY_PROCESS_ATTRIBUTES_H

#include "plan/plan.h"

/*
 * Starts a session of its own, so that the program cannot push characters into the caller's
 * terminal (TIOCSTI), and gives it a signal state of its own: nothing blocked, and the signals that
 * callers commonly ignore (SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGCHLD …) at their default.
 */
int process_start_session(struct error *error);

/*
 * umask(2), 0022 when the config says nothing; personality(2); set_mempolicy(2).  Before the filter
 * is loaded.
 */
void process_set_umask(const struct plan *plan);
int process_set_personality(const struct plan *plan, struct error *error);
int process_set_memory_policy(const struct plan *plan, struct error *error);

/*
 * setrlimit(2) of all limits of the config: the last thing before the filter is loaded, because
 * everything after it must live within them.  dray has raised the hard limits before
 * (limits_raise_rlimits()), so that this only ever lowers.
 */
int process_set_rlimits(const struct plan *plan, struct error *error);

#endif
