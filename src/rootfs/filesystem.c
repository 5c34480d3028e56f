/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts with a file system of their own: proc, sysfs, tmpfs, overlay …; in the stage. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "plan/steps.h"
#include "rootfs/filesystem_context.h"
#include "rootfs/mount_calls.h"
#include "rootfs/mounts.h"

#define OPTION_VALUE_MAX 255  /* what fsconfig(2) takes */
#define MOUNT_DATA_SIZE  4096 /* what mount(2) takes: a page */

/* Superblock flags that fsconfig(2) has no name for. */
#define FLAGS_ONLY_FOR_MOUNT (MS_I_VERSION | MS_POSIXACL | MS_SILENT)

/* The procfs of the PID namespace that is entered last: mount(2) would show the caller's. */
static const struct plan_join *find_pid_namespace(const struct rootfs *rootfs,
                                                  const struct filesystem_request *request)
{
    if (strcmp(request->type, "proc") != 0 || !plan_enters_last(rootfs->plan))
        return NULL;
    plan_for_each(join, rootfs->plan, rootfs->plan->namespaces.joins, struct plan_join)
    {
        if (join->type == CLONE_NEWPID)
            return join;
    }
    return NULL;
}

static bool needs_mount(const struct rootfs *rootfs, const struct filesystem_request *request)
{
    if (rootfs->legacy || request->superblock_flags & FLAGS_ONLY_FOR_MOUNT)
        return true;
    for (uint32_t i = 0; request->mount != NULL && i < request->mount->data.count; i++) {
        const char *option = plan_text_at(rootfs->plan, request->mount->data, i);
        const char *value = strchr(option, '=');

        if (value != NULL && strlen(value + 1) > OPTION_VALUE_MAX)
            return true;
    }
    return false;
}

static int configure(struct rootfs *rootfs, const struct filesystem_request *request, int context,
                     const struct plan_join *pid_namespace)
{
    int r = 0;

    if (pid_namespace != NULL && !rootfs->plan->namespaces.procfs_by_opener &&
        sys_fsconfig(context, FSCONFIG_SET_FD, "pidns", NULL, pid_namespace->descriptor) < 0)
        return -errno;
    if (request->source != NULL &&
        sys_fsconfig(context, FSCONFIG_SET_STRING, "source", request->source, 0) < 0)
        return -errno;
    if (request->superblock_flags != 0)
        r = filesystem_context_set_flags(context, request->superblock_flags);
    if (r == 0 && request->options != NULL)
        r = filesystem_context_set_options(context, request->options);
    if (r == 0 && request->mount != NULL)
        r = filesystem_context_set_data(context, rootfs->plan, request->mount);
    if (r == 0 && sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        r = -errno;
    return r;
}

int filesystem_make(struct rootfs *rootfs, const struct filesystem_request *request)
{
    const struct plan_join *pid_namespace = find_pid_namespace(rootfs, request);
    _cleanup_close_ int context = -1;
    int r;

    if (pid_namespace == NULL && needs_mount(rootfs, request))
        return -ENOSYS;
    context = pid_namespace != NULL && rootfs->plan->namespaces.procfs_by_opener
                  ? take_fd(&rootfs->procfs_context)
                  : sys_fsopen(request->type, FSOPEN_CLOEXEC);
    if (context < 0 && pid_namespace != NULL)
        return -EOPNOTSUPP;
    if (context < 0)
        return mount_call_is_missing(errno) ? -ENOSYS : -errno;
    r = configure(rootfs, request, context, pid_namespace);
    if (r == 0) {
        r = sys_fsmount(context, FSMOUNT_CLOEXEC, (unsigned)request->attributes);
        if (r >= 0)
            return r;
        r = -errno;
    }
    filesystem_context_read_log(context, rootfs->error);
    return r == -ENOSYS ? -EINVAL : r;
}

/* Adds @option to the comma separated list @data. */
static bool append(char data[static MOUNT_DATA_SIZE], const char *option)
{
    size_t used = strlen(data), length = strlen(option);

    if (used + length + 2 > MOUNT_DATA_SIZE)
        return false;
    if (used > 0)
        data[used++] = ',';
    memcpy(data + used, option, length + 1);
    return true;
}

int filesystem_mount(struct rootfs *rootfs, const struct filesystem_request *request, int target)
{
    char data[MOUNT_DATA_SIZE] = "";
    bool fits = true;

    if (request->options != NULL)
        fits = append(data, request->options);
    for (uint32_t i = 0; request->mount != NULL && i < request->mount->data.count; i++)
        fits = fits && append(data, plan_text_at(rootfs->plan, request->mount->data, i));
    if (request->mount != NULL && request->mount->label != 0)
        fits = fits && append(data, plan_text(rootfs->plan, request->mount->label));
    if (!fits)
        return -ENAMETOOLONG;
    return mount_on_descriptor(rootfs, request->source, target, request->type,
                               mount_flags_of_attributes(request->attributes) |
                                   (unsigned long)request->superblock_flags,
                               data[0] != '\0' ? data : NULL);
}

static bool has_option(const struct rootfs *rootfs, const struct plan_mount *mount, const char *key)
{
    size_t length = strlen(key);

    for (uint32_t i = 0; i < mount->data.count; i++)
        if (strncmp(plan_text_at(rootfs->plan, mount->data, i), key, length) == 0)
            return true;
    return false;
}

/* Fills the new tmpfs @fd from the directory it covers. */
static int fill(struct rootfs *rootfs, const struct plan_mount *mount, int target, int fd)
{
    _cleanup_close_ int source = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    int r;

    if (source < 0 || fstat(source, &status) < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, errno,
                           "the directory to copy from cannot be opened");
    r = copy_up(source, fd);
    if (r < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -r,
                           "what it covers cannot be copied into it (tmpcopyup)");
    if ((status.st_uid != 0 || status.st_gid != 0) && !has_option(rootfs, mount, "uid=") &&
        !has_option(rootfs, mount, "gid=") &&
        fchownat(fd, "", status.st_uid, status.st_gid, AT_EMPTY_PATH) < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, errno, "its owner cannot be set");
    return 0;
}

/* mqueue takes no "context=": its root directory gets the label instead. */
static int label_root(struct rootfs *rootfs, const struct plan_mount *mount, int fd)
{
    const char *label = plan_text(rootfs->plan, rootfs->plan->rootfs.mount_label);
    _cleanup_close_ int directory = -1;

    if (label == NULL || strcmp(plan_text(rootfs->plan, mount->type), "mqueue") != 0)
        return 0;
    directory = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fsetxattr(directory, "security.selinux", label, strlen(label) + 1, 0) < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, errno, "it cannot be labelled");
    return 0;
}

static bool is_in_user_namespace(const struct rootfs *rootfs)
{
    const struct plan_namespaces *namespaces = &rootfs->plan->namespaces;

    return ((namespaces->clone_flags | namespaces->joined) & CLONE_NEWUSER) != 0;
}

/*
 * What a process of a user namespace may not mount, because another owns the namespace that it
 * shows, it may bind from where it sees it: sysfs shows the network namespace, mqueue the IPC
 * namespace, proc the PID namespace.  NULL: there is nothing to bind.
 */
struct host_mount {
    const char *type;
    const char *source;
    int64_t magic;  /* <linux/magic.h>; mqueue's is in the kernel's ipc/mqueue.c */
    uint64_t shown; /* not to be bound when the container has its own */
};

static const struct host_mount *find_host_mount(const struct rootfs *rootfs,
                                                const struct plan_mount *mount)
{
    static const struct host_mount mounts[] = {
        {"sysfs", "/sys", 0x62656572, 0},
        {"mqueue", "/dev/mqueue", 0x19800202, CLONE_NEWIPC},
        {"proc", "/proc", 0x9fa0, CLONE_NEWPID},
    };
    const struct plan_namespaces *namespaces = &rootfs->plan->namespaces;
    uint64_t own = namespaces->clone_flags | namespaces->joined;

    for (size_t i = 0; is_in_user_namespace(rootfs) && i < ARRAY_SIZE(mounts); i++)
        if (strcmp(plan_text(rootfs->plan, mount->type), mounts[i].type) == 0)
            return (own & mounts[i].shown) == 0 ? &mounts[i] : NULL;
    return NULL;
}

/* As it holds more mounts, "ro" is for all of them. */
static int bind_host_mount(struct rootfs *rootfs, const struct plan_mount *mount,
                           const struct host_mount *host_mount)
{
    struct plan_mount host = *mount;
    struct statfs status;

    if (mount->data.count > 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_OPTION, EPERM,
                           "only the host's can be shown here, whose options stay as they are");
    if (statfs(host_mount->source, &status) < 0 || (int64_t)status.f_type != host_mount->magic)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, EPERM,
                           "it shows a namespace that the container shares with the host, and the "
                           "host has it not mounted where it could be bound from");
    host.flags |= PLAN_MOUNT_RECURSIVE;
    host.recursive_set |= host.attributes_set & MOUNT_ATTR_RDONLY;
    return rootfs_bind_source(rootfs, &host, host_mount->source);
}

/* user_namespaces(7) lists the types; proc: mount_too_revealing() of the kernel */
static const char *explain_denial(const struct rootfs *rootfs, const struct plan_mount *mount)
{
    const char *type = plan_text(rootfs->plan, mount->type);

    if (!is_in_user_namespace(rootfs))
        return NULL;
    if (strcmp(type, "proc") == 0 && (rootfs->plan->namespaces.joined & CLONE_NEWPID) != 0)
        return "the PID namespace that is joined belongs to another user namespace, which has to "
               "be "
               "joined, too";
    if (strcmp(type, "proc") == 0)
        return "parts of the /proc that dray sees are covered or masked, so the kernel lets nobody "
               "but root see a whole one; run dray where /proc is not masked, or without a PID "
               "namespace of the container's own";
    return "in a user namespace the kernel mounts only some types: bind, cgroup, devpts, fuse, "
           "mqueue, overlay, proc, sysfs, tmpfs";
}

/* A tmpfs stays writable until all is made in it: a read-only /dev gets its devices and devpts. */
static bool is_readonly_last(const struct rootfs *rootfs, const struct plan_mount *mount)
{
    const uint64_t set = mount->attributes_set | mount->recursive_set;

    return (set & MOUNT_ATTR_RDONLY) != 0 &&
           strcmp(plan_text(rootfs->plan, mount->type), "tmpfs") == 0 &&
           rootfs->readonly_last_count < ROOTFS_READONLY_LAST_MAX;
}

/* A mount that is to become read-only is kept by descriptor: by then its place may be covered. */
static int note_mount(struct rootfs *rootfs, const struct filesystem_request *request, int *fd)
{
    if (request->readonly_last) {
        int copy = fcntl(*fd, F_DUPFD_CLOEXEC, 3);

        if (copy < 0)
            return mount_error(rootfs, request->mount, ERROR_MOUNT_FAILED, errno,
                               "it cannot be kept open");
        rootfs->readonly_last[rootfs->readonly_last_count++] = copy;
    }
    return rootfs_note_mount(rootfs, request->mount, fd);
}

/* mount(2)'s way, up to the mount's last options. */
static int mount_old_way(struct rootfs *rootfs, const struct filesystem_request *request,
                         int target, bool copy)
{
    const struct plan_mount *mount = request->mount;
    _cleanup_close_ int mounted = -1;
    const struct host_mount *host_mount;
    int r;

    r = filesystem_mount(rootfs, request, target);
    host_mount = r == -EPERM ? find_host_mount(rootfs, mount) : NULL;
    if (host_mount != NULL)
        return bind_host_mount(rootfs, mount, host_mount);
    if (r < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -r,
                           r == -EPERM ? explain_denial(rootfs, mount) : NULL);
    mounted = rootfs_open_mounted(rootfs, mount, target);
    if (mounted < 0)
        return mounted;
    r = label_root(rootfs, mount, mounted);
    if (r == 0 && copy)
        r = fill(rootfs, mount, target, mounted);
    if (r == 0)
        r = mount_change_attached(rootfs, mount, mounted);
    return r < 0 ? r : note_mount(rootfs, request, &mounted);
}

static int mount_new_way(struct rootfs *rootfs, const struct filesystem_request *request,
                         int target, bool copy, int *fd)
{
    struct plan_mount rest = *request->mount;
    int r;

    r = label_root(rootfs, &rest, *fd);
    if (r == 0 && copy)
        r = fill(rootfs, &rest, target, *fd);
    if (r < 0)
        return r;
    /* the attributes are set, but for read-only where it was to be filled first */
    rest.attributes_set = (rest.attributes_set | rest.recursive_set) & ~request->attributes;
    rest.attributes_clear = rest.recursive_set = rest.recursive_clear = 0;
    r = mount_place(rootfs, &rest, *fd, target);
    return r < 0 ? r : note_mount(rootfs, request, fd);
}

static int mount_filesystem(struct rootfs *rootfs, const struct plan_mount *mount,
                            bool readonly_last)
{
    struct filesystem_request request = {
        .type = plan_text(rootfs->plan, mount->type),
        .source = plan_text(rootfs->plan, mount->source),
        .attributes = mount->attributes_set | mount->recursive_set,
        .superblock_flags = mount->superblock_flags,
        .mount = mount,
        .readonly_last = readonly_last,
    };
    bool copy = mount->flags & PLAN_MOUNT_TMPCOPYUP, made;
    _cleanup_close_ int target = -1, fd = -1;
    struct stat status;
    char mode[16], reason[128];
    const struct host_mount *host_mount;

    target = rootfs_open_target(rootfs, mount, -1, &made);
    if (target < 0)
        return target;
    copy = copy && !made;
    if (!made && strcmp(request.type, "tmpfs") == 0 && !has_option(rootfs, mount, "mode=") &&
        fstat(target, &status) == 0) {
        snprintf(mode, sizeof(mode), "mode=%o", status.st_mode & 07777);
        request.options = mode;
    }
    if (copy)
        request.attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
    fd = filesystem_make(rootfs, &request);
    if (fd == -ENOSYS)
        return mount_old_way(rootfs, &request, target, copy);
    host_mount = fd == -EPERM ? find_host_mount(rootfs, mount) : NULL;
    if (host_mount != NULL)
        return bind_host_mount(rootfs, mount, host_mount);
    if (fd == -ENODEV) {
        snprintf(reason, sizeof(reason), "this kernel has no file system of the type \"%.64s\"",
                 plan_text(rootfs->plan, mount->type));
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, ENODEV, reason);
    }
    if (fd < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -fd,
                           fd == -EPERM ? explain_denial(rootfs, mount) : NULL);
    return mount_new_way(rootfs, &request, target, copy, &fd);
}

int rootfs_mount_filesystem(struct rootfs *rootfs, const struct plan_mount *mount)
{
    struct plan_mount writable = *mount;

    if (plan_text(rootfs->plan, mount->type) == NULL)
        return mount_error(rootfs, mount, ERROR_INTERNAL, 0, "the plan names no type");
    if (!is_readonly_last(rootfs, mount))
        return mount_filesystem(rootfs, mount, false);
    writable.attributes_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
    writable.recursive_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
    return mount_filesystem(rootfs, &writable, true);
}
