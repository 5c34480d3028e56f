/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup that systemd made for a scope; runs in dray only.
 *
 * On v1 systemd manages some hierarchies and leaves the others (cpuset, freezer, net_cls …) alone:
 * there the cgroup is made by us, at the same path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "io/file.h"
#include "plan/planner.h"

/* The path where systemd has put the process, if that is the unit's. */
static const char *find_path(const struct proc_cgroup *proc, const char *unit)
{
    const char *path = proc->paths[CGROUP_UNIFIED], *name;

    /* systemd keeps processes in one of the two, v1's has all there are */
    if (proc->paths[HOST_CGROUP_SYSTEMD] != NULL && (path == NULL || strstr(path, unit) == NULL))
        path = proc->paths[HOST_CGROUP_SYSTEMD];
    name = path != NULL ? strrchr(path, '/') : NULL;
    return name != NULL && strcmp(name + 1, unit) == 0 ? path : NULL;
}

static unsigned count_existing(const struct cgroup_record *record, unsigned hierarchy)
{
    unsigned depth = cgroup_path_depth(cgroup_path(record, hierarchy)) - 1;
    char path[CGROUP_HOST_PATH_MAX];

    for (; depth > 0; depth--)
        if (cgroup_host_path(record, hierarchy, depth, path) == 0 &&
            faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            break;
    return depth;
}

/* A directory below a tmpfs where nothing is mounted, as systemd leaves some, is no hierarchy. */
static void drop_unmounted(struct cgroup_record *record)
{
    char path[CGROUP_HOST_PATH_MAX];

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        size_t length;

        if ((record->hierarchies & 1u << i) == 0 || cgroup_host_path(record, i, 0, path) < 0)
            continue;
        length = strlen(path);
        snprintf(path + length, sizeof(path) - length, "/cgroup.procs");
        if (faccessat(AT_FDCWD, path, F_OK, 0) == 0)
            continue;
        record->hierarchies &= ~(1u << i);
        for (unsigned k = 0; k < CGROUP_HIERARCHIES; k++)
            if (record->alias[k] == i)
                record->alias[k] = UINT16_MAX;
    }
}

int cgroup_describe_scope(const struct host_cgroups *host, const char *unit, pid_t pid,
                          struct cgroup_record *ret, struct error *error)
{
    struct proc_cgroup proc;
    const char *path = NULL;
    int r = cgroup_read_proc(pid, &proc), place = -1;

    cgroup_record_begin(ret);
    ret->manager = PLAN_CGROUP_SYSTEMD;
    ret->layout = (uint8_t)host->layout;
    if (r == 0)
        path = find_path(&proc, unit);
    if (path == NULL)
        return error_set(error, ERROR_CGROUP_JOIN, r < 0 ? -r : 0,
                         "systemd has not put process %d into the cgroup of the unit \"%s\"", pid,
                         unit);
    if (cgroup_record_add_hierarchies(ret, host) == 0 &&
        cgroup_path_depth(path) <= CGROUP_PATH_DEPTH_MAX)
        place = cgroup_record_add(ret, path, strlen(path));
    if (place < 0)
        return error_set(error, ERROR_CGROUP_PATH, ENAMETOOLONG,
                         "the cgroup \"%s\" of the unit \"%s\" is too deep", path, unit);
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        ret->paths[i] = (uint16_t)place;
    if (host->layout != HOST_CGROUP_V2)
        drop_unmounted(ret);
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        if ((ret->hierarchies & 1u << i) != 0)
            ret->existing[i] = (uint8_t)count_existing(ret, i);
    /* all of it is the scope's, whoever makes it */
    ret->created = ret->hierarchies;
    ret->stage = CGROUP_MADE;
    return 0;
}

static int set_make_error(const char *path, int r, struct error *error)
{
    return error_set(error, ERROR_CGROUP_CREATE, -r, "cannot make the cgroup \"%s\"", path);
}

static int make_path(const struct cgroup_record *record, unsigned hierarchy, struct error *error)
{
    unsigned depth = cgroup_path_depth(cgroup_path(record, hierarchy));
    char path[CGROUP_HOST_PATH_MAX] = "";

    for (unsigned i = record->existing[hierarchy] + 1u; i <= depth; i++) {
        int r = cgroup_host_path(record, hierarchy, i, path);

        if (r < 0)
            return set_make_error(path, r, error);
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return set_make_error(path, -errno, error);
    }
    return 0;
}

int cgroup_move(struct cgroup *cgroup, unsigned hierarchy, const char *file, pid_t pid,
                struct error *error)
{
    char digits[16];
    int r;

    snprintf(digits, sizeof(digits), "%d", pid);
    r = cgroup_write(cgroup, hierarchy, file, digits);
    if (r < 0)
        return error_set(error, ERROR_CGROUP_JOIN, -r,
                         "cannot move process %d to \"%s\" of the cgroup \"%s\"", pid, file,
                         cgroup_path(&cgroup->record, hierarchy));
    return 0;
}

/* Hierarchies where the process is not yet where it should be. */
static int complete_v1(struct cgroup *cgroup, pid_t pid, struct error *error)
{
    const struct cgroup_record *record = &cgroup->record;
    struct proc_cgroup proc;
    int r = cgroup_read_proc(pid, &proc);

    if (r < 0)
        return error_set(error, ERROR_CGROUP_JOIN, -r, "cannot tell the cgroups of process %d",
                         pid);
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        if ((record->hierarchies & 1u << i) == 0)
            continue;
        r = make_path(record, i, error);
        if (r < 0)
            return r;
    }
    r = cgroup_inherit_cpuset(cgroup, error);
    for (unsigned i = 0; r == 0 && i < CGROUP_HIERARCHIES; i++) {
        if ((record->hierarchies & 1u << i) == 0 ||
            (proc.paths[i] != NULL && strcmp(proc.paths[i], cgroup_path(record, i)) == 0))
            continue;
        r = cgroup_move(cgroup, i, "cgroup.procs", pid, error);
    }
    return r;
}

/* v1 lets nobody into a cpuset that is empty, as new ones are. */
static int inherit_below(struct cgroup *cgroup, const char *name, struct error *error)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_CPUSET);
    char text[8192], path[300];

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        ssize_t length = cgroup_read(cgroup, (unsigned)hierarchy, files[i], text, sizeof(text));
        int r = length < 0 ? (int)length : 0;

        text[length > 0 ? strcspn(text, "\n") : 0] = '\0';
        snprintf(path, sizeof(path), "%s/%s", name, files[i]);
        if (r == 0)
            r = cgroup_write(cgroup, (unsigned)hierarchy, path, text);
        if (r < 0)
            return set_make_error(name, r, error);
    }
    return 0;
}

/* v1: a cgroup below the unit's, out of reach of whom the unit's own limits are for. */
static int enter_subgroup(struct cgroup *cgroup, const struct plan *plan, unsigned hierarchy,
                          pid_t pid, struct error *error)
{
    const char *name = plan_text(plan, plan->cgroup.subgroup);
    int directory = cgroup_directory(cgroup, hierarchy);
    char file[300];
    int r = 0;

    if (directory < 0)
        return set_make_error(name, directory, error);
    if (mkdirat(directory, name, 0755) < 0 && errno != EEXIST)
        return set_make_error(name, -errno, error);
    if ((int)hierarchy == cgroup_hierarchy_of(cgroup, HOST_CGROUP_CPUSET))
        r = inherit_below(cgroup, name, error);
    if (r < 0)
        return r;
    snprintf(file, sizeof(file), "%s/cgroup.procs", name);
    return cgroup_move(cgroup, hierarchy, file, pid, error);
}

/* Limits are the unit's; what is below it may be the container's. */
static int enter_below(struct cgroup *cgroup, const struct plan *plan, pid_t pid,
                       struct error *error)
{
    const char *path = plan_text(plan, plan->cgroup.subgroup);
    char file[CGROUP_HOST_PATH_MAX];
    _cleanup_close_ int below = -1;
    int r = cgroup_make_path_below(cgroup, path, error);

    if (r < 0)
        return r;
    snprintf(file, sizeof(file), "%s/cgroup.procs", path);
    r = cgroup_move(cgroup, CGROUP_UNIFIED, file, pid, error);
    if (r < 0)
        return r;
    cgroup_enable_below(cgroup, path);
    if (!plan->cgroup.delegated || plan->cgroup.delegate != 0)
        return 0;
    below = openat(cgroup_directory(cgroup, CGROUP_UNIFIED), path,
                   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return cgroup_delegate_directory(below < 0 ? -errno : below, path, plan, error);
}

int cgroup_complete_scope(struct cgroup *cgroup, const struct plan *plan,
                          const struct host_cgroups *host, pid_t pid, struct error *error)
{
    const struct cgroup_record *record = &cgroup->record;
    bool unified = (record->hierarchies & 1u << CGROUP_UNIFIED) != 0;
    int r = record->layout != HOST_CGROUP_V2 ? complete_v1(cgroup, pid, error) : 0;

    if (r == 0 && unified)
        r = cgroup_enable_controllers(cgroup, host->unified_controllers, plan, error);
    if (r < 0)
        return r;
    if (plan->cgroup.subgroup == 0)
        return plan->cgroup.delegate == 0 ? cgroup_delegate(cgroup, plan, error) : 0;
    if (record->layout == HOST_CGROUP_V2)
        return enter_below(cgroup, plan, pid, error);
    for (unsigned i = 0; r == 0 && i < CGROUP_HIERARCHIES; i++)
        /* v1 takes no device rules where a cgroup is below */
        if ((record->hierarchies & 1u << i) != 0 &&
            (int)i != cgroup_hierarchy_of(cgroup, HOST_CGROUP_DEVICES))
            r = enter_subgroup(cgroup, plan, i, pid, error);
    return r;
}

int cgroup_attach(struct cgroup *cgroup, pid_t pid, struct error *error)
{
    char digits[16];

    snprintf(digits, sizeof(digits), "%d", pid);
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        int r = 0;

        if ((cgroup->record.hierarchies & 1u << i) != 0)
            r = cgroup_write(cgroup, i, "cgroup.procs", digits);
        if (r == -EACCES || r == -EPERM)
            return r;
        if (r < 0)
            return error_set(error, ERROR_CGROUP_JOIN, -r,
                             "cannot move process %d to the cgroup \"%s\"", pid,
                             cgroup_path(&cgroup->record, i));
    }
    return 0;
}

const char *cgroup_path_in_unit(const struct cgroup *cgroup, const char *unit)
{
    int hierarchy = cgroup_main_hierarchy(cgroup);
    const char *path = hierarchy >= 0 ? cgroup_path(&cgroup->record, (unsigned)hierarchy) : "";
    size_t length = strlen(unit);

    for (path = strchr(path, '/'); path != NULL; path = strchr(path, '/')) {
        path++;
        if (strncmp(path, unit, length) != 0)
            continue;
        if (path[length] == '\0')
            return "/";
        if (path[length] == '/')
            return path + length;
    }
    return NULL;
}
