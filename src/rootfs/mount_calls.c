/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mount system calls on descriptors; in the stage. */
#include "rootfs/mount_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "rootfs/mount_changes.h"

/* mount(2)'s flag of each attribute, and statvfs(3)'s. */
static const struct {
    uint64_t attribute;
    unsigned long flag;
    unsigned long status;
} flags_of_attributes[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY},
    {MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID},
    {MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV},
    {MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC},
    {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME},
    {MOUNT_ATTR_NOSYMFOLLOW, 256 /* MS_NOSYMFOLLOW */, 0x2000 /* ST_NOSYMFOLLOW */},
    {MOUNT_ATTR_NOATIME, MS_NOATIME, ST_NOATIME},
};

bool mount_call_is_missing(int sys_errno)
{
    return sys_errno == ENOSYS || sys_errno == EPERM;
}

int mount_attach(int mount, int target)
{
    if (sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
        0)
        return -errno;
    return 0;
}

int mount_on_descriptor(struct rootfs *rootfs, const char *source, int target, const char *type,
                        unsigned long flags, const char *data)
{
    int procfs = rootfs_open_procfs(rootfs);
    _cleanup_close_ int here = -1;
    char path[32];
    int r;

    if (procfs < 0)
        return procfs;
    here = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here < 0 || fchdir(procfs) < 0)
        return -errno;
    snprintf(path, sizeof(path), "self/fd/%d", target);
    r = mount(source, path, type, flags, data) < 0 ? -errno : 0;
    return fchdir(here) < 0 ? -errno : r;
}

int mount_read_attributes(int mount, uint64_t *ret)
{
    struct statvfs status;

    if (fstatvfs(mount, &status) < 0)
        return -errno;
    *ret = 0;
    for (size_t i = 0; i < ARRAY_SIZE(flags_of_attributes); i++)
        if (status.f_flag & flags_of_attributes[i].status)
            *ret |= flags_of_attributes[i].attribute;
    return 0;
}

unsigned long mount_flags_of_attributes(uint64_t attributes)
{
    unsigned long flags = 0;

    for (size_t i = 0; i < ARRAY_SIZE(flags_of_attributes); i++)
        if (attributes & flags_of_attributes[i].attribute)
            flags |= flags_of_attributes[i].flag;
    if (attributes & MOUNT_ATTR_STRICTATIME)
        flags |= MS_STRICTATIME;
    return flags;
}

/* mount(2) sets all flags of a mount at once: those it has now must be repeated. */
static int change_by_remount(struct rootfs *rootfs, int mount, uint64_t set, uint64_t clear)
{
    uint64_t attributes;
    unsigned long flags;
    int r = mount_read_attributes(mount, &attributes);

    if (r < 0)
        return r;
    flags = mount_flags_of_attributes((attributes & ~clear) | set);
    if (!(flags & (MS_STRICTATIME | MS_NOATIME)))
        flags |= MS_RELATIME;
    return mount_on_descriptor(rootfs, NULL, mount, NULL, MS_REMOUNT | MS_BIND | flags, NULL);
}

int mount_change(struct rootfs *rootfs, int mount, uint64_t set, uint64_t clear,
                 unsigned long propagation)
{
    const struct mount_attributes attributes = {
        .attr_set = set, .attr_clr = clear, .propagation = propagation};
    int r = 0;

    if (sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attributes) == 0)
        return 0;
    if (!mount_call_is_missing(errno))
        return -errno;
    if ((set | clear) != 0)
        r = change_by_remount(rootfs, mount, set, clear);
    if (r == 0 && propagation != 0)
        r = mount_on_descriptor(rootfs, NULL, mount, NULL, propagation, NULL);
    return r;
}

int mount_change_tree(int mount, uint64_t set, uint64_t clear, unsigned long propagation)
{
    const struct mount_attributes attributes = {
        .attr_set = set, .attr_clr = clear, .propagation = propagation};

    return sys_mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes) < 0 ? -errno : 0;
}

int mount_change_attached(struct rootfs *rootfs, const struct plan_mount *plan, int mount)
{
    bool tree = plan->flags & PLAN_MOUNT_RECURSIVE;
    uint64_t set = plan->attributes_set, clear = plan->attributes_clear;
    int r = 0;

    if (!tree) {
        set |= plan->recursive_set;
        clear |= plan->recursive_clear;
    } else if ((plan->recursive_set | plan->recursive_clear) != 0) {
        return mount_error(rootfs, plan, ERROR_KERNEL_TOO_OLD, ENOSYS,
                           "recursive options need mount_setattr (Linux 5.12)");
    }
    if ((set | clear) != 0)
        r = mount_change(rootfs, mount, set, clear, 0);
    for (uint32_t i = 0; r == 0 && i < plan->propagation.count; i++)
        r = mount_on_descriptor(rootfs, NULL, mount, NULL,
                                plan_items(rootfs->plan, plan->propagation, uint32_t)[i], NULL);
    if (r < 0)
        return mount_error(rootfs, plan, ERROR_MOUNT_FAILED, -r, "its options cannot be set");
    return 0;
}

int mount_explain(struct rootfs *rootfs, const struct plan_mount *plan, int source, int target,
                  int sys_errno)
{
    struct stat from, to;

    if ((sys_errno == EINVAL || sys_errno == ENOTDIR) && fstat(source, &from) == 0 &&
        fstat(target, &to) == 0 && S_ISDIR(from.st_mode) != S_ISDIR(to.st_mode))
        return mount_error(rootfs, plan, ERROR_MOUNT_TARGET, ENOTDIR,
                           S_ISDIR(to.st_mode) ? "a file cannot be mounted on a directory"
                                               : "a directory cannot be mounted on a file");
    return mount_error(rootfs, plan, ERROR_MOUNT_FAILED, sys_errno, NULL);
}

int mount_attach_planned(struct rootfs *rootfs, const struct plan_mount *plan, int mount,
                         int target)
{
    int r = mount_attach(mount, target);

    return r < 0 ? mount_explain(rootfs, plan, mount, target, -r) : 0;
}

int mount_place(struct rootfs *rootfs, const struct plan_mount *plan, int mount, int target)
{
    int changed = mount_changes_apply(rootfs->plan, plan, mount);
    int r;

    if (changed < 0 && !mount_call_is_missing(-changed))
        return mount_error(rootfs, plan, ERROR_MOUNT_FAILED, -changed, "its options cannot be set");
    r = mount_attach_planned(rootfs, plan, mount, target);
    if (r < 0)
        return r;
    return changed < 0 ? mount_change_attached(rootfs, plan, mount) : 0;
}

int mount_error(struct rootfs *rootfs, const struct plan_mount *plan, enum error_code code,
                int sys_errno, const char *reason)
{
    const char *source = plan_text(rootfs->plan, plan->source);
    const char *destination = plan_text(rootfs->plan, plan->destination);
    int r;

    if (source == NULL)
        source = plan_text(rootfs->plan, plan->type);
    if (source == NULL)
        r = error_set(rootfs->error, code, sys_errno, "cannot remount \"%.250s\"%s%s", destination,
                      reason != NULL ? ": " : "", reason != NULL ? reason : "");
    else
        r = error_set(rootfs->error, code, sys_errno, "cannot mount \"%.200s\" on \"%.200s\"%s%s",
                      source, destination, reason != NULL ? ": " : "",
                      reason != NULL ? reason : "");
    error_set_subject(rootfs->error, destination);
    plan_origin_explain(rootfs->plan, plan->origin, rootfs->error);
    return r;
}
