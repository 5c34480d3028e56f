/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Destinations of mounts; in the stage. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/procfs.h"
#include "rootfs/covers.h"
#include "rootfs/mount_calls.h"
#include "rootfs/mounts.h"

#define PROCFS_MAGIC     0x9fa0 /* <linux/magic.h> */
#define SYSFS_MAGIC      0x62656572
#define SYSFS_ROOT_INODE 1

static bool has_type(const struct rootfs *rootfs, const struct plan_mount *mount, const char *type)
{
    const char *own = plan_text(rootfs->plan, mount->type);

    return mount->kind == PLAN_MOUNT_FILESYSTEM && own != NULL && strcmp(own, type) == 0;
}

static bool is_on_procfs(int fd)
{
    struct statfs status;

    return fstatfs(fd, &status) < 0 || status.f_type == PROCFS_MAGIC;
}

/*
 * The directory for a proc or sysfs: a link there is an attempt to have it somewhere else.
 * Returns the descriptor, -ENOENT when there is none, or another negative errno value with the
 * error set.
 */
static int open_ordinary_directory(struct rootfs *rootfs, const struct plan_mount *mount,
                                   const char *destination)
{
    _cleanup_close_ int fd =
        path_open_in_root(rootfs->root, destination, O_PATH | O_DIRECTORY, PATH_NO_SYMLINKS);
    struct stat status;

    if (fd != -ELOOP && fd != -ENOTDIR)
        return fd >= 0 ? take_fd(&fd) : -ENOENT;
    /* links on the way are well, as long as they do not lead into another procfs */
    fd = path_open_in_root(rootfs->root, destination, O_PATH | O_NOFOLLOW, 0);
    if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISDIR(status.st_mode) || is_on_procfs(fd)))
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, ENOTDIR,
                           "it must be mounted on ordinary directory");
    return fd >= 0 ? take_fd(&fd) : -ENOENT;
}

static int make_target(int base, const char *path, int source, unsigned flags, bool *ret_made)
{
    enum path_kind kind = PATH_DIRECTORY;
    struct stat status;

    if (source >= 0) {
        if (fstat(source, &status) < 0)
            return -errno;
        if (!S_ISDIR(status.st_mode))
            kind = PATH_FILE;
    }
    return path_make_missing_in_root(base, path, kind, flags, ret_made);
}

/*
 * A directory right below our own new tmpfs of /dev is mostly not there yet: made without a look.
 * Any failure is for those who look.
 */
static int make_in_dev(const struct rootfs *rootfs, int base, const char *name)
{
    if (base != rootfs->dev || !rootfs->dev_is_new || strchr(name, '/') != NULL ||
        mkdirat(base, name, 0755) < 0)
        return -1;
    return openat(base, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Without links: from the mounts that are already there, where no decoy can get in between. */
static int open_straight(struct rootfs *rootfs, const char *destination, int source, bool *ret_made)
{
    const char *path;
    int base = rootfs_find_base(rootfs, destination, &path);
    int fd = source < 0 ? make_in_dev(rootfs, base, path) : -1;

    if (fd >= 0) {
        *ret_made = true;
        return fd;
    }
    fd = path_open_in_root(base, path, O_PATH, PATH_NO_SYMLINKS);
    return fd == -ENOENT ? make_target(base, path, source, PATH_NO_SYMLINKS, ret_made) : fd;
}

/* With links, which may lead anywhere below the root, but not into a procfs. */
static int open_by_links(struct rootfs *rootfs, const struct plan_mount *mount,
                         const char *destination, int source, bool *ret_made)
{
    int nofollow = mount->flags & PLAN_MOUNT_TARGET_NOFOLLOW ? O_NOFOLLOW : 0;
    _cleanup_close_ int fd = path_open_in_root(rootfs->root, destination, O_PATH | nofollow, 0);

    if (fd == -ENOENT)
        fd = make_target(rootfs->root, destination, source, 0, ret_made);
    /* without links the planner has seen where it leads */
    if (fd >= 0 && !(mount->flags & PLAN_MOUNT_ON_PROC) && is_on_procfs(fd))
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, EPERM,
                           "links lead the destination into /proc");
    return fd < 0 ? fd : take_fd(&fd);
}

int rootfs_open_target(struct rootfs *rootfs, const struct plan_mount *mount, int source,
                       bool *ret_made)
{
    const char *destination = plan_text(rootfs->plan, mount->destination);
    bool made = false;
    int fd = -ENOENT;

    if (has_type(rootfs, mount, "proc") || has_type(rootfs, mount, "sysfs"))
        fd = open_ordinary_directory(rootfs, mount, destination);
    if (fd == -ENOENT)
        fd = open_straight(rootfs, destination, source, &made);
    if (fd == -ELOOP)
        fd = open_by_links(rootfs, mount, destination, source, &made);
    if (fd < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, -fd,
                           "the destination cannot be opened or made");
    if (ret_made != NULL)
        *ret_made = made;
    return fd;
}

int rootfs_open_mounted(struct rootfs *rootfs, const struct plan_mount *mount, int target)
{
    const char *destination = plan_text(rootfs->plan, mount->destination);
    bool nofollow = mount->flags & PLAN_MOUNT_TARGET_NOFOLLOW;
    uint64_t below, above;
    _cleanup_close_ int fd = -1;

    /* what lies on the root itself is only seen from above */
    if (strcmp(destination, "/") == 0)
        fd = openat(AT_FDCWD, plan_text(rootfs->plan, rootfs->plan->rootfs.path),
                    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    else
        fd = path_open_in_root(rootfs->root, destination, O_PATH | (nofollow ? O_NOFOLLOW : 0), 0);
    if (fd < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, -fd, "it cannot be opened again");
    if (path_mount_id(target, &below) < 0 || path_mount_id(fd, &above) < 0 || below == above)
        return mount_error(rootfs, mount, ERROR_ROOTFS_UNSAFE, 0,
                           "somebody moved the destination meanwhile");
    return take_fd(&fd);
}

/*
 * The directory that was mounted on may have been moved away and another put in its place, by
 * somebody who shares it: then the container would see a false /proc or /sys.
 */
static int verify_pseudo(struct rootfs *rootfs, const struct plan_mount *mount,
                         const char *destination, bool proc)
{
    _cleanup_close_ int fd =
        path_open_in_root(rootfs->root, destination, O_PATH | O_DIRECTORY, PATH_NO_SYMLINKS);
    struct statfs file_system;
    struct stat status;
    bool good = false;

    if (fd >= 0 && proc)
        good = procfs_verify_root(fd);
    else if (fd >= 0)
        good = fstatfs(fd, &file_system) == 0 && file_system.f_type == SYSFS_MAGIC &&
               fstat(fd, &status) == 0 && status.st_ino == SYSFS_ROOT_INODE;
    if (!good)
        return mount_error(rootfs, mount, ERROR_ROOTFS_UNSAFE, 0,
                           "what is there after mounting is something else");
    return 0;
}

/* Replaces *@place by *@fd, which is taken over. */
static int keep(int *fd, int *place)
{
    close_fd(*place);
    *place = take_fd(fd);
    return 0;
}

int rootfs_note_mount(struct rootfs *rootfs, const struct plan_mount *mount, int *fd)
{
    const char *destination = plan_text(rootfs->plan, mount->destination);
    const bool proc = strcmp(destination, "/proc") == 0;
    const bool sys = strcmp(destination, "/sys") == 0;

    if (strcmp(destination, "/") == 0) {
        rootfs->dev = close_fd(rootfs->dev);
        rootfs->dev_is_new = false;
        rootfs->proc = close_fd(rootfs->proc);
        rootfs->sys = close_fd(rootfs->sys);
        return keep(fd, &rootfs->root);
    }
    if (strcmp(destination, "/dev") == 0) {
        rootfs->dev_is_new =
            has_type(rootfs, mount, "tmpfs") && (mount->flags & PLAN_MOUNT_TMPCOPYUP) == 0;
        return keep(fd, &rootfs->dev);
    }
    if (!proc && !sys)
        return 0;
    if (has_type(rootfs, mount, "proc") || has_type(rootfs, mount, "sysfs")) {
        int r = verify_pseudo(rootfs, mount, destination, has_type(rootfs, mount, "proc"));

        if (r < 0)
            return r;
    }
    return keep(fd, proc ? &rootfs->proc : &rootfs->sys);
}
