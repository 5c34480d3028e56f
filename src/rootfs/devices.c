/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices and links below the container's /dev; in the stage.  Everything there is made relative
 * to one descriptor of that directory, opened without following a link.
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
#include "rootfs/dev.h"
#include "rootfs/mount_calls.h"

static int device_error(struct rootfs *rootfs, const struct plan_device *device, int sys_errno,
                        const char *what)
{
    const char *path = plan_text(rootfs->plan, device->path);
    int r = error_set(rootfs->error, ERROR_DEVICE_FAILED, sys_errno,
                      "cannot make the device \"%s\": %s", path, what);

    error_set_subject(rootfs->error, path);
    plan_origin_explain(rootfs->plan, device->origin, rootfs->error);
    return r;
}

/*
 * The directory for @path: below /dev from the descriptor of that.  *@ret_opened: what the caller
 * has to close.
 */
static int open_parent(struct rootfs *rootfs, const char *path, const char **ret_name,
                       int *ret_opened)
{
    int dev;

    if (strncmp(path, "/dev/", 5) != 0)
        return *ret_opened = path_make_parent_in_root(rootfs->root, path, 0, ret_name);
    dev = rootfs_open_dev(rootfs);
    if (dev >= 0 && strchr(path + 5, '/') != NULL)
        return *ret_opened = path_make_parent_in_root(dev, path + 5, PATH_NO_SYMLINKS, ret_name);
    *ret_name = path + 5;
    return dev;
}

static bool is_device(const struct stat *status, const struct plan_device *device)
{
    if ((status->st_mode & S_IFMT) != device->type)
        return false;
    return device->type == S_IFIFO || status->st_rdev == makedev(device->major, device->minor);
}

/*
 * What is at @name already.  Returns 1 when it is the device itself, 0 when there is (now) nothing,
 * or a negative errno value with the error set.
 */
static int clear_place(struct rootfs *rootfs, const struct plan_device *device, int parent,
                       const char *name)
{
    struct stat status;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : device_error(rootfs, device, errno, "its place is unusable");
    if (is_device(&status, device))
        return 1;
    if (S_ISDIR(status.st_mode))
        return device_error(rootfs, device, EISDIR, "there is a directory of that name");
    /* something the image came with: the device goes first */
    if (unlinkat(parent, name, 0) < 0)
        return device_error(rootfs, device, errno, "what is there cannot be removed");
    return 0;
}

/*
 * chmod of the node behind an O_PATH descriptor: by its name, whoever shares the directory could
 * put a link to a file of the host there a moment before.
 */
static int set_mode(struct rootfs *rootfs, int node, uint32_t mode)
{
    int procfs = rootfs_open_procfs(rootfs);
    char path[32];

    if (procfs < 0)
        return procfs;
    snprintf(path, sizeof(path), "self/fd/%d", node);
    return fchmodat(procfs, path, mode, 0) < 0 ? -errno : 0;
}

/* Mode and owner of a node that was there before. */
static int set_owner(struct rootfs *rootfs, int parent, const char *name,
                     const struct plan_device *device, bool made)
{
    _cleanup_close_ int node = -1;
    struct stat status;

    if (made && device->uid == 0 && device->gid == 0)
        return 0;
    if (made)
        return fchownat(parent, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno
                                                                                         : 0;
    node = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (node < 0 || fstat(node, &status) < 0)
        return -errno;
    if (!is_device(&status, device))
        return -EAGAIN;
    if ((status.st_mode & 07777) == device->mode && status.st_uid == device->uid &&
        status.st_gid == device->gid)
        return 0;
    if (fchownat(node, "", device->uid, device->gid, AT_EMPTY_PATH) < 0)
        return -errno;
    return set_mode(rootfs, node, device->mode);
}

/* Mounts the host's device of the same path on an empty file. */
static int bind_device(struct rootfs *rootfs, const struct plan_device *device, int parent,
                       const char *name)
{
    const char *source = plan_text(rootfs->plan, device->path);
    _cleanup_close_ int clone = -1, target = -1;
    struct stat status;
    int r;

    if (rootfs->legacy)
        clone = openat(AT_FDCWD, source, O_PATH | O_CLOEXEC);
    else
        clone = sys_open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (clone < 0 || fstat(clone, &status) < 0)
        return device_error(rootfs, device, errno,
                            "it cannot be made here, and the host's cannot be opened");
    if (!is_device(&status, device))
        return device_error(rootfs, device, ENODEV,
                            "it cannot be made here, and the host has another device there");
    target = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return device_error(rootfs, device, errno, "there is no file to mount the host's on");
    if (rootfs->legacy)
        r = mount_on_descriptor(rootfs, source, target, NULL, MS_BIND, NULL);
    else
        r = mount_attach(clone, target);
    return r < 0 ? device_error(rootfs, device, -r, "the host's cannot be mounted") : 0;
}

static int make_device(struct rootfs *rootfs, const struct plan_device *device)
{
    _cleanup_close_ int opened = -1;
    const char *name;
    int parent = open_parent(rootfs, plan_text(rootfs->plan, device->path), &name, &opened), r;

    if (parent < 0)
        return device_error(rootfs, device, -parent, "its directory cannot be opened or made");
    r = -EPERM;
    if (!rootfs->plan->rootfs.devices_by_bind || device->type == S_IFIFO)
        r = mknodat(parent, name, device->type | device->mode,
                    makedev(device->major, device->minor)) < 0
                ? -errno
                : 0;
    if (r == -EEXIST || r == -EPERM) {
        int present = clear_place(rootfs, device, parent, name);

        if (present < 0)
            return present;
        if (present > 0) {
            /* bound from the host by the config, or in a user namespace: not ours to change */
            r = set_owner(rootfs, parent, name, device, false);
            return r < 0 && r != -EPERM && r != -EROFS
                       ? device_error(rootfs, device, -r, "its mode or owner cannot be set")
                       : 0;
        }
        if (r == -EPERM)
            return bind_device(rootfs, device, parent, name);
        r = mknodat(parent, name, device->type | device->mode,
                    makedev(device->major, device->minor)) < 0
                ? -errno
                : 0;
        if (r == -EPERM)
            return bind_device(rootfs, device, parent, name);
    }
    if (r < 0)
        return device_error(rootfs, device, -r, "mknod failed");
    r = set_owner(rootfs, parent, name, device, true);
    return r < 0 ? device_error(rootfs, device, -r, "its owner cannot be set") : 0;
}

static int make_link(struct rootfs *rootfs, int dev, const char *target, const char *name)
{
    if (symlinkat(target, dev, name) == 0 || errno == EEXIST)
        return 0;
    return error_set(rootfs->error, ERROR_DEVICE_FAILED, errno, "cannot make the link \"/dev/%s\"",
                     name);
}

/* The spec's links. */
static int make_links(struct rootfs *rootfs)
{
    static const char *const links[][2] = {
        {"/proc/self/fd", "fd"},
        {"/proc/self/fd/0", "stdin"},
        {"/proc/self/fd/1", "stdout"},
        {"/proc/self/fd/2", "stderr"},
    };
    int dev = rootfs_open_dev(rootfs);
    struct stat status;

    if (dev < 0)
        return dev;
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        int r = make_link(rootfs, dev, links[i][0], links[i][1]);

        if (r < 0)
            return r;
    }
    if (rootfs->proc >= 0 && fstatat(rootfs->proc, "kcore", &status, AT_SYMLINK_NOFOLLOW) == 0) {
        int r = make_link(rootfs, dev, "/proc/kcore", "core");

        if (r < 0)
            return r;
    }
    /* terminals are those of the container's own devpts, not what an image or tmpfs has there */
    if (symlinkat("pts/ptmx", dev, "ptmx") == 0)
        return 0;
    if (errno == EEXIST && (unlinkat(dev, "ptmx", 0) == 0 || errno == EBUSY || errno == EISDIR))
        return make_link(rootfs, dev, "pts/ptmx", "ptmx");
    return error_set(rootfs->error, ERROR_DEVICE_FAILED, errno, "cannot make the link \"/dev/%s\"",
                     "ptmx");
}

int rootfs_make_devices(struct rootfs *rootfs)
{
    const struct plan_rootfs *plan = &rootfs->plan->rootfs;
    int r;

    plan_for_each(device, rootfs->plan, plan->devices, struct plan_device)
    {
        r = make_device(rootfs, device);
        if (r < 0)
            return r;
    }
    if (!plan->setup_dev)
        return 0;
    r = make_links(rootfs);
    if (r == 0 && rootfs->plan->process.terminal) {
        /* now, as the root may be read-only when the terminal comes */
        _cleanup_close_ int console = rootfs_open_console_target(rootfs);

        r = console < 0 ? console : 0;
    }
    return r;
}
