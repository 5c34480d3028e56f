/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes that a planned mount gets, as mount_setattr(2) takes them.  Runs in dray and in
 * the stage.
 */
#ifndef DRAY_ROOTFS_MOUNT_CHANGES_H
#define DRAY_ROOTFS_MOUNT_CHANGES_H

#include "plan/plan.h"

/*
 * Applies attributes and propagation of @mount to the detached mount @fd.
 * Returns 0 or a negative errno value; sets no error.
 */
int mount_changes_apply(const struct plan *plan, const struct plan_mount *mount, int fd);

#endif
