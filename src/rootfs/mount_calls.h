/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mount system calls on descriptors, with mount(2) through a procfs's "self/fd/N" where the newer
 * calls are refused.  Runs in the stage.  Functions return a negative errno value and set no error
 * unless they say so.
 */
#ifndef DRAY_ROOTFS_MOUNT_CALLS_H
#define DRAY_ROOTFS_MOUNT_CALLS_H

#include "rootfs/rootfs.h"

/* True when @sys_errno may mean that the kernel, or a filter on system calls, lacks a call. */
bool mount_call_is_missing(int sys_errno);

/* Attaches the detached mount @mount to the file @target refers to. */
int mount_attach(int mount, int target);

/*
 * mount(2) onto @target; @data as there.  A @source "self/fd/N" is a descriptor too.  Sets the
 * error when there is no procfs to do it with.
 */
int mount_on_descriptor(struct rootfs *rootfs, const char *source, int target, const char *type,
                        unsigned long flags, const char *data);

/*
 * Changes attributes and propagation of one attached mount, keeping all that is not named.
 * @propagation: MS_SHARED, MS_PRIVATE … or 0.
 */
int mount_change(struct rootfs *rootfs, int mount, uint64_t set, uint64_t clear,
                 unsigned long propagation);

/* The same for a mount and everything below it; only mount_setattr(2) can. */
int mount_change_tree(int mount, uint64_t set, uint64_t clear, unsigned long propagation);

/*
 * Gives the detached mount @mount what @plan says (attributes, propagation) and attaches it to
 * @target.  Where attributes cannot be set before, they are set after.
 * Sets the error.
 */
int mount_place(struct rootfs *rootfs, const struct plan_mount *plan, int mount, int target);

/* mount_attach() that sets the error. */
int mount_attach_planned(struct rootfs *rootfs, const struct plan_mount *plan, int mount,
                         int target);

/* Sets the error for a mount of @source on @target that the kernel refused. */
int mount_explain(struct rootfs *rootfs, const struct plan_mount *plan, int source, int target,
                  int sys_errno);

/* The MOUNT_ATTR_* a mount has, but for relatime and strictatime. */
int mount_read_attributes(int mount, uint64_t *ret);

/* As mount(2) wants them: MS_* */
unsigned long mount_flags_of_attributes(uint64_t attributes);

/* The part of mount_place() that is for mounts that mount(2) has attached already. */
int mount_change_attached(struct rootfs *rootfs, const struct plan_mount *plan, int mount);

/*
 * Sets the error: cannot mount "source" on "destination", with @reason after it unless NULL, and
 * the pointer of the mount.
 */
int mount_error(struct rootfs *rootfs, const struct plan_mount *plan, enum error_code code,
                int sys_errno, const char *reason);

#endif
