/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts of type "cgroup": what the host has, as the container may see it; in the stage.
 *
 *  - cgroup2: the file system itself, whose root the cgroup namespace sets; where that is refused
 *    (a user namespace without a cgroup namespace of its own) a bind of the own cgroup.
 *  - v1 and hybrid: a tmpfs with a directory for each hierarchy that this process is in.  With a
 *    cgroup namespace each is mounted, without one each is a bind of the own cgroup.  Controllers
 *    that share a hierarchy ("cpu,cpuacct") get a link each.
 *
 * A container with an old systemd gets v1's hierarchy "systemd" alone in such a tmpfs, whatever the
 * host has besides (annotation run.oci.systemd.force_cgroup_v1).
 *
 * Which hierarchies there are is read from /proc/self/cgroup, not guessed from the host's mounts.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/procfs.h"
#include "io/syscalls.h"
#include "rootfs/mount_calls.h"
#include "rootfs/mounts.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
/* all lines of /proc/self/cgroup: some twenty hierarchies, whose paths are mostly alike */
#define CGROUP_TABLE_SIZE (PATH_MAX * 4)
#define CONTROLLERS_SIZE  256

struct hierarchy {
    const char *name; /* of its directory: "cpu,cpuacct", "systemd", "unified" */
    const char *options;
    const char *path; /* the own cgroup in it, "/…" */
};

struct cgroup_mount {
    struct rootfs *rootfs;
    const struct plan_mount *mount;
    int top;        /* the tmpfs */
    bool systemd;   /* that hierarchy alone */
    uint32_t count; /* of those that are there */
};

static int cgroup_error(const struct cgroup_mount *all, const char *name, int sys_errno,
                        const char *what)
{
    char reason[128];

    snprintf(reason, sizeof(reason), "hierarchy %s: %s", name, what);
    return mount_error(all->rootfs, all->mount, ERROR_MOUNT_FAILED, sys_errno, reason);
}

/* The next line "id:controllers:path" of the table; false when there is none left. */
static bool next_hierarchy(char **table, struct hierarchy *ret, bool hybrid)
{
    char *line;

    while ((line = *table)[0] != '\0') {
        char *end = strchr(line, '\n'), *controllers = strchr(line, ':'), *path;

        *table = end != NULL ? end + 1 : line + strlen(line);
        if (end != NULL)
            *end = '\0';
        path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *controllers++ = '\0';
        *path++ = '\0';
        if (controllers[0] == '\0' && !hybrid)
            continue; /* a cgroup2 that is not part of the layout */
        *ret = (struct hierarchy){.name = controllers, .options = controllers, .path = path};
        if (controllers[0] == '\0')
            ret->name = "unified";
        else if (strncmp(controllers, "name=", 5) == 0)
            ret->name = controllers + 5;
        return true;
    }
    return false;
}

/*
 * The directory of the hierarchy in the tmpfs: nobody else can reach that yet, so names in it can
 * be trusted.
 */
static int open_directory(const struct cgroup_mount *all, const struct hierarchy *hierarchy)
{
    int fd = openat(all->top, hierarchy->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? cgroup_error(all, hierarchy->name, errno, "its directory cannot be opened")
                  : fd;
}

/*
 * The hierarchy's file system, by mount(2) on a name in the working directory, which is the tmpfs:
 * one call instead of the eight of fsopen(2), which add up where there are a dozen hierarchies.
 * Without mount_setattr(2) it is made read-only at once.
 */
static int mount_hierarchy(const struct cgroup_mount *all, const struct hierarchy *hierarchy)
{
    bool unified = hierarchy->options[0] == '\0';
    uint64_t attributes = all->mount->attributes_set | all->mount->recursive_set;

    if (!all->rootfs->legacy)
        attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
    if (mount("cgroup", hierarchy->name, unified ? "cgroup2" : "cgroup",
              mount_flags_of_attributes(attributes), unified ? NULL : hierarchy->options) < 0)
        return cgroup_error(all, hierarchy->name, errno, "it cannot be mounted");
    return 0;
}

/* Somebody mounted the hierarchy, but not where the host has its cgroups: it is not for us. */
static bool is_elsewhere(const struct hierarchy *hierarchy)
{
    char path[PATH_MAX];

    return (size_t)snprintf(path, sizeof(path), CGROUP_ROOT "/%s", hierarchy->name) <
               sizeof(path) &&
           faccessat(AT_FDCWD, path, F_OK, 0) < 0 && errno == ENOENT;
}

/* The own cgroup of the hierarchy. */
static int bind_hierarchy(const struct cgroup_mount *all, const struct hierarchy *hierarchy)
{
    _cleanup_close_ int target = open_directory(all, hierarchy), clone = -1;
    char source[PATH_MAX];
    int length =
        snprintf(source, sizeof(source), CGROUP_ROOT "/%s%s", hierarchy->name, hierarchy->path);
    int r;

    if (target < 0)
        return target;
    if (length < 0 || (size_t)length >= sizeof(source))
        return cgroup_error(all, hierarchy->name, ENAMETOOLONG, "the path is too long");
    if (is_elsewhere(hierarchy))
        return !all->systemd ? 0
                             : cgroup_error(all, hierarchy->name, ENOENT,
                                            "it is not mounted in " CGROUP_ROOT " for a container "
                                            "without a cgroup namespace");
    if (!all->rootfs->legacy) {
        clone = sys_open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (clone >= 0)
            return mount_place(all->rootfs, all->mount, clone, target);
        return cgroup_error(all, hierarchy->name, errno, "the own cgroup cannot be opened");
    }
    r = mount_on_descriptor(all->rootfs, source, target, NULL, MS_BIND, NULL);
    if (r < 0)
        return cgroup_error(all, hierarchy->name, -r, "the own cgroup cannot be bound");
    clone = open_directory(all, hierarchy);
    return clone < 0 ? clone : mount_change_attached(all->rootfs, all->mount, clone);
}

/* Controllers mounted together are also found by their own names. */
static int make_links(const struct cgroup_mount *all, const struct hierarchy *hierarchy)
{
    const char *name = hierarchy->name;

    if (strchr(name, ',') == NULL)
        return 0;
    while (name[0] != '\0') {
        size_t length = strcspn(name, ",");
        char link[NAME_MAX + 1];

        if (length > NAME_MAX)
            return cgroup_error(all, hierarchy->name, ENAMETOOLONG, "a name is too long");
        memcpy(link, name, length);
        link[length] = '\0';
        if (symlinkat(hierarchy->name, all->top, link) < 0 && errno != EEXIST)
            return cgroup_error(all, hierarchy->name, errno, "its links cannot be made");
        name += length + (name[length] == ',');
    }
    return 0;
}

static int add_hierarchy(const struct cgroup_mount *all, const struct hierarchy *hierarchy)
{
    int r;

    if (mkdirat(all->top, hierarchy->name, 0755) < 0 && errno != EEXIST)
        return cgroup_error(all, hierarchy->name, errno, "its directory cannot be made");
    if (all->rootfs->plan->rootfs.cgroup_namespace)
        r = mount_hierarchy(all, hierarchy);
    else
        r = bind_hierarchy(all, hierarchy);
    return r < 0 ? r : make_links(all, hierarchy);
}

/*
 * Only to be read: the container's own procfs, just mounted and verified, serves as well, unless it
 * is that of a PID namespace that this process is not in (bound from the host by the config).
 */
static int open_own_table(struct rootfs *rootfs)
{
    static const char file[] = "self/cgroup";
    int procfs, fd = -ENOENT;

    if (rootfs->procfs < 0 && rootfs->proc >= 0)
        fd = procfs_open_file(rootfs->proc, file, O_RDONLY);
    if (fd != -ENOENT)
        return fd;
    procfs = rootfs_open_procfs(rootfs);
    return procfs < 0 ? procfs : procfs_open_file(procfs, file, O_RDONLY);
}

static int read_table(struct rootfs *rootfs, const struct plan_mount *mount,
                      char table[static CGROUP_TABLE_SIZE])
{
    _cleanup_close_ int fd = open_own_table(rootfs);
    ssize_t length;

    if (fd < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -fd, "/proc/self/cgroup");
    /* the kernel shows all of it at once */
    length = read(fd, table, CGROUP_TABLE_SIZE);
    if (length < 0 || length == CGROUP_TABLE_SIZE)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, length < 0 ? errno : EFBIG,
                           "/proc/self/cgroup");
    table[length] = '\0';
    return 0;
}

static int mount_v2(struct rootfs *rootfs, const struct plan_mount *mount)
{
    const struct filesystem_request request = {
        .type = "cgroup2",
        .source = "cgroup",
        .attributes = mount->attributes_set | mount->recursive_set,
        .mount = mount,
    };
    char table[CGROUP_TABLE_SIZE], *lines = table, source[PATH_MAX];
    _cleanup_close_ int target = -1, fd = -1;
    struct hierarchy own;
    int r, length;

    target = rootfs_open_target(rootfs, mount, -1, NULL);
    if (target < 0)
        return target;
    fd = filesystem_make(rootfs, &request);
    if (fd >= 0) {
        struct plan_mount rest = *mount;

        rest.attributes_set = rest.attributes_clear = 0;
        rest.recursive_set = rest.recursive_clear = 0;
        return mount_place(rootfs, &rest, fd, target);
    }
    r = fd == -ENOSYS ? filesystem_mount(rootfs, &request, target) : fd;
    if (r == 0)
        return 0;
    if (r != -EPERM && r != -EBUSY)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -r, NULL);
    r = read_table(rootfs, mount, table);
    if (r < 0)
        return r;
    while (next_hierarchy(&lines, &own, true)) {
        if (own.options[0] != '\0')
            continue;
        length = snprintf(source, sizeof(source), CGROUP_ROOT "%s", own.path);
        if (length < 0 || (size_t)length >= sizeof(source))
            break;
        return rootfs_bind_source(rootfs, mount, source);
    }
    return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, EPERM,
                       "neither a cgroup2 nor the own cgroup can be mounted");
}

/* The tmpfs that holds the hierarchies: attached at once, as they are to be mounted inside. */
static int mount_top(struct rootfs *rootfs, const struct plan_mount *mount)
{
    const struct filesystem_request request = {
        .type = "tmpfs",
        .source = "tmpfs",
        .options = "mode=755",
        .attributes = (mount->attributes_set | mount->recursive_set) & ~MOUNT_ATTR_RDONLY,
    };
    struct plan_mount plain = *mount;
    _cleanup_close_ int target = rootfs_open_target(rootfs, mount, -1, NULL), fd = -1;
    int r;

    if (target < 0)
        return target;
    fd = filesystem_make(rootfs, &request);
    if (fd == -ENOSYS) {
        r = filesystem_mount(rootfs, &request, target);
        if (r < 0)
            return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -r, NULL);
        return rootfs_open_mounted(rootfs, mount, target);
    }
    if (fd < 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_FAILED, -fd, NULL);
    plain.attributes_set = plain.attributes_clear = 0;
    plain.recursive_set = plain.recursive_clear = 0;
    r = mount_place(rootfs, &plain, fd, target);
    return r < 0 ? r : take_fd(&fd);
}

static int add_hierarchies(struct cgroup_mount *all, char *lines)
{
    bool hybrid = all->rootfs->plan->rootfs.cgroup_layout == PLAN_CGROUP_LAYOUT_HYBRID;
    _cleanup_close_ int here = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct hierarchy hierarchy;
    int r = 0;

    if (here < 0 || fchdir(all->top) < 0)
        return mount_error(all->rootfs, all->mount, ERROR_MOUNT_FAILED, errno, NULL);
    while (r == 0 && next_hierarchy(&lines, &hierarchy, hybrid && !all->systemd)) {
        if (all->systemd && strcmp(hierarchy.options, "name=systemd") != 0)
            continue;
        r = add_hierarchy(all, &hierarchy);
        all->count++;
    }
    if (r == 0 && all->systemd && all->count == 0)
        r = mount_error(all->rootfs, all->mount, ERROR_CGROUP_HOST, ENODEV,
                        "the host has no cgroup v1 hierarchy of that name; as root: mount -t "
                        "cgroup -o none,name=systemd,xattr cgroup DIRECTORY");
    if (fchdir(here) < 0 && r == 0)
        r = mount_error(all->rootfs, all->mount, ERROR_MOUNT_FAILED, errno, NULL);
    return r;
}

static int make_readonly(const struct cgroup_mount *all)
{
    struct rootfs *rootfs = all->rootfs;
    int r;

    if (((all->mount->attributes_set | all->mount->recursive_set) & MOUNT_ATTR_RDONLY) == 0)
        return 0;
    r = rootfs->legacy ? mount_change(rootfs, all->top, MOUNT_ATTR_RDONLY, 0, 0)
                       : mount_change_tree(all->top, MOUNT_ATTR_RDONLY, 0, 0);
    return r < 0 ? mount_error(rootfs, all->mount, ERROR_MOUNT_FAILED, -r,
                               "it cannot be made read-only")
                 : 0;
}

static int mount_v1(struct rootfs *rootfs, const struct plan_mount *mount)
{
    char table[CGROUP_TABLE_SIZE];
    _cleanup_close_ int top = -1;
    struct cgroup_mount all = {
        .rootfs = rootfs, .mount = mount, .systemd = (mount->flags & PLAN_MOUNT_SYSTEMD_V1) != 0};
    int r;

    if (mount->data.count > 0)
        return mount_error(rootfs, mount, ERROR_MOUNT_OPTION, EINVAL,
                           "the cgroup v1 hierarchies of this host take no options of their own");
    r = read_table(rootfs, mount, table);
    if (r < 0)
        return r;
    all.top = top = mount_top(rootfs, mount);
    if (top < 0)
        return top;
    r = add_hierarchies(&all, table);
    return r < 0 ? r : make_readonly(&all);
}

int rootfs_mount_cgroup(struct rootfs *rootfs, const struct plan_mount *mount)
{
    if ((mount->flags & PLAN_MOUNT_SYSTEMD_V1) != 0)
        return mount_v1(rootfs, mount);
    switch (rootfs->plan->rootfs.cgroup_layout) {
    case PLAN_CGROUP_LAYOUT_V2:
        return mount_v2(rootfs, mount);
    case PLAN_CGROUP_LAYOUT_V1:
    case PLAN_CGROUP_LAYOUT_HYBRID:
        return mount_v1(rootfs, mount);
    default:
        return mount_error(rootfs, mount, ERROR_CGROUP_HOST, ENODEV,
                           "the host has no cgroup file systems");
    }
}
