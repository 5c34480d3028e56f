/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's root file system, as the stage builds it.  Runs in the stage, inside the
 * container's namespaces; treats everything below the root as hostile: targets are resolved to
 * descriptors inside the root, mounts are attached to descriptors, never to paths.
 *
 * Order: rootfs_set_propagation, rootfs_mount_root, rootfs_mount_all, rootfs_make_devices,
 * [console: rootfs_attach_console], rootfs_pivot, rootfs_mask, rootfs_make_readonly,
 * [rootfs_detach_tree], rootfs_done.
 * The console may also be attached after the pivot.  Each returns 0 or a negative errno value with
 * the error set.
 */
#ifndef DRAY_ROOTFS_ROOTFS_H
#define DRAY_ROOTFS_ROOTFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/* So many tmpfs mounts wait until all that is made in them is there; more are read-only at once. */
#define ROOTFS_READONLY_LAST_MAX 16

struct rootfs {
    const struct plan *plan;
    struct error *error;
    int root;   /* the container's root directory, mounted (O_PATH) */
    int procfs; /* a verified procfs, opened when first needed; see rootfs_open_procfs() */
    int dev;    /* the directory /dev of the container (O_PATH), once a mount or device needs it */
    int proc;   /* what is mounted on the container's /proc and /sys (O_PATH), or -1: paths below */
    int sys;    /* are looked up from here, so that no decoy can take the place of these mounts */
    int null;   /* a verified null device to cover files with, or the mount that covers the first */
    int empty;  /* an empty read-only tmpfs to cover directories with, likewise */
    int procfs_context; /* of the procfs to mount, when another process had to open it; -1 */
    int host_namespace; /* the host's mount namespace, to go back there with a detached tree */
    int readonly_last[ROOTFS_READONLY_LAST_MAX]; /* mounts that rootfs_make_readonly() has to end */
    uint32_t readonly_last_count;
    bool dev_is_new; /* dev is an empty tmpfs of our own */
    bool legacy; /* the kernel, or a filter on its system calls, refuses the newer mount calls */
    bool null_attached;
    bool empty_attached;
    mode_t umask; /* of the caller; 0 while the root is being built */
};

/* Prepares *@rootfs; takes nothing over. */
void rootfs_init(struct rootfs *rootfs, const struct plan *plan, struct error *error);

/* Closes what is open and gives the umask back. */
void rootfs_done(struct rootfs *rootfs);

/*
 * Sets the propagation of all mounts in the new mount namespace: rslave, so that nothing done in
 * here reaches the host, or what linux.rootfsPropagation needs.  In the host's own mount namespace
 * it does nothing, unless a detached tree is planned: then it makes a namespace to build that in,
 * which rootfs_detach_tree() leaves.
 */
int rootfs_set_propagation(struct rootfs *rootfs);

/*
 * Mounts a clone of the root directory's mount tree onto itself (or the clone that dray made) and
 * opens it as ->root.
 */
int rootfs_mount_root(struct rootfs *rootfs);

/* Makes all mounts of the plan, in order. */
int rootfs_mount_all(struct rootfs *rootfs);

/*
 * Makes the devices of the plan, and, unless the config binds its own /dev, the links fd, stdin,
 * stdout, stderr, core and ptmx.
 */
int rootfs_make_devices(struct rootfs *rootfs);

/*
 * Mounts a terminal's slave on the container's /dev/console.
 * @slave: open terminal of a devpts that is mounted in this mount namespace; stays the caller's.
 */
int rootfs_attach_console(struct rootfs *rootfs, int slave);

/*
 * Makes the container's root the process's root and drops the host's: pivot_root(2), or with
 * no_pivot MS_MOVE and chroot(2), or in the host's own mount namespace chroot(2) alone.  The
 * working directory is then "/".
 */
int rootfs_pivot(struct rootfs *rootfs);

/*
 * Sets the propagation of the root itself.  The last change to mounts: nothing of an unbindable
 * root could be cloned any more to cover a path.
 */
int rootfs_set_root_propagation(struct rootfs *rootfs);

/* Covers linux.maskedPaths: directories with an empty file system, files with the null device. */
int rootfs_mask(struct rootfs *rootfs);

/*
 * Makes read-only what had to be writable as long as mounts and devices were made in it: every
 * tmpfs of the plan with "ro", linux.readonlyPaths and then, if asked for, the root itself.
 */
int rootfs_make_readonly(struct rootfs *rootfs);

/*
 * For plan_rootfs.detached_tree, when all is mounted: goes back to the host's mount namespace and
 * changes the root directory to a clone of everything mounted, which is attached nowhere and lasts
 * as long as a process has its root in it.  Linux 5.2.
 */
int rootfs_detach_tree(struct rootfs *rootfs);

/*
 * The procfs that everything below /proc is written through, opened on first use; belongs to
 * @rootfs.  Returns it, or a negative errno value with the error set.
 */
int rootfs_open_procfs(struct rootfs *rootfs);

#endif
