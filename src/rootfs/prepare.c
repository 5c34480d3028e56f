/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detached mounts for the stage; in dray. */
#include "rootfs/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "rootfs/idmap_namespace.h"
#include "rootfs/mount_changes.h"

struct preparing {
    struct plan *plan;
    struct error *error;
    int idmap;                      /* the user namespace made last, and for which mappings */
    const struct plan_mount *owner; /* the mount it was made for */
};

static struct plan_mount *mounts_of(struct plan *plan)
{
    return (struct plan_mount *)(void *)((char *)plan + plan->rootfs.mounts.offset);
}

static int prepare_error(struct preparing *preparing, const struct plan_mount *mount,
                         enum error_code code, int sys_errno, const char *reason)
{
    const char *destination = plan_text(preparing->plan, mount->destination);
    int r =
        error_set(preparing->error, code, sys_errno, "cannot mount \"%.200s\" on \"%.200s\": %s",
                  plan_text(preparing->plan, mount->source), destination, reason);

    error_set_subject(preparing->error, destination);
    plan_origin_explain(preparing->plan, mount->origin, preparing->error);
    return r;
}

static bool has_user_namespace(const struct plan *plan)
{
    return (plan->namespaces.clone_flags | plan->namespaces.joined) & CLONE_NEWUSER;
}

/*
 * A clone is a peer of what it was cloned from: mounts made in it would appear on the host.  In a
 * user namespace that is never wanted (the kernel also cuts it when it copies the mounts for one),
 * elsewhere only when the config asks for a shared root.
 */
static int make_slave(const struct plan *plan, int fd)
{
    const struct mount_attributes slave = {.propagation = MS_SLAVE};

    if (plan->rootfs.propagation & MS_SHARED && !has_user_namespace(plan))
        return 0;
    return sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave) < 0 ? -errno : 0;
}

/* The user namespace of a container that joins one. */
static int open_joined(const struct plan *plan)
{
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        int fd;

        if (join->type != CLONE_NEWUSER)
            continue;
        fd = join->descriptor >= 0 ? fcntl(join->descriptor, F_DUPFD_CLOEXEC, 0)
                                   : openat(AT_FDCWD, plan_text(plan, join->path),
                                            O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return fd < 0 ? -errno : fd;
    }
    return -ENOENT;
}

static bool same_map(const struct plan *plan, struct plan_array a, struct plan_array b)
{
    return a.count == b.count && memcmp(plan_items(plan, a, char), plan_items(plan, b, char),
                                        a.count * sizeof(struct plan_idmap)) == 0;
}

/* The user namespace whose mappings @mount wants; mounts in a row often want the same. */
static int find_idmap(struct preparing *preparing, const struct plan_mount *mount)
{
    const struct plan *plan = preparing->plan;
    const struct plan_mount *owner = preparing->owner;
    bool own = mount->uid_map.count > 0;
    int fd;

    if (owner != NULL && same_map(plan, owner->uid_map, mount->uid_map) &&
        same_map(plan, owner->gid_map, mount->gid_map))
        return preparing->idmap;
    if (own)
        fd = idmap_namespace_make(plan, mount->uid_map, mount->gid_map);
    else if (plan->namespaces.joined & CLONE_NEWUSER)
        fd = open_joined(plan);
    else
        fd = idmap_namespace_make(plan, plan->namespaces.uid_map, plan->namespaces.gid_map);
    if (fd < 0)
        return prepare_error(preparing, mount, ERROR_MOUNT_IDMAP, -fd,
                             "no user namespace can be had for its mappings");
    close_fd(preparing->idmap);
    preparing->idmap = fd;
    preparing->owner = mount;
    return fd;
}

static int apply_idmap(struct preparing *preparing, const struct plan_mount *mount, int fd)
{
    struct mount_attributes attributes = {.attr_set = MOUNT_ATTR_IDMAP};
    int namespace = find_idmap(preparing, mount);
    bool tree = mount->flags & PLAN_MOUNT_IDMAP_RECURSIVE;

    if (namespace < 0)
        return namespace;
    attributes.userns_fd = (uint64_t) namespace;
    if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (tree ? AT_RECURSIVE : 0), &attributes) == 0)
        return 0;
    if (errno == ENOSYS)
        return prepare_error(preparing, mount, ERROR_KERNEL_TOO_OLD, ENOSYS,
                             "idmapped mounts need Linux 5.12");
    return prepare_error(preparing, mount, ERROR_MOUNT_IDMAP, errno,
                         errno == EINVAL ? "its file system does not support idmapped mounts"
                                         : "it cannot be idmapped");
}

static bool is_link_to_copy(const struct plan *plan, const struct plan_mount *mount)
{
    struct stat status;

    return mount->flags & PLAN_MOUNT_COPY_SYMLINK &&
           lstat(plan_text(plan, mount->source), &status) == 0 && S_ISLNK(status.st_mode);
}

static int prepare_mount(struct preparing *preparing, struct plan_mount *mount)
{
    const char *source = plan_text(preparing->plan, mount->source);
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                     (mount->flags & PLAN_MOUNT_RECURSIVE ? AT_RECURSIVE : 0) |
                     (mount->flags & PLAN_MOUNT_SOURCE_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
    _cleanup_close_ int fd = -1;
    int r;

    if (is_link_to_copy(preparing->plan, mount))
        return 0;
    fd = sys_open_tree(AT_FDCWD, source, flags);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM) && !(mount->flags & PLAN_MOUNT_IDMAP))
        return 0; /* then the stage tries it its own way */
    if (fd < 0)
        return prepare_error(preparing, mount,
                             errno == ENOENT ? ERROR_MOUNT_SOURCE_MISSING : ERROR_MOUNT_FAILED,
                             errno, "the source cannot be opened");
    r = make_slave(preparing->plan, fd);
    if (r == -ENOSYS && !(mount->flags & PLAN_MOUNT_IDMAP))
        return 0;
    if (r < 0)
        return prepare_error(preparing, mount, ERROR_MOUNT_FAILED, -r,
                             "its propagation cannot be set");
    if (mount->flags & PLAN_MOUNT_IDMAP) {
        r = apply_idmap(preparing, mount, fd);
        if (r < 0)
            return r;
    }
    r = mount_changes_apply(preparing->plan, mount, fd);
    if (r < 0)
        return prepare_error(preparing, mount, ERROR_MOUNT_FAILED, -r, "its options cannot be set");
    mount->descriptor = take_fd(&fd);
    return 0;
}

/* In a user namespace the stage may not be able to reach the root's path. */
static int prepare_root(struct preparing *preparing)
{
    struct plan_rootfs *rootfs = &preparing->plan->rootfs;
    const struct plan_origin origin = {.kind = ORIGIN_ROOT_PATH};
    _cleanup_close_ int fd = -1;
    int r = 0;

    if (!has_user_namespace(preparing->plan) || !rootfs->private_mounts)
        return 0;
    fd = sys_open_tree(AT_FDCWD, plan_text(preparing->plan, rootfs->path),
                       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return 0;
    if (fd < 0)
        r = -errno;
    else
        r = make_slave(preparing->plan, fd);
    if (r == -ENOSYS)
        return 0;
    if (r == 0) {
        rootfs->descriptor = take_fd(&fd);
        return 0;
    }
    r = error_set(preparing->error, r == -ENOENT ? ERROR_ROOTFS_MISSING : ERROR_MOUNT_FAILED, -r,
                  "cannot clone the root directory \"%s\"",
                  plan_text(preparing->plan, rootfs->path));
    plan_origin_explain(preparing->plan, origin, preparing->error);
    return r;
}

int rootfs_prepare_mounts(struct plan *plan, struct error *error)
{
    struct preparing preparing = {.plan = plan, .error = error, .idmap = -1};
    struct plan_mount *mounts = mounts_of(plan);
    int r = prepare_root(&preparing);

    for (uint32_t i = 0; r == 0 && i < plan->rootfs.mounts.count; i++)
        if (mounts[i].flags & PLAN_MOUNT_BY_DRAY)
            r = prepare_mount(&preparing, &mounts[i]);
    close_fd(preparing.idmap);
    if (r < 0)
        rootfs_close_prepared(plan);
    return r;
}

void rootfs_close_prepared(struct plan *plan)
{
    struct plan_mount *mounts = mounts_of(plan);

    plan->rootfs.descriptor = close_fd(plan->rootfs.descriptor);
    for (uint32_t i = 0; i < plan->rootfs.mounts.count; i++)
        mounts[i].descriptor = close_fd(mounts[i].descriptor);
}
