/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a user who is not root may not do with cgroups, in words that name the file and the command
 * that would change it.  Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/cgroup_internal.h"

/* cgroups(7), "Cgroups delegation: delegating a hierarchy": what the new owner has to own */
static const char delegated_files[] = "cgroup.procs cgroup.subtree_control cgroup.threads";

bool cgroup_is_denied(int r)
{
    return r == -EACCES || r == -EPERM || r == -EROFS;
}

int cgroup_set_not_delegated(const struct plan *plan, const char *directory, const char *file,
                             bool v2, int r, struct error *error)
{
    char user[16] = "USER"; /* in a user namespace its number is another outside */

    if (plan->cgroup.caller != UINT32_MAX)
        snprintf(user, sizeof(user), "%u", plan->cgroup.caller);
    if (r == -EROFS)
        error_set(error, ERROR_CGROUP_NOT_DELEGATED, EROFS,
                  "cannot write \"%s/%s\": cgroups are mounted read-only here", directory, file);
    else
        error_set(error, ERROR_CGROUP_NOT_DELEGATED, -r,
                  "cannot write \"%s/%s\": the cgroup is not the user's; as root: cd \"%s\" && "
                  "chown %s . %s",
                  directory, file, directory, user, v2 ? delegated_files : "cgroup.procs tasks");
    error_set_pointer(error, "/linux/cgroupsPath");
    return r;
}

/* The path of the deepest cgroup that is above both, or is one of them; "" is the root. */
static size_t common_length(const char *a, const char *b)
{
    size_t common = 0, i = 0;

    for (; a[i] == b[i] && a[i] != '\0'; i++)
        if (a[i] == '/')
            common = i;
    if ((a[i] == '\0' || a[i] == '/') && (b[i] == '\0' || b[i] == '/'))
        common = i;
    return common;
}

int cgroup_check_entry(struct cgroup *cgroup, const struct plan *plan, struct error *error)
{
    const char *path = cgroup_path(&cgroup->record, CGROUP_UNIFIED);
    char directory[CGROUP_HOST_PATH_MAX], file[CGROUP_HOST_PATH_MAX];
    struct proc_cgroup own;
    size_t common;

    if (!plan->cgroup.by_user || cgroup_read_proc(0, &own) < 0 || own.paths[CGROUP_UNIFIED] == NULL)
        return 0;
    common = common_length(own.paths[CGROUP_UNIFIED], path);
    if ((size_t)snprintf(directory, sizeof(directory), "/sys/fs/cgroup%.*s", (int)common, path) >=
            sizeof(directory) ||
        (size_t)snprintf(file, sizeof(file), "%s/cgroup.procs", directory) >= sizeof(file))
        return 0;
    if (faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) == 0 || !cgroup_is_denied(-errno))
        return 0;
    return cgroup_set_not_delegated(plan, directory, "cgroup.procs", true, -errno, error);
}
