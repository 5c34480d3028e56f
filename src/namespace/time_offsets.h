/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clock offsets of a new time namespace, time_namespaces(7).  Runs in the clone window and the
 * stage. */
#ifndef DRAY_NAMESPACE_TIME_OFFSETS_H
#define DRAY_NAMESPACE_TIME_OFFSETS_H

#include "plan/plan.h"

/*
 * Writes the plan's offsets for the time namespace of the caller's children, which its next exec
 * (Linux 6.3) or clone enters.  Sets errno too, for callers without an @error.
 */
int time_offsets_write(const struct plan *plan, struct error *error);

/*
 * Writes the plan's offsets for the time namespace that the caller has unshared, and goes into it
 * (setns(2); the caller has one thread).  Returns 0 or a negative errno value.
 */
int time_namespace_enter(const struct plan *plan, struct error *error);

#endif
