/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root directory becomes a mount; in the stage. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "rootfs/detached.h"
#include "rootfs/mount_calls.h"

static int root_error(struct rootfs *rootfs, enum error_code code, int sys_errno, const char *what)
{
    const char *path = plan_text(rootfs->plan, rootfs->plan->rootfs.path);
    const struct plan_origin origin = {.kind = ORIGIN_ROOT_PATH};
    int r = error_set(rootfs->error, code, sys_errno, "%s \"%s\"", what, path);

    error_set_subject(rootfs->error, path);
    plan_origin_explain(rootfs->plan, origin, rootfs->error);
    return r;
}

/* The words for an error of opening the root directory. */
static int open_error(struct rootfs *rootfs, int sys_errno)
{
    struct stat status;

    if (sys_errno == ENOENT)
        return root_error(rootfs, ERROR_ROOTFS_MISSING, sys_errno, "there is no root directory");
    if (sys_errno == ENOTDIR || sys_errno == ELOOP) {
        if (lstat(plan_text(rootfs->plan, rootfs->plan->rootfs.path), &status) == 0 &&
            S_ISLNK(status.st_mode))
            return root_error(rootfs, ERROR_ROOTFS_UNSAFE, ELOOP,
                              "the root directory is a symbolic link:");
        return root_error(rootfs, ERROR_ROOTFS_MISSING, ENOTDIR, "the root is not a directory:");
    }
    return root_error(rootfs, ERROR_ROOTFS_MISSING, sys_errno, "cannot open the root directory");
}

/*
 * With shared mounts all around, what is attached below one of them would also appear on the
 * host: the mount that holds the root directory is taken out of its peer group first.
 */
static int make_parent_private(struct rootfs *rootfs, int directory)
{
    _cleanup_close_ int fd = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    for (unsigned i = 0; fd >= 0 && i < PATH_MAX / 2; i++) {
        int parent, r = mount_change(rootfs, fd, 0, 0, MS_PRIVATE);

        if (r != -EINVAL)
            return r;
        /* not the root of a mount: look one level up */
        parent = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close_fd(fd);
        fd = parent;
    }
    return fd < 0 ? -errno : -ELOOP;
}

/* mount(2)'s way: bind, then open what lies on top. */
static int bind_on_itself(struct rootfs *rootfs, int directory)
{
    const char *path = plan_text(rootfs->plan, rootfs->plan->rootfs.path);
    _cleanup_close_ int fd = -1;
    struct stat below, above;
    int r;

    r = mount_on_descriptor(rootfs, path, directory, NULL, MS_BIND | MS_REC, NULL);
    if (r < 0)
        return root_error(rootfs, ERROR_MOUNT_FAILED, -r, "cannot bind the root directory");
    fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return open_error(rootfs, errno);
    if (fstat(directory, &below) < 0 || fstat(fd, &above) < 0 || below.st_dev != above.st_dev ||
        below.st_ino != above.st_ino)
        return root_error(rootfs, ERROR_ROOTFS_UNSAFE, 0, "somebody replaced the root directory");
    rootfs->root = take_fd(&fd);
    return 0;
}

/* A detached clone of the root: the one made by dray, or our own. */
static int clone_root(struct rootfs *rootfs, int directory)
{
    const struct plan_rootfs *plan = &rootfs->plan->rootfs;
    int fd;

    if (plan->descriptor >= 0)
        fd = fcntl(plan->descriptor, F_DUPFD_CLOEXEC, 0);
    else
        fd = sys_open_tree(directory, "",
                           OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
    return fd < 0 ? -errno : fd;
}

int rootfs_mount_root(struct rootfs *rootfs)
{
    const struct plan_rootfs *plan = &rootfs->plan->rootfs;
    _cleanup_close_ int clone = -1;
    _cleanup_close_ int directory = openat(AT_FDCWD, plan_text(rootfs->plan, plan->path),
                                           O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r;

    /* made by dray because we may not even see the path: then it goes over "/" */
    if (directory < 0 && errno == EACCES && plan->descriptor >= 0)
        directory = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return open_error(rootfs, errno);
    if (!rootfs_has_own_mounts(rootfs)) {
        rootfs->root = take_fd(&directory);
        return 0;
    }
    if (plan->propagation & MS_SHARED) {
        r = make_parent_private(rootfs, directory);
        if (r < 0)
            return root_error(rootfs, ERROR_PROPAGATION_FAILED, -r,
                              "cannot make the mount private that holds");
    }
    clone = clone_root(rootfs, directory);
    if (clone < 0 && mount_call_is_missing(-clone)) {
        rootfs->legacy = true;
        return bind_on_itself(rootfs, directory);
    }
    if (clone < 0)
        return root_error(rootfs, ERROR_MOUNT_FAILED, -clone, "cannot clone the mount of");
    r = mount_attach(clone, directory);
    if (r < 0)
        return root_error(rootfs, ERROR_MOUNT_FAILED, -r, "cannot mount the root directory on");
    rootfs->root = take_fd(&clone);
    return 0;
}
