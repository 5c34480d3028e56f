/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes on in a cgroup: processes, freezing, memory; runs in dray only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "cgroup/cgroup_internal.h"
#include "io/file.h"

#define PROCS_MAX (64u << 20) /* of one cgroup.procs, bytes: more than any kernel has pids */

int cgroup_is_populated(struct cgroup *cgroup)
{
    int hierarchy = cgroup_main_hierarchy(cgroup), directory;

    if (hierarchy < 0)
        return 0;
    directory = cgroup_directory(cgroup, (unsigned)hierarchy);
    if (directory < 0)
        return directory == -ENOENT ? 0 : directory;
    return cgroup_directory_is_populated(directory, hierarchy == CGROUP_UNIFIED);
}

int cgroup_is_frozen(struct cgroup *cgroup)
{
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_FREEZER);
    char text[256];
    uint64_t frozen;
    ssize_t length;

    if (hierarchy >= 0) {
        length = cgroup_read(cgroup, (unsigned)hierarchy, "freezer.state", text, sizeof(text));
        if (length >= 0)
            return strncmp(text, "THAWED", strlen("THAWED")) != 0;
    } else if ((cgroup->record.hierarchies & 1u << CGROUP_UNIFIED) != 0) {
        length = cgroup_read(cgroup, CGROUP_UNIFIED, "cgroup.freeze", text, sizeof(text));
        if (length > 0 && text[0] == '1')
            return 1;
        /* frozen from above */
        length = cgroup_read(cgroup, CGROUP_UNIFIED, "cgroup.events", text, sizeof(text));
        if (length >= 0)
            return cgroup_find_key(text, "frozen", &frozen) == 0 && frozen != 0;
    } else {
        return 0;
    }
    return length == -ENOENT || length == -ENODEV ? 0 : (int)length;
}

struct pid_list {
    pid_t *pids;
    size_t count;
    size_t capacity;
};

static int append_pid(struct pid_list *list, uint64_t pid)
{
    if (pid == 0 || pid > INT32_MAX)
        return 0; /* 0: in a PID namespace that we do not see */
    if (list->count == list->capacity) {
        size_t capacity = list->capacity != 0 ? 2 * list->capacity : 64;
        pid_t *larger = realloc(list->pids, capacity * sizeof(*larger));

        if (larger == NULL)
            return -ENOMEM;
        list->pids = larger;
        list->capacity = capacity;
    }
    list->pids[list->count++] = (pid_t)pid;
    return 0;
}

static int collect_pids(void *context, int directory)
{
    _cleanup_free_ char *text = NULL;
    size_t length;
    int r = file_read_all_at(directory, "cgroup.procs", PROCS_MAX, NULL, &text, &length);

    /* gone meanwhile, or threaded: its processes are listed where the threaded subtree begins */
    if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)
        return 0;
    if (r < 0)
        return r;
    for (const char *at = text; *at != '\0';) {
        uint64_t pid;

        if (parse_u64_prefix(&at, &pid) < 0)
            return -EPROTO;
        at += *at == '\n';
        r = append_pid(context, pid);
        if (r < 0)
            return r;
    }
    return 0;
}

static int compare_pids(const void *a, const void *b)
{
    pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

    return (left > right) - (left < right);
}

int cgroup_pids(struct cgroup *cgroup, pid_t **ret_pids, size_t *ret_count, struct error *error)
{
    int hierarchy = cgroup_main_hierarchy(cgroup), directory = -ENOENT, r = 0;
    struct pid_list list = {0};
    size_t unique = 0;

    if (hierarchy >= 0)
        directory = cgroup_directory(cgroup, (unsigned)hierarchy);
    if (directory >= 0)
        r = cgroup_walk(directory, collect_pids, &list);
    else if (directory != -ENOENT)
        r = directory;
    if (r < 0) {
        free(list.pids);
        return error_set(error, ERROR_CGROUP_HOST, -r,
                         "cannot list the processes of the cgroup \"%s\"",
                         cgroup_path(&cgroup->record, (unsigned)hierarchy));
    }
    if (list.count > 1)
        qsort(list.pids, list.count, sizeof(*list.pids), compare_pids);
    for (size_t i = 0; i < list.count; i++)
        if (i == 0 || list.pids[i] != list.pids[i - 1])
            list.pids[unique++] = list.pids[i];
    *ret_pids = list.pids;
    *ret_count = unique;
    return 0;
}

int cgroup_oom_kills(struct cgroup *cgroup, uint64_t *ret)
{
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_MEMORY);
    const char *file = "memory.oom_control";
    char text[1024];

    if (hierarchy < 0) {
        hierarchy = cgroup_hierarchy_of(cgroup, CGROUP_UNIFIED);
        file = "memory.events";
    }
    if (hierarchy < 0 || cgroup_read(cgroup, (unsigned)hierarchy, file, text, sizeof(text)) < 0 ||
        cgroup_find_key(text, "oom_kill", ret) < 0)
        return -ENOTSUP;
    return 0;
}

static uint64_t read_number(struct cgroup *cgroup, unsigned hierarchy, const char *file)
{
    char text[32];
    const char *digits = text;
    uint64_t number;

    /* "max" is no number, and a limit that is none */
    if (cgroup_read(cgroup, hierarchy, file, text, sizeof(text)) < 0 ||
        parse_u64_prefix(&digits, &number) < 0)
        return UINT64_MAX;
    return number;
}

void cgroup_memory_figures(struct cgroup *cgroup, uint64_t *ret_limit, uint64_t *ret_peak)
{
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_MEMORY);

    *ret_limit = *ret_peak = UINT64_MAX;
    if (hierarchy >= 0) {
        *ret_limit = read_number(cgroup, (unsigned)hierarchy, "memory.limit_in_bytes");
        *ret_peak = read_number(cgroup, (unsigned)hierarchy, "memory.max_usage_in_bytes");
        return;
    }
    hierarchy = cgroup_hierarchy_of(cgroup, CGROUP_UNIFIED);
    if (hierarchy < 0)
        return;
    *ret_limit = read_number(cgroup, (unsigned)hierarchy, "memory.max");
    *ret_peak = read_number(cgroup, (unsigned)hierarchy, "memory.peak");
}
