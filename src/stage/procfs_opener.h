/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The context of a procfs of a PID namespace that the stage is not in, for kernels that cannot be
 * told which one is meant ("pidns=", Linux 6.17).  Runs in the stage.
 *
 * fsopen(2) fixes the namespace that a procfs shows: that of its caller.  So a child is made in the
 * joined namespace that does nothing but this, and gives the context to the stage, which mounts it
 * from outside.  Whoever is in the namespace may take the child over, and gains nothing: its root
 * is an empty directory, it has no descriptor but its end of a socket and none of dray's memory but
 * the plan, no capability that could be regained and only CAP_SYS_ADMIN, which fsopen(2) takes, and
 * it is under a filter that kills at every call but those it makes.
 */
#ifndef DRAY_STAGE_PROCFS_OPENER_H
#define DRAY_STAGE_PROCFS_OPENER_H

#include "stage/stage.h"

/*
 * Opens the context before the stage joins the PID namespace @join itself.  What comes from the
 * child is not to be trusted: the caller verifies what is mounted.
 * Returns a descriptor, or a negative errno value with stage->error set.
 */
int procfs_opener_open(struct stage *stage, const struct plan_join *join);

#endif
