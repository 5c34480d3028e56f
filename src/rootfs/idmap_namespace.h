/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User namespaces that exist for their mappings only.  Runs in dray. */
#ifndef DRAY_ROOTFS_IDMAP_NAMESPACE_H
#define DRAY_ROOTFS_IDMAP_NAMESPACE_H

#include "plan/plan.h"

/*
 * Makes a user namespace with those mappings (struct plan_idmap); it lives as long as its
 * descriptor does.
 * Returns the descriptor, close-on-exec, or a negative errno value; sets no error.
 */
int idmap_namespace_make(const struct plan *plan, struct plan_array uid_map,
                         struct plan_array gid_map);

#endif
