/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Read-only paths and the read-only root; in the stage. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/syscalls.h"
#include "rootfs/covers.h"
#include "rootfs/mount_calls.h"

/*
 * mount(2)'s way: bind the path on itself and make what is on top read-only.  What lies on top of
 * @target is looked up once more, and must be the same file on another mount.
 */
static int protect_by_mount(struct rootfs *rootfs, const struct plan_path *path, int target)
{
    _cleanup_close_ int mounted = -1;
    uint64_t below, above;
    char source[32];
    int r;

    snprintf(source, sizeof(source), "self/fd/%d", target);
    r = mount_on_descriptor(rootfs, source, target, NULL, MS_BIND | MS_REC, NULL);
    if (r < 0)
        return r;
    mounted = rootfs_open_covered(rootfs, path);
    if (mounted < 0)
        return mounted;
    if (path_mount_id(target, &below) < 0 || path_mount_id(mounted, &above) < 0 || below == above)
        return -EAGAIN;
    return mount_change(rootfs, mounted, MOUNT_ATTR_RDONLY, 0, 0);
}

static int protect(struct rootfs *rootfs, const struct plan_path *path, int target)
{
    _cleanup_close_ int clone = -1;
    int r;

    if (rootfs->legacy)
        return protect_by_mount(rootfs, path, target);
    clone = sys_open_tree(target, "",
                          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (clone < 0)
        return -errno;
    r = mount_attach(clone, target);
    return r < 0 ? r : mount_change(rootfs, clone, MOUNT_ATTR_RDONLY, 0, 0);
}

static int end_mounts(struct rootfs *rootfs)
{
    for (uint32_t i = 0; i < rootfs->readonly_last_count; i++) {
        int r = mount_change(rootfs, rootfs->readonly_last[i], MOUNT_ATTR_RDONLY, 0, 0);

        if (r < 0)
            return error_set(rootfs->error, ERROR_MOUNT_FAILED, -r,
                             "cannot make a tmpfs of the container read-only");
    }
    return 0;
}

int rootfs_make_readonly(struct rootfs *rootfs)
{
    const struct plan_rootfs *plan = &rootfs->plan->rootfs;
    const struct plan_origin origin = {.kind = ORIGIN_ROOT_READONLY};
    int r;

    r = end_mounts(rootfs);
    if (r < 0)
        return r;
    plan_for_each(path, rootfs->plan, plan->readonly_paths, struct plan_path)
    {
        _cleanup_close_ int target = rootfs_open_covered(rootfs, path);

        if (target == -ENOENT)
            continue;
        if (target < 0)
            return target;
        r = protect(rootfs, path, target);
        if (r < 0)
            return rootfs_cover_error(rootfs, path, -r, "make read-only the path");
    }
    if (plan->readonly) {
        r = mount_change(rootfs, rootfs->root, MOUNT_ATTR_RDONLY, 0, 0);
        if (r < 0) {
            r = error_set(rootfs->error, ERROR_MOUNT_FAILED, -r,
                          "cannot make the container's root read-only");
            plan_origin_explain(rootfs->plan, origin, rootfs->error);
            return r;
        }
    }
    return 0;
}
