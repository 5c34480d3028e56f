/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rootfs/dev.h"

#include <errno.h>

#include "io/path.h"

int rootfs_open_dev(struct rootfs *rootfs)
{
    int fd;

    if (rootfs->dev >= 0)
        return rootfs->dev;
    fd = path_make_in_root(rootfs->root, "/dev", PATH_DIRECTORY, PATH_NO_SYMLINKS, NULL);
    if (fd == -ELOOP)
        return error_set(rootfs->error, ERROR_ROOTFS_UNSAFE, ELOOP,
                         "\"/dev\" of the container is a symbolic link");
    if (fd < 0)
        return error_set(rootfs->error, ERROR_DEVICE_FAILED, -fd,
                         "cannot open \"/dev\" of the container");
    rootfs->dev = fd;
    return fd;
}

int rootfs_console_error(struct rootfs *rootfs, int sys_errno, const char *what)
{
    const struct plan_origin origin = {.kind = ORIGIN_TERMINAL};
    int r = error_set(rootfs->error, ERROR_CONSOLE_FAILED, sys_errno,
                      "cannot mount the terminal on \"/dev/console\": %s", what);

    plan_origin_explain(rootfs->plan, origin, rootfs->error);
    return r;
}

int rootfs_open_console_target(struct rootfs *rootfs)
{
    int dev = rootfs_open_dev(rootfs), fd;

    if (dev < 0)
        return dev;
    fd = path_make_in_root(dev, "console", PATH_FILE, PATH_NO_SYMLINKS, NULL);
    if (fd == -ELOOP)
        return rootfs_console_error(rootfs, ELOOP, "it is a symbolic link");
    return fd < 0 ? rootfs_console_error(rootfs, -fd, "it cannot be opened or made") : fd;
}
