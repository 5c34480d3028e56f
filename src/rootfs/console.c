/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /dev/console is the container's terminal; in the stage. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "rootfs/dev.h"
#include "rootfs/mount_calls.h"

/* Unix98 pseudo terminals: the slaves' major numbers (devices.txt of the kernel) */
#define SLAVE_MAJOR_FIRST 136
#define SLAVE_MAJOR_LAST  143

/* Mounts the terminal, whose mount must be in this namespace for the kernel to clone it. */
static int attach(struct rootfs *rootfs, int slave, int target)
{
    _cleanup_close_ int clone =
        sys_open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    char source[32];

    if (clone >= 0)
        return mount_attach(clone, target);
    if (!mount_call_is_missing(errno))
        return -errno;
    snprintf(source, sizeof(source), "self/fd/%d", slave);
    return mount_on_descriptor(rootfs, source, target, NULL, MS_BIND, NULL);
}

int rootfs_attach_console(struct rootfs *rootfs, int slave)
{
    _cleanup_close_ int target = -1;
    struct stat status;
    int r;

    if (fstat(slave, &status) < 0)
        return rootfs_console_error(rootfs, errno, "the terminal is not open");
    if (!S_ISCHR(status.st_mode) || major(status.st_rdev) < SLAVE_MAJOR_FIRST ||
        major(status.st_rdev) > SLAVE_MAJOR_LAST)
        return rootfs_console_error(rootfs, ENOTTY, "it is no pseudo terminal");
    target = rootfs_open_console_target(rootfs);
    if (target < 0)
        return target;
    r = attach(rootfs, slave, target);
    if (r == -EINVAL)
        return rootfs_console_error(rootfs, EINVAL,
                                    "the terminal is not of the container's own devpts");
    return r < 0 ? rootfs_console_error(rootfs, -r, "the mount failed") : 0;
}
