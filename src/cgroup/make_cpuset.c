/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new v1 cpuset has no CPU and no memory node, and nothing can join it until it has: it gets
 * those of its parent.  Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgroup/cgroup_internal.h"
#include "io/file.h"

#define LIST_MAX 4096 /* a kernel file is no longer than a page */

static int read_list(const struct cgroup_record *record, unsigned hierarchy, unsigned depth,
                     const char *file, char list[LIST_MAX])
{
    char path[CGROUP_HOST_PATH_MAX];
    int r = cgroup_file_path(record, hierarchy, depth, file, path);
    ssize_t n;

    if (r < 0)
        return r;
    n = file_read_once_at(AT_FDCWD, path, list, LIST_MAX);
    if (n < 0)
        return (int)n;
    list[strcspn(list, "\n")] = '\0';
    return 0;
}

static int write_list(const struct cgroup_record *record, unsigned hierarchy, unsigned depth,
                      const char *file, const char *list)
{
    char path[CGROUP_HOST_PATH_MAX];
    int r = cgroup_file_path(record, hierarchy, depth, file, path);

    return r < 0 ? r : file_write_at(AT_FDCWD, path, list, strlen(list));
}

/* Finds the nearest directory above that has a list and copies it down to all that have none. */
static int inherit(const struct cgroup_record *record, unsigned hierarchy, const char *file)
{
    unsigned whole = cgroup_path_depth(cgroup_path(record, hierarchy)), depth = whole;
    char list[LIST_MAX] = "";
    int r = 0;

    while (depth > 0 && list[0] == '\0') {
        r = read_list(record, hierarchy, --depth, file, list);
        if (r < 0)
            return r;
    }
    for (depth++; r == 0 && depth <= whole; depth++)
        r = write_list(record, hierarchy, depth, file, list);
    return r;
}

int cgroup_inherit_cpuset(struct cgroup *cgroup, struct error *error)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    const struct cgroup_record *record = &cgroup->record;
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_CPUSET);

    if (hierarchy < 0 || (record->created & 1u << hierarchy) == 0)
        return 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        int r = inherit(record, (unsigned)hierarchy, files[i]);

        if (r < 0) {
            char path[CGROUP_HOST_PATH_MAX] = "";

            cgroup_host_path(record, (unsigned)hierarchy, CGROUP_WHOLE_PATH, path);
            return error_set(error, ERROR_CGROUP_CREATE, -r,
                             "cannot give the cgroup \"%s\" the \"%s\" of its parent", path,
                             files[i]);
        }
    }
    return 0;
}
