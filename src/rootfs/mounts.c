/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All mounts of the plan, in order; in the stage. */
#include "rootfs/mounts.h"

static int mount_one(struct rootfs *rootfs, const struct plan_mount *mount)
{
    switch (mount->kind) {
    case PLAN_MOUNT_BIND:
        return rootfs_mount_bind(rootfs, mount);
    case PLAN_MOUNT_CGROUP:
        return rootfs_mount_cgroup(rootfs, mount);
    case PLAN_MOUNT_REMOUNT:
        return rootfs_remount(rootfs, mount);
    default:
        return rootfs_mount_filesystem(rootfs, mount);
    }
}

int rootfs_mount_all(struct rootfs *rootfs)
{
    plan_for_each(mount, rootfs->plan, rootfs->plan->rootfs.mounts, struct plan_mount)
    {
        int r = mount_one(rootfs, mount);

        if (r < 0)
            return r;
    }
    return 0;
}
