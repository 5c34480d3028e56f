/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage's rows that change the mounts of a running container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/procfs.h"
#include "rootfs/mounts.h"
#include "stage/stage.h"

/* Of the caller's PID namespace, while we can make one: umount2(2) takes no descriptor. */
int stage_open_procfs(struct stage *stage)
{
    stage->procfs = procfs_open(stage->error);
    return stage->procfs < 0 ? stage->procfs : 0;
}

static int open_root(struct stage *stage)
{
    rootfs_init(&stage->rootfs, stage->plan, stage->error);
    stage->rootfs.root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (stage->rootfs.root < 0)
        return error_set(stage->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot open the root directory of the container");
    return 0;
}

/* That very mount, wherever it is; processes that use it keep what they have open. */
static int unmount(struct stage *stage, int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "self/fd/%d", fd);
    if (fchdir(stage->procfs) < 0 || umount2(path, MNT_DETACH) < 0)
        return -errno;
    return 0;
}

/* All of them or none: the descriptors still are the mounts when these have been attached. */
static void take_back(struct stage *stage, const struct plan_mount *end)
{
    const struct plan *plan = stage->plan;
    const struct plan_mount *first = plan_items(plan, plan->rootfs.mounts, struct plan_mount);

    while (end-- > first)
        unmount(stage, end->descriptor);
}

int stage_add_mounts(struct stage *stage)
{
    const struct plan *plan = stage->plan;
    int r = open_root(stage);

    if (r < 0)
        return r;
    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        /* without a descriptor the source would be looked up in here */
        r = mount->descriptor >= 0 ? rootfs_mount_bind(&stage->rootfs, mount) : -EPROTO;
        if (r < 0) {
            take_back(stage, mount);
            return r;
        }
    }
    return 0;
}

static int remove_mount(struct stage *stage, const struct plan_unmount *planned)
{
    const char *path = plan_text(stage->plan, planned->path);
    _cleanup_close_ int fd =
        path_open_in_root(stage->rootfs.root, path, O_PATH | O_NOFOLLOW, PATH_NO_SYMLINKS);
    uint64_t id = 0;
    int r = fd < 0 ? fd : path_mount_id(fd, &id);

    if (r >= 0 && id != planned->id)
        r = -EBUSY;
    if (r >= 0)
        r = unmount(stage, fd);
    if (r >= 0)
        return 0;
    plan_origin_explain(stage->plan, planned->origin, stage->error);
    return error_set(stage->error, ERROR_MOUNT_TARGET, -r,
                     "cannot remove the mount on \"%.200s\"%s",
                     plan_text(stage->plan, planned->destination),
                     r == -EBUSY ? ": something else lies on it" : "");
}

int stage_remove_mounts(struct stage *stage)
{
    const struct plan *plan = stage->plan;
    int r = open_root(stage);

    plan_for_each(planned, plan, plan->unmounts, struct plan_unmount)
    {
        if (r == 0)
            r = remove_mount(stage, planned);
    }
    return r;
}
