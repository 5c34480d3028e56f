/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Masked paths; in the stage.
 *
 * All directories are covered by one empty file system and all files by one null device: the first
 * gets the mount itself, each further one a clone of it.  A detached mount can not be cloned on
 * kernels before 6.15, an attached one can, and its descriptor stays good.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/syscalls.h"
#include "rootfs/covers.h"
#include "rootfs/mount_calls.h"
#include "rootfs/mounts.h"

#define NULL_MAJOR 1 /* /dev/null, devices.txt of the kernel */
#define NULL_MINOR 3

int rootfs_cover_error(struct rootfs *rootfs, const struct plan_path *path, int sys_errno,
                       const char *what)
{
    const char *text = plan_text(rootfs->plan, path->path);
    int r = error_set(rootfs->error, ERROR_MASK_FAILED, sys_errno, "cannot %s \"%s\"", what, text);

    error_set_subject(rootfs->error, text);
    plan_origin_explain(rootfs->plan, path->origin, rootfs->error);
    return r;
}

int rootfs_open_covered(struct rootfs *rootfs, const struct plan_path *path)
{
    const char *rest;
    int base = rootfs_find_base(rootfs, plan_text(rootfs->plan, path->path), &rest);
    int fd = path_open_in_root(base, rest, O_PATH, PATH_NO_SYMLINKS);

    if (fd == -ELOOP)
        fd = path_open_in_root(rootfs->root, plan_text(rootfs->plan, path->path), O_PATH, 0);
    if (fd < 0 && fd != -ENOENT)
        return rootfs_cover_error(rootfs, path, -fd, "open");
    return fd;
}

static bool is_null(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
           status.st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

int rootfs_find_null(struct rootfs *rootfs)
{
    _cleanup_close_ int fd = -1;

    if (rootfs->dev >= 0)
        fd = openat(rootfs->dev, "null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    else
        fd = path_open_in_root(rootfs->root, "/dev/null", O_PATH, PATH_NO_SYMLINKS);
    if (fd >= 0 && is_null(fd)) {
        rootfs->null_attached = true; /* its mount is, so it can be cloned */
        rootfs->null = take_fd(&fd);
        return 0;
    }
    /* An image may have anything there: then the host's, which chmod must not be able to change. */
    close_fd(fd);
    fd = rootfs->legacy ? -1
                        : sys_open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0 || !is_null(fd))
        return error_set(rootfs->error, ERROR_MASK_FAILED, fd < 0 ? errno : ENODEV,
                         "there is no null device to mask files with");
    rootfs->null = take_fd(&fd);
    return 0;
}

/*
 * Covers @target with @mount or a clone of it.  Returns 0 or a negative errno value.
 */
static int cover(int target, int mount, bool *attached)
{
    _cleanup_close_ int clone = -1;
    int r;

    if (!*attached) {
        r = mount_attach(mount, target);
        *attached = r == 0;
        return r;
    }
    clone = sys_open_tree(mount, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    return clone < 0 ? -errno : mount_attach(clone, target);
}

static int mask_file(struct rootfs *rootfs, const struct plan_path *path, int target)
{
    bool first = !rootfs->null_attached;
    int r;

    if (rootfs->legacy) {
        char source[32];

        snprintf(source, sizeof(source), "self/fd/%d", rootfs->null);
        r = mount_on_descriptor(rootfs, source, target, NULL, MS_BIND, NULL);
    } else {
        r = cover(target, rootfs->null, &rootfs->null_attached);
        if (r == 0 && first)
            r = mount_change(rootfs, rootfs->null, MOUNT_ATTR_RDONLY, 0, 0);
    }
    return r < 0 ? rootfs_cover_error(rootfs, path, -r, "mask the file") : 0;
}

static int mask_directory(struct rootfs *rootfs, const struct plan_path *path, int target)
{
    const struct plan_mount no_options = {.label = rootfs->plan->rootfs.mount_context};
    const struct filesystem_request request = {
        .type = "tmpfs",
        .source = "tmpfs",
        .options = "nr_inodes=1",
        .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
        .superblock_flags = MS_RDONLY,
        .mount = &no_options,
    };
    int r = 0;

    if (rootfs->legacy) {
        r = filesystem_mount(rootfs, &request, target);
    } else {
        if (rootfs->empty < 0)
            r = rootfs->empty = filesystem_make(rootfs, &request);
        if (r >= 0)
            r = cover(target, rootfs->empty, &rootfs->empty_attached);
    }
    return r < 0 ? rootfs_cover_error(rootfs, path, -r, "mask the directory") : 0;
}

int rootfs_mask(struct rootfs *rootfs)
{
    plan_for_each(path, rootfs->plan, rootfs->plan->rootfs.masked, struct plan_path)
    {
        _cleanup_close_ int target = rootfs_open_covered(rootfs, path);
        struct stat status;
        int r;

        if (target == -ENOENT)
            continue;
        if (target < 0)
            return target;
        if (fstat(target, &status) < 0)
            return rootfs_cover_error(rootfs, path, errno, "examine");
        r = S_ISDIR(status.st_mode) ? mask_directory(rootfs, path, target)
                                    : mask_file(rootfs, path, target);
        if (r < 0)
            return r;
    }
    return 0;
}
