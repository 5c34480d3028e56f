/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kinds of mounts, one function and one file each, and what they share.  Runs in the stage.
 * All set the error.
 */
#ifndef DRAY_ROOTFS_MOUNTS_H
#define DRAY_ROOTFS_MOUNTS_H

#include "rootfs/rootfs.h"

int rootfs_mount_bind(struct rootfs *rootfs, const struct plan_mount *mount);
int rootfs_mount_filesystem(struct rootfs *rootfs, const struct plan_mount *mount);
int rootfs_mount_cgroup(struct rootfs *rootfs, const struct plan_mount *mount);
int rootfs_remount(struct rootfs *rootfs, const struct plan_mount *mount);

/*
 * Opens the destination of @mount inside the root, making what is missing.
 * @source: what is to be mounted there; when it is not a directory, a file is made; -1: a
 *          directory.
 * *@ret_made: whether the last part was made; may be NULL.
 * Returns the descriptor (O_PATH).
 */
int rootfs_open_target(struct rootfs *rootfs, const struct plan_mount *mount, int source,
                       bool *ret_made);

/*
 * Notes what is now mounted on @mount's destination when that is the root, /dev, /proc or /sys,
 * and verifies the latter two when they are new file systems.
 * *@fd: of the mount; taken over when it is one of these.
 */
int rootfs_note_mount(struct rootfs *rootfs, const struct plan_mount *mount, int *fd);

/*
 * Opens what mount(2) has just mounted on the destination of @mount, whose covered file is
 * @target.
 */
int rootfs_open_mounted(struct rootfs *rootfs, const struct plan_mount *mount, int target);

/* One file system to make: by rootfs_mount_filesystem(), and for cgroup hierarchies. */
struct filesystem_request {
    const char *type;
    const char *source;
    const char *options;            /* further ones for the file system, with commas, or NULL */
    uint64_t attributes;            /* MOUNT_ATTR_* */
    uint64_t superblock_flags;      /* MS_* */
    const struct plan_mount *mount; /* its data and label are options too; or NULL */
    bool readonly_last;             /* rootfs_make_readonly() is to end it */
};

/*
 * Makes the file system and returns it as a detached mount (O_PATH); -ENOSYS when that has to be
 * done by filesystem_mount(), or another negative errno value: then the kernel's own words are in
 * the error's detail, but the error is not set.
 */
int filesystem_make(struct rootfs *rootfs, const struct filesystem_request *request);

/* Mounts it on @target by mount(2).  0 or a negative errno value; the error is not set. */
int filesystem_mount(struct rootfs *rootfs, const struct filesystem_request *request, int target);

/* Mounts the tree at the host's @source on the destination of @mount. */
int rootfs_bind_source(struct rootfs *rootfs, const struct plan_mount *mount, const char *source);

/*
 * Copies everything below the directory @source into the new mount @mount: owners, modes, times,
 * extended attributes, links as links, devices as devices; two names of one file become two files.
 * Returns 0 or a negative errno value; sets no error.
 */
int copy_up(int source, int mount);

#endif
