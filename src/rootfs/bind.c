/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bind mounts; in the stage. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/procfs.h"
#include "io/syscalls.h"
#include "rootfs/mount_calls.h"
#include "rootfs/mounts.h"

static int source_error(struct rootfs *rootfs, const struct plan_mount *mount, int sys_errno)
{
    if (sys_errno == EINVAL)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, sys_errno,
                           "the source is unbindable, or holds locked mounts (use rbind)");
    return mount_error(rootfs, mount,
                       sys_errno == ENOENT ? ERROR_MOUNT_SOURCE_MISSING : ERROR_MOUNT_FAILED,
                       sys_errno, "the source cannot be opened");
}

/*
 * copy-symlink: a source that is a link appears as the same link.  Returns 1 when that is done, 0
 * when the source is no link.
 */
static int copy_symlink(struct rootfs *rootfs, const struct plan_mount *mount)
{
    const char *destination = plan_text(rootfs->plan, mount->destination), *name;
    char target[PATH_MAX], present[PATH_MAX];
    _cleanup_close_ int parent = -1;
    ssize_t length, present_length;

    length = readlink(plan_text(rootfs->plan, mount->source), target, sizeof(target) - 1);
    if (length < 0)
        return errno == EINVAL ? 0 : source_error(rootfs, mount, errno);
    target[length] = '\0';
    parent = path_make_parent_in_root(rootfs->root, destination, 0, &name);
    if (parent < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, -parent,
                           "the directory for the link cannot be made");
    if (symlinkat(target, parent, name) == 0)
        return 1;
    if (errno == EEXIST) {
        present_length = readlinkat(parent, name, present, sizeof(present));
        if (present_length == length && memcmp(present, target, (size_t)length) == 0)
            return 1;
        errno = EEXIST;
    }
    return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, errno, "the link cannot be made");
}

/* On /proc nothing but a procfs may lie: what is written below it must be what it seems. */
static bool is_good_for(const struct rootfs *rootfs, const struct plan_mount *mount, int source)
{
    return strcmp(plan_text(rootfs->plan, mount->destination), "/proc") != 0 ||
           procfs_verify_root(source);
}

/* mount(2)'s way. */
static int bind_by_mount(struct rootfs *rootfs, const struct plan_mount *mount, const char *source)
{
    bool nofollow = mount->flags & PLAN_MOUNT_SOURCE_NOFOLLOW;
    _cleanup_close_ int origin = -1, target = -1, mounted = -1;
    int r;

    origin = openat(AT_FDCWD, source, O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0));
    if (origin < 0)
        return source_error(rootfs, mount, errno);
    if (!is_good_for(rootfs, mount, origin))
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, EPERM,
                           "only a proc file system can be mounted on \"/proc\"");
    target = rootfs_open_target(rootfs, mount, origin, NULL);
    if (target < 0)
        return target;
    r = mount_on_descriptor(rootfs, source, target, NULL,
                            MS_BIND | (mount->flags & PLAN_MOUNT_RECURSIVE ? MS_REC : 0), NULL);
    if (r < 0)
        return mount_explain(rootfs, mount, origin, target, -r);
    mounted = rootfs_open_mounted(rootfs, mount, target);
    if (mounted < 0)
        return mounted;
    r = mount_change_attached(rootfs, mount, mounted);
    return r < 0 ? r : rootfs_note_mount(rootfs, mount, &mounted);
}

int rootfs_bind_source(struct rootfs *rootfs, const struct plan_mount *mount, const char *source)
{
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                           (mount->flags & PLAN_MOUNT_RECURSIVE ? AT_RECURSIVE : 0) |
                           (mount->flags & PLAN_MOUNT_SOURCE_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
    _cleanup_close_ int clone = -1, target = -1;
    int r;

    if (mount->descriptor >= 0)
        clone = fcntl(mount->descriptor, F_DUPFD_CLOEXEC, 0);
    else if (rootfs->legacy)
        return bind_by_mount(rootfs, mount, source);
    else
        clone = sys_open_tree(AT_FDCWD, source, flags);
    if (clone < 0)
        return source_error(rootfs, mount, errno);
    if (!is_good_for(rootfs, mount, clone))
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, EPERM,
                           "only a proc file system can be mounted on \"/proc\"");
    target = rootfs_open_target(rootfs, mount, clone, NULL);
    if (target < 0)
        return target;
    if (mount->descriptor >= 0) {
        /* dray has set all options, with rights that we may not have */
        r = mount_attach_planned(rootfs, mount, clone, target);
    } else {
        r = mount_place(rootfs, mount, clone, target);
    }
    return r < 0 ? r : rootfs_note_mount(rootfs, mount, &clone);
}

int rootfs_mount_bind(struct rootfs *rootfs, const struct plan_mount *mount)
{
    if (mount->flags & PLAN_MOUNT_COPY_SYMLINK) {
        int r = copy_symlink(rootfs, mount);

        if (r != 0)
            return r < 0 ? r : 0;
    }
    return rootfs_bind_source(rootfs, mount, plan_text(rootfs->plan, mount->source));
}
