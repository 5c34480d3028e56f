/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container with mounts, but without a mount namespace of its own; in the stage.
 *
 * The tree is a clone that is attached nowhere.  Closing its descriptor takes it apart for others,
 * but its mounts stay connected while a process has its root in it (dissolve_on_fput() of the
 * kernel), so the last process of the container takes them along and nothing is left to undo.
 */
#include "rootfs/detached.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "rootfs/mount_calls.h"

static int detach_error(struct rootfs *rootfs, enum error_code code, int sys_errno,
                        const char *what)
{
    int r = error_set(rootfs->error, code, sys_errno, "%s", what);

    error_set_pointer(rootfs->error, "/linux/namespaces");
    return r;
}

int rootfs_leave_host_namespace(struct rootfs *rootfs)
{
    int procfs = rootfs_open_procfs(rootfs);

    if (procfs < 0)
        return procfs;
    /* a magic link of the kernel, in a procfs that was verified */
    rootfs->host_namespace = openat(procfs, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (rootfs->host_namespace < 0)
        return detach_error(rootfs, ERROR_NAMESPACE_FAILED, errno,
                            "cannot open the host's mount namespace");
    if (unshare(CLONE_NEWNS) < 0)
        return detach_error(rootfs, ERROR_NAMESPACE_FAILED, errno,
                            "cannot make a mount namespace to build the root in");
    return 0;
}

int rootfs_detach_tree(struct rootfs *rootfs)
{
    _cleanup_close_ int tree =
        sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

    if (tree < 0 && mount_call_is_missing(errno))
        return detach_error(rootfs, ERROR_KERNEL_TOO_OLD, errno,
                            "mounts without a mount namespace need open_tree (Linux 5.2)");
    if (tree < 0)
        return detach_error(rootfs, ERROR_NAMESPACE_FAILED, errno,
                            "cannot clone the container's mounts");
    if (setns(rootfs->host_namespace, CLONE_NEWNS) < 0)
        return detach_error(rootfs, ERROR_NAMESPACE_FAILED, errno,
                            "cannot go back to the host's mount namespace");
    /* which also changed the root and the working directory to the host's */
    if (fchdir(tree) < 0 || chroot(".") < 0)
        return detach_error(rootfs, ERROR_NAMESPACE_FAILED, errno,
                            "cannot change to the container's root");
    return 0;
}
