/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container with mounts, but without a mount namespace of its own: they are made in a namespace
 * that the stage leaves again.  Runs in the stage.
 */
#ifndef DRAY_ROOTFS_DETACHED_H
#define DRAY_ROOTFS_DETACHED_H

#include "rootfs/rootfs.h"

/* The container's mounts are not the host's: there is a namespace, for good or to build them in. */
static inline bool rootfs_has_own_mounts(const struct rootfs *rootfs)
{
    return rootfs->plan->rootfs.private_mounts || rootfs->plan->rootfs.detached_tree;
}

/* Enters a new mount namespace and remembers the host's.  0 or a negative errno value, error set.
 */
int rootfs_leave_host_namespace(struct rootfs *rootfs);

#endif
