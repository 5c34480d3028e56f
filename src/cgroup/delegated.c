/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup2 directory that a container manages, below the one with its limits
 * (run.oci.delegate-cgroup).  Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "io/file.h"
#include "io/syscalls.h"

static int set_path_error(const struct cgroup *cgroup, const char *verb, const char *path, int r,
                          struct error *error)
{
    return error_set(error, ERROR_CGROUP_CREATE, -r, "cannot %s the cgroup \"%s\" below \"%s\"",
                     verb, path, cgroup_path(&cgroup->record, CGROUP_UNIFIED));
}

/* "a/b", below the cgroup; *@ret_above: the length of what is above the delegated one, or 0 */
static int find_path(const struct plan *plan, char out[CGROUP_HOST_PATH_MAX], size_t *ret_above)
{
    const char *above = plan->cgroup.subgroup != 0 ? plan_text(plan, plan->cgroup.subgroup) : "";

    *ret_above = strlen(above);
    if (snprintf(out, CGROUP_HOST_PATH_MAX, "%s%s%s", above, above[0] != '\0' ? "/" : "",
                 plan_text(plan, plan->cgroup.delegate)) >= CGROUP_HOST_PATH_MAX)
        return -ENAMETOOLONG;
    return 0;
}

/* @length bytes of the path; 0: the cgroup itself */
static int open_directory(struct cgroup *cgroup, const char *path, size_t length)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED), fd;
    char part[CGROUP_HOST_PATH_MAX] = ".";

    if (directory < 0)
        return directory;
    if (length > 0) {
        memcpy(part, path, length);
        part[length] = '\0';
    }
    fd = openat(directory, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

/* A cgroup that was there before may give controllers to others: then no process gets in. */
static int check_above(struct cgroup *cgroup, struct error *error)
{
    char text[512];
    ssize_t length;

    cgroup_disable_below(cgroup);
    length = cgroup_read(cgroup, CGROUP_UNIFIED, "cgroup.subtree_control", text, sizeof(text));
    if (length <= 0 || text[strspn(text, " \n")] == '\0')
        return 0;
    return error_set(error, ERROR_CGROUP_IN_USE, EBUSY,
                     "the cgroup \"%s\" gives controllers to cgroups below it, and so takes no "
                     "process: no cgroup namespace can be rooted in it",
                     cgroup_path(&cgroup->record, CGROUP_UNIFIED));
}

/* The first process would be stuck in one that is frozen, which one that was there before may be.
 */
static bool is_frozen(int directory)
{
    char text[256];
    uint64_t frozen;

    return file_read_at(directory, "cgroup.events", text, sizeof(text)) > 0 &&
           cgroup_find_key(text, "frozen", &frozen) == 0 && frozen != 0;
}

int cgroup_make_delegated(struct cgroup *cgroup, const struct plan *plan, struct error *error)
{
    char path[CGROUP_HOST_PATH_MAX] = "";
    _cleanup_close_ int directory = -1;
    size_t above;
    int r;

    if (plan->cgroup.delegate == 0)
        return 0;
    r = find_path(plan, path, &above);
    if (r < 0)
        return set_path_error(cgroup, "make", path, r, error);
    /* with a subgroup, systemd made the unit's cgroup just now */
    if (above == 0)
        r = check_above(cgroup, error);
    if (r == 0)
        r = cgroup_make_path_below(cgroup, path, error);
    if (r < 0)
        return r;
    directory = open_directory(cgroup, path, strlen(path));
    if (directory < 0)
        return set_path_error(cgroup, "open", path, directory, error);
    if (is_frozen(directory))
        return error_set(error, ERROR_CGROUP_IN_USE, EBUSY,
                         "the cgroup \"%s\" below \"%s\" is frozen", path,
                         cgroup_path(&cgroup->record, CGROUP_UNIFIED));
    return 0;
}

int cgroup_enter_delegated(struct cgroup *cgroup, const struct plan *plan, pid_t pid,
                           struct error *error)
{
    static const char file[] = "/cgroup.procs";
    char path[CGROUP_HOST_PATH_MAX + sizeof(file)] = "";
    size_t above;
    int r;

    if (plan->cgroup.delegate == 0)
        return 0;
    r = find_path(plan, path, &above);
    if (r < 0)
        return set_path_error(cgroup, "join", path, r, error);
    memcpy(path + strlen(path), file, sizeof(file));
    return cgroup_move(cgroup, CGROUP_UNIFIED, path, pid, error);
}

static int give(struct cgroup *cgroup, const struct plan *plan, const char *path, size_t length,
                struct error *error)
{
    _cleanup_close_ int directory = open_directory(cgroup, path, length);

    return cgroup_delegate_directory(
        directory, length > 0 ? path : cgroup_path(&cgroup->record, CGROUP_UNIFIED), plan, error);
}

int cgroup_give_delegated(struct cgroup *cgroup, const struct plan *plan, struct error *error)
{
    bool is_root = (plan->namespaces.late_flags & CLONE_NEWCGROUP) != 0;
    char path[CGROUP_HOST_PATH_MAX] = "";
    size_t length;
    int r;

    if (plan->cgroup.delegate == 0)
        return 0;
    r = find_path(plan, path, &length);
    if (r < 0)
        return set_path_error(cgroup, "give away", path, r, error);
    cgroup_enable_below(cgroup, path);
    if (!plan->cgroup.delegated)
        return 0;
    if (is_root)
        r = give(cgroup, plan, path, length, error);
    while (r == 0 && path[length] != '\0') {
        length += path[length] == '/';
        length += strcspn(path + length, "/");
        r = give(cgroup, plan, path, length, error);
    }
    return r;
}
