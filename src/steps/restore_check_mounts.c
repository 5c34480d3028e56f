/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the restored first process sees of namespaces and mounts; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "io/path.h"
#include "io/syscalls.h"
#include "steps/restore.h"
#include "steps/restore_check.h"

#define TMPFS_MAGIC_NUMBER 0x01021994 /* <linux/magic.h> */

static const struct {
    uint64_t type;
    const char *name;
} namespace_files[] = {
    {CLONE_NEWNS, "mnt"},        {CLONE_NEWPID, "pid"}, {CLONE_NEWNET, "net"},
    {CLONE_NEWIPC, "ipc"},       {CLONE_NEWUTS, "uts"}, {CLONE_NEWUSER, "user"},
    {CLONE_NEWCGROUP, "cgroup"},
};

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The next number of a line of a map. */
static bool next_number(const char **text, uint32_t *ret)
{
    uint64_t value;

    while (**text == ' ')
        (*text)++;
    if (parse_u64_prefix(text, &value) < 0 || value > UINT32_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

/* The maps of the new namespace are those of the plan, in whatever order. */
static bool has_map(const struct plan *plan, pid_t pid, const char *file, struct plan_array map)
{
    char path[40], text[16384];
    const char *next = text;
    struct plan_idmap line;
    unsigned count = 0;

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) < 0)
        return false;
    while (next_number(&next, &line.container_id) && next_number(&next, &line.host_id) &&
           next_number(&next, &line.size)) {
        bool found = false;

        plan_for_each(entry, plan, map, struct plan_idmap) found |=
            memcmp(entry, &line, sizeof(line)) == 0;
        if (!found)
            return false;
        count++;
        next += *next == '\n';
    }
    return count == map.count;
}

static int check_namespace(struct operation *operation, uint64_t type, const char *name)
{
    const struct plan_namespaces *namespaces = &operation_plan(operation)->namespaces;
    bool own = ((namespaces->clone_flags | namespaces->late_flags) & type) != 0;
    bool joined = (namespaces->joined & type) != 0;
    pid_t pid = operation->stage.identity.pid;
    struct stat theirs, ours;
    char path[40], what[80];

    snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
    if (stat(path, &theirs) < 0)
        return error_set(operation->error, ERROR_SYSTEM, errno, "cannot look at \"%s\"", path);
    snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
    if (stat(path, &ours) < 0)
        return error_set(operation->error, ERROR_SYSTEM, errno, "cannot look at \"%s\"", path);
    snprintf(what, sizeof(what), "not the %s namespace that the configuration gives", name);
    if (own && is_same(&theirs, &ours))
        return restore_refuse(operation, pid, what);
    /* a user namespace of its own would have the maps of the images */
    if (!own && !joined && type == CLONE_NEWUSER && !is_same(&theirs, &ours))
        return restore_refuse(operation, pid, what);
    return 0;
}

static int check_joined(struct operation *operation, const struct plan_join *join)
{
    pid_t pid = operation->stage.identity.pid;

    for (size_t i = 0; i < ARRAY_SIZE(namespace_files); i++) {
        char path[40], what[80];
        struct stat theirs, wanted;

        if (namespace_files[i].type != join->type)
            continue;
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, namespace_files[i].name);
        snprintf(what, sizeof(what), "not the %s namespace that the configuration names",
                 namespace_files[i].name);
        if (stat(path, &theirs) < 0 || fstat(join->descriptor, &wanted) < 0 ||
            !is_same(&theirs, &wanted))
            return restore_refuse(operation, pid, what);
    }
    return 0;
}

int restore_check_namespaces(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    pid_t pid = operation->stage.identity.pid;
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(namespace_files); i++)
        r = check_namespace(operation, namespace_files[i].type, namespace_files[i].name);
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        if (r == 0)
            r = check_joined(operation, join);
    }
    if (r == 0 && (plan->namespaces.clone_flags & CLONE_NEWUSER) != 0 &&
        (!has_map(plan, pid, "uid_map", plan->namespaces.uid_map) ||
         !has_map(plan, pid, "gid_map", plan->namespaces.gid_map)))
        r = restore_refuse(operation, pid, "not the id maps that the configuration gives");
    return r;
}

static int refuse_mount(struct operation *operation, plan_string path, struct plan_origin origin,
                        const char *what)
{
    const struct plan *plan = operation_plan(operation);
    int r = error_set(operation->error, ERROR_RESTORE_REFUSED, EPERM,
                      "in the checkpoint \"%s\" is not %s, as the configuration has it",
                      plan_text(plan, path), what);

    plan_origin_explain(plan, origin, operation->error);
    return r;
}

/* Flags of the mount that a path is on; what is not there can do no harm. */
static int find_flags(int root, const char *path, unsigned long *ret)
{
    _cleanup_close_ int fd = path_open_in_root(root, path, O_PATH, 0);
    struct statvfs status;

    if (fd < 0)
        return fd;
    if (fstatvfs(fd, &status) < 0)
        return -errno;
    *ret = status.f_flag;
    return 0;
}

/* A later mount on the same place says what that place is like. */
static bool is_covered(const struct plan *plan, const struct plan_mount *mount)
{
    const struct plan_mount *end =
        plan_items(plan, plan->rootfs.mounts, struct plan_mount) + plan->rootfs.mounts.count;

    for (const struct plan_mount *later = mount + 1; later < end; later++) {
        if (strcmp(plan_text(plan, later->destination), plan_text(plan, mount->destination)) == 0)
            return true;
    }
    return false;
}

static int check_mount(struct operation *operation, int root, const struct plan_mount *mount)
{
    static const struct {
        uint64_t attribute;
        unsigned long flag;
        const char *word;
    } rows[] = {
        {MOUNT_ATTR_RDONLY, ST_RDONLY, "read-only"},
        {MOUNT_ATTR_NOSUID, ST_NOSUID, "nosuid"},
        {MOUNT_ATTR_NODEV, ST_NODEV, "nodev"},
        {MOUNT_ATTR_NOEXEC, ST_NOEXEC, "noexec"},
    };
    const struct plan *plan = operation_plan(operation);
    uint64_t wanted = mount->attributes_set | mount->recursive_set;
    unsigned long flags;
    int r = find_flags(root, plan_text(plan, mount->destination), &flags);

    if (r == -ENOENT || is_covered(plan, mount))
        return 0;
    if (r < 0)
        return refuse_mount(operation, mount->destination, mount->origin, "to be reached");
    if ((mount->superblock_flags & MS_RDONLY) != 0)
        wanted |= MOUNT_ATTR_RDONLY;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if ((wanted & rows[i].attribute) != 0 && (flags & rows[i].flag) == 0)
            return refuse_mount(operation, mount->destination, mount->origin, rows[i].word);
    }
    return 0;
}

/* An empty read-only tmpfs, or a null device (rootfs/masked.c). */
static bool is_masked(int root, const char *path)
{
    _cleanup_close_ int fd = path_open_in_root(root, path, O_PATH, 0);
    struct statvfs flags;
    struct statfs filesystem;
    struct stat status;

    if (fd == -ENOENT)
        return true;
    if (fd < 0 || fstat(fd, &status) < 0 || fstatfs(fd, &filesystem) < 0 ||
        fstatvfs(fd, &flags) < 0)
        return false;
    if (S_ISCHR(status.st_mode))
        return status.st_rdev == makedev(1, 3);
    return S_ISDIR(status.st_mode) && filesystem.f_type == TMPFS_MAGIC_NUMBER &&
           (flags.f_flag & ST_RDONLY) != 0;
}

static int check_paths(struct operation *operation, int root)
{
    const struct plan *plan = operation_plan(operation);
    unsigned long flags;

    plan_for_each(path, plan, plan->rootfs.masked, struct plan_path)
    {
        if (!is_masked(root, plan_text(plan, path->path)))
            return refuse_mount(operation, path->path, path->origin, "masked");
    }
    plan_for_each(path, plan, plan->rootfs.readonly_paths, struct plan_path)
    {
        int r = find_flags(root, plan_text(plan, path->path), &flags);

        if (r != -ENOENT && (r < 0 || (flags & ST_RDONLY) == 0))
            return refuse_mount(operation, path->path, path->origin, "read-only");
    }
    return 0;
}

int restore_check_mounts(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    bool readonly = plan->rootfs.readonly && plan->rootfs.private_mounts;
    _cleanup_close_ int root = -1;
    struct statvfs status;
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/root", operation->stage.identity.pid);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || fstatvfs(root, &status) < 0)
        return error_set(operation->error, ERROR_SYSTEM, errno, "cannot look at \"%s\"", path);
    if (readonly && (status.f_flag & ST_RDONLY) == 0) {
        int r = restore_make_root_readonly(operation->stage.identity.pid, operation->error);

        if (r < 0)
            return r;
    }
    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        int r = check_mount(operation, root, mount);

        if (r < 0)
            return r;
    }
    return check_paths(operation, root);
}
