/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's root becomes the process's root; in the stage. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "rootfs/covers.h"
#include "rootfs/detached.h"
#include "rootfs/mount_calls.h"

static int pivot_error(struct rootfs *rootfs, int sys_errno, const char *what)
{
    return error_set(rootfs->error, ERROR_PIVOT_FAILED, sys_errno, "cannot %s \"%s\"", what,
                     plan_text(rootfs->plan, rootfs->plan->rootfs.path));
}

/*
 * pivot_root(2) with one directory for both: the old root then lies on top of the new one and is
 * taken off from there, so no directory is needed to put it.
 */
static int pivot(struct rootfs *rootfs)
{
    _cleanup_close_ int old = -1;

    /* shared mounts would take their peers on the host with them when the old root goes */
    if (rootfs->plan->rootfs.propagation & MS_SHARED) {
        old = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (old < 0)
            return pivot_error(rootfs, errno, "open the old root while pivoting to");
    }
    if (fchdir(rootfs->root) < 0)
        return pivot_error(rootfs, errno, "enter the root");
    if (sys_pivot_root(".", ".") < 0)
        return pivot_error(rootfs, errno, "pivot to the root");
    if (old >= 0 && (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0))
        return pivot_error(rootfs, errno, "make the old root a slave after pivoting to");
    if (umount2(".", MNT_DETACH) < 0)
        return pivot_error(rootfs, errno, "unmount the old root after pivoting to");
    return 0;
}

/*
 * Takes a file system of the host out of sight: with no_pivot the host's mounts stay reachable for
 * the kernel's check whether a new procfs would show too much.
 */
static int hide(struct rootfs *rootfs, const char *path)
{
    _cleanup_close_ int fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? 0 : pivot_error(rootfs, errno, "hide the host's mounts from");
    mount_change(rootfs, fd, 0, 0, MS_PRIVATE); /* fails when it is no mount: nothing to hide */
    if (umount2(path, MNT_DETACH) == 0 || errno == EINVAL)
        return 0;
    /* locked in a user namespace: it can only be covered */
    if (mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k") < 0)
        return pivot_error(rootfs, errno, "hide the host's mounts from");
    return 0;
}

static int move_to_root(struct rootfs *rootfs)
{
    _cleanup_close_ int old = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r;

    if (old < 0)
        return pivot_error(rootfs, errno, "open the old root while moving to");
    r = hide(rootfs, "/sys");
    if (r == 0)
        r = hide(rootfs, "/proc");
    if (r < 0)
        return r;
    if (fchdir(rootfs->root) < 0)
        return pivot_error(rootfs, errno, "enter the root");
    r = mount_attach(rootfs->root, old);
    if (r < 0 && mount_call_is_missing(-r))
        r = mount(".", "/", NULL, MS_MOVE, NULL) < 0 ? -errno : 0;
    if (r < 0)
        return pivot_error(rootfs, -r, "move the root");
    return chroot(".") < 0 ? pivot_error(rootfs, errno, "chroot to the root") : 0;
}

int rootfs_set_root_propagation(struct rootfs *rootfs)
{
    const struct plan_rootfs *plan = &rootfs->plan->rootfs;
    const struct plan_origin origin = {.kind = ORIGIN_ROOTFS_PROPAGATION};
    /* of the root alone: mounts in it have their own, or follow it already */
    unsigned long propagation = plan->propagation & ~(unsigned long)MS_REC;
    int r;

    if (!plan->private_mounts || propagation == 0 || mount(NULL, "/", NULL, propagation, NULL) == 0)
        return 0;
    r = error_set(rootfs->error, ERROR_PROPAGATION_FAILED, errno,
                  "cannot set the propagation of the container's root");
    plan_origin_explain(rootfs->plan, origin, rootfs->error);
    return r;
}

int rootfs_pivot(struct rootfs *rootfs)
{
    const struct plan_rootfs *plan = &rootfs->plan->rootfs;
    int r = 0;

    if (plan->masked.count > 0)
        r = rootfs_find_null(rootfs);
    if (r < 0)
        return r;
    if (!rootfs_has_own_mounts(rootfs)) {
        if (fchdir(rootfs->root) < 0 || chroot(".") < 0)
            return pivot_error(rootfs, errno, "chroot to the root");
    } else {
        r = plan->no_pivot ? move_to_root(rootfs) : pivot(rootfs);
        if (r < 0)
            return r;
    }
    if (chdir("/") < 0)
        return pivot_error(rootfs, errno, "enter the root");
    return 0;
}
