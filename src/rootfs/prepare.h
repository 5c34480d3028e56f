/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts that the stage could not make itself and therefore gets from dray, detached: bind mounts
 * whose source its user namespace may not be able to reach, and idmapped mounts.  Runs in dray,
 * before the plan is sealed.
 */
#ifndef DRAY_ROOTFS_PREPARE_H
#define DRAY_ROOTFS_PREPARE_H

#include "base/error.h"
#include "plan/plan.h"

/*
 * Makes every mount of @plan that is marked PLAN_MOUNT_BY_DRAY, and with a user namespace the clone
 * of the root, and stores their descriptors, close-on-exec, in the plan.
 * On failure the error is set and no descriptor is left open.
 */
int rootfs_prepare_mounts(struct plan *plan, struct error *error);

/* Closes those descriptors. */
void rootfs_close_prepared(struct plan *plan);

#endif
