/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces that exist already.  Opened and verified by dray, joined by the stage. */
#ifndef DRAY_NAMESPACE_JOIN_H
#define DRAY_NAMESPACE_JOIN_H

#include "plan/plan.h"

/*
 * Opens every namespace file of the plan into its plan_join.descriptor; verifies that each is a
 * namespace of the type asked for (NS_GET_NSTYPE, ioctl_ns(2)).  Runs in dray.
 */
int namespace_open_joins(struct plan *plan, struct error *error);
void namespace_close_joins(struct plan *plan);

/*
 * Finds out how a procfs of a joined PID namespace can be mounted by a process outside of it: the
 * kernel can be told which one it is to show ("pidns=", Linux 6.17), or a child that is in it opens
 * the context.  Fills plan_namespaces.procfs_... in.  Runs in dray.
 */
void namespace_plan_procfs(struct plan *plan);

/*
 * Joins them, user namespaces first, so that the others are joined with its capabilities; one that
 * the user namespace has no power over is joined before it.  A PID namespace takes effect for the
 * next child.  Runs in the stage.
 */
int namespace_join_all(const struct plan *plan, struct error *error);

/* "network" for CLONE_NEWNET, as config.json calls it; "unknown" for none. */
const char *namespace_type_name(uint64_t type);

#endif
