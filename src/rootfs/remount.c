/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes to what is mounted already ("remount"); in the stage. */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/syscalls.h"
#include "rootfs/filesystem_context.h"
#include "rootfs/mount_calls.h"
#include "rootfs/mount_changes.h"
#include "rootfs/mounts.h"

/* mount(2)'s way sets the mount's flags together with the file system's. */
static int reconfigure_by_mount(struct rootfs *rootfs, const struct plan_mount *mount, int fd)
{
    struct filesystem_request request = {
        .superblock_flags = mount->superblock_flags | MS_REMOUNT,
        .mount = mount,
    };
    int r = mount_read_attributes(fd, &request.attributes);

    if (r == 0) {
        request.attributes &= ~(mount->attributes_clear | mount->recursive_clear);
        request.attributes |= mount->attributes_set | mount->recursive_set;
        r = filesystem_mount(rootfs, &request, fd);
    }
    return r < 0 ? mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -r, "it cannot be reconfigured")
                 : 0;
}

/* New options for the file system itself. */
static int reconfigure(struct rootfs *rootfs, const struct plan_mount *mount, int fd)
{
    _cleanup_close_ int context = sys_fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
    int r;

    if (context < 0 && mount_call_is_missing(errno))
        return reconfigure_by_mount(rootfs, mount, fd);
    if (context < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, errno, "it cannot be reconfigured");
    r = filesystem_context_set_flags(context, mount->superblock_flags);
    if (r == 0)
        r = filesystem_context_set_data(context, rootfs->plan, mount);
    if (r == 0 && sys_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
        r = -errno;
    if (r == 0)
        return 0;
    filesystem_context_read_log(context, rootfs->error);
    return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -r, "it cannot be reconfigured");
}

int rootfs_remount(struct rootfs *rootfs, const struct plan_mount *mount)
{
    const char *destination = plan_text(rootfs->plan, mount->destination);
    _cleanup_close_ int fd = path_open_in_root(rootfs->root, destination, O_PATH, 0);
    int r;

    if (fd < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_TARGET, -fd, "there is nothing to remount");
    if (mount->superblock_flags != 0 || mount->data.count > 0) {
        r = reconfigure(rootfs, mount, fd);
        if (r < 0)
            return r;
    }
    r = mount_changes_apply(rootfs->plan, mount, fd);
    if (r < 0 && mount_call_is_missing(-r))
        return mount_change_attached(rootfs, mount, fd);
    if (r < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -r, "its options cannot be changed");
    return 0;
}
