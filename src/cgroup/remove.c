/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removes the directories of a cgroup that we made; runs in dray only.
 *
 * A record that was only planned may name directories of others: then nothing but what is empty
 * goes, and nothing is waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"

/*
 * 0 also when there is none.  Where cgroups are mounted read-only, as in a container, the kernel
 * says so before it looks.
 */
static int remove_directory(const char *path)
{
    int r = rmdir(path) == 0 || errno == ENOENT ? 0 : -errno;

    if (r == -EROFS && access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    return r;
}

/* Removes the cgroups in it, then the cgroup; -EBUSY while a process is in one of them. */
static int remove_tree(const char *path)
{
    _cleanup_close_ int directory = -1;
    int r = remove_directory(path);

    /* mostly it has none in it */
    if (r != -EBUSY && r != -ENOTEMPTY)
        return r;
    directory = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory >= 0)
        cgroup_remove_below(directory);
    return remove_directory(path);
}

/*
 * Processes that have been killed leave the cgroup a little after they are reaped or reported dead.
 */
static int remove_waiting(struct cgroup *cgroup, unsigned hierarchy, const char *path, int64_t end)
{
    unsigned pause_us = 0;

    for (;;) {
        int r = remove_tree(path);

        if (r != -EBUSY)
            return r;
        if (hierarchy == CGROUP_UNIFIED) {
            r = cgroup_wait_event(cgroup, "populated", 0, end);
            if (r == -ETIMEDOUT)
                return -EBUSY;
        }
        if (!cgroup_pause(&pause_us, end))
            return -EBUSY;
    }
}

/* 1: removed, or not there; 0: in use by others, and theirs then; or a negative errno value. */
static int remove_if_empty(const char *path)
{
    int r = remove_directory(path);

    if (r == 0)
        return 1;
    return r == -EBUSY || r == -ENOTEMPTY ? 0 : r;
}

static int set_remove_error(const char *path, int r, struct error *error)
{
    return error_set(error, ERROR_CGROUP_REMOVE, -r, "cannot remove the cgroup \"%s\"%s", path,
                     r == -EBUSY ? ": processes are left in it" : "");
}

/* The leading directories that were not there before, as far as they are empty. */
static int remove_leading(const struct cgroup_record *record, unsigned hierarchy,
                          struct error *error)
{
    unsigned depth = cgroup_path_depth(cgroup_path(record, hierarchy));
    char path[CGROUP_HOST_PATH_MAX];
    int r = 1;

    for (unsigned i = depth - 1; r > 0 && i > record->existing[hierarchy]; i--) {
        if (cgroup_host_path(record, hierarchy, i, path) < 0)
            return 0;
        r = remove_if_empty(path);
        if (r < 0)
            return set_remove_error(path, r, error);
    }
    return 0;
}

/* In a cgroup that was there before: what of it is empty then. */
static int remove_below(struct cgroup *cgroup, const char *path, int64_t end)
{
    const char *below = cgroup->record.text + cgroup->record.below;
    size_t length = strlen(path);
    char whole[CGROUP_HOST_PATH_MAX];
    int r;

    if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", path, below) >= sizeof(whole))
        return 0; /* could not have been made */
    r = remove_waiting(cgroup, CGROUP_UNIFIED, whole, end);
    for (char *slash = strrchr(whole, '/'); r == 0 && slash > whole + length;
         slash = strrchr(whole, '/')) {
        *slash = '\0';
        if (remove_if_empty(whole) == 0)
            break;
    }
    /* the next container here may want to be in it itself */
    if (r == 0)
        cgroup_disable_below(cgroup);
    return r;
}

static int remove_hierarchy(struct cgroup *cgroup, unsigned hierarchy, int64_t end,
                            struct error *error)
{
    const struct cgroup_record *record = &cgroup->record;
    bool planned = record->stage == CGROUP_PLANNED;
    char path[CGROUP_HOST_PATH_MAX];
    int r = cgroup_host_path(record, hierarchy, CGROUP_WHOLE_PATH, path);

    if (r < 0)
        return 0; /* could not have been made */
    if (planned) {
        r = remove_if_empty(path);
        return r > 0   ? remove_leading(record, hierarchy, error)
               : r < 0 ? set_remove_error(path, r, error)
                       : 0;
    }
    /* otherwise the leading ones were made before the last one failed */
    if ((record->created & 1u << hierarchy) != 0)
        r = remove_waiting(cgroup, hierarchy, path, end);
    else if (record->below != 0)
        r = remove_below(cgroup, path, end);
    return r < 0 ? set_remove_error(path, r, error) : remove_leading(record, hierarchy, error);
}

int cgroup_remove_empty(struct cgroup *cgroup)
{
    int hierarchy = cgroup_main_hierarchy(cgroup), r;
    char path[CGROUP_HOST_PATH_MAX];

    if (hierarchy < 0 ||
        cgroup_host_path(&cgroup->record, (unsigned)hierarchy, CGROUP_WHOLE_PATH, path) < 0)
        return 0;
    r = remove_directory(path);
    if (r == 0)
        cgroup->record.created &= ~(1u << hierarchy); /* cgroup_remove() needs not do it again */
    return r;
}

int cgroup_remove(struct cgroup *cgroup, int deadline_ms, struct error *error)
{
    int64_t end = cgroup_clock() + deadline_ms;
    int result = 0;

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        int r;

        if ((cgroup->record.hierarchies & 1u << i) == 0)
            continue;
        r = remove_hierarchy(cgroup, i, end, error);
        if (r < 0 && result == 0)
            result = r;
    }
    return result;
}
