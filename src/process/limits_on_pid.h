/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must be set on the stage from outside, because in its user namespace it may not do so
 * itself.  Runs in dray, when the stage has joined its namespaces and before its credentials are
 * dropped.  Each does nothing when the config does not ask for it.
 */
#ifndef DRAY_PROCESS_LIMITS_ON_PID_H
#define DRAY_PROCESS_LIMITS_ON_PID_H

#include <sys/types.h>

#include "plan/plan.h"

/* All of the below, in the order of the declarations; affinity_initial is not among them. */
int limits_apply(const struct plan *plan, pid_t pid, struct error *error);

/*
 * prlimit(2): raises hard limits to those of the config.  None is lowered yet and soft limits only
 * rise: a tight RLIMIT_NOFILE must not break the stage's work; process_set_rlimits() does the rest.
 */
int limits_raise_rlimits(const struct plan *plan, pid_t pid, struct error *error);

/* /proc/PID/oom_score_adj; not written when it is equal already. */
int limits_set_oom_score_adj(const struct plan *plan, pid_t pid, struct error *error);

/*
 * Lets the process run on every CPU of its cpuset: dray's own affinity must not leak into the
 * container.  With affinity_final: on those CPUs.  After the cgroup is joined.
 */
int limits_set_affinity(const struct plan *plan, pid_t pid, struct error *error);

/* affinity_initial, before the cgroup is joined (exec). */
int limits_set_initial_affinity(const struct plan *plan, pid_t pid, struct error *error);

/* sched_setattr(2); after the affinity, because SCHED_DEADLINE needs all CPUs. */
int limits_set_scheduler(const struct plan *plan, pid_t pid, struct error *error);

/* ioprio_set(2) */
int limits_set_io_priority(const struct plan *plan, pid_t pid, struct error *error);

#endif
