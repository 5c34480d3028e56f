/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What masked and read-only paths share.  Runs in the stage; these set the error. */
#ifndef DRAY_ROOTFS_COVERS_H
#define DRAY_ROOTFS_COVERS_H

#include "rootfs/rootfs.h"

/*
 * Finds a null device to cover files with, verifies it and keeps it in ->null: the container's own
 * or, before the pivot, the host's.
 */
int rootfs_find_null(struct rootfs *rootfs);

/*
 * Where to look @path up from: what is mounted on the container's /dev, /proc or /sys for paths
 * below these, else the root; *@ret_rest: the path from there.
 */
int rootfs_find_base(const struct rootfs *rootfs, const char *path, const char **ret_rest);

/*
 * Opens a path (O_PATH) that is to be masked or made read-only; paths below /proc and /sys from
 * the descriptors of what was mounted there.
 * Returns -ENOENT without setting the error when there is no such path.
 */
int rootfs_open_covered(struct rootfs *rootfs, const struct plan_path *path);

int rootfs_cover_error(struct rootfs *rootfs, const struct plan_path *path, int sys_errno,
                       const char *what);

#endif
