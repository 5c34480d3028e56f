/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a process gets into the cgroup; runs in dray only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "io/syscalls.h"

int cgroup_procs_descriptors(struct cgroup *cgroup, int ret_descriptors[CGROUP_HIERARCHIES],
                             size_t *ret_count, struct error *error)
{
    size_t count = 0;

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        int fd;

        if ((cgroup->record.hierarchies & 1u << i) == 0)
            continue;
        fd = cgroup_procs(cgroup, i);
        if (fd < 0) {
            char path[CGROUP_HOST_PATH_MAX] = "";

            cgroup_host_path(&cgroup->record, i, CGROUP_WHOLE_PATH, path);
            return error_set(error, ERROR_CGROUP_JOIN, -fd,
                             "cannot open \"cgroup.procs\" of the cgroup \"%s\"", path);
        }
        ret_descriptors[count++] = fd;
    }
    *ret_count = count;
    return 0;
}

int cgroup_directory_v2(struct cgroup *cgroup, struct error *error)
{
    int directory;

    if (cgroup->record.layout != HOST_CGROUP_V2)
        return -1;
    directory = cgroup_directory(cgroup, CGROUP_UNIFIED);
    if (directory < 0)
        error_set(error, ERROR_CGROUP_JOIN, -directory, "cannot open the cgroup \"%s\"",
                  cgroup_path(&cgroup->record, CGROUP_UNIFIED));
    return directory < 0 ? -1 : directory;
}

/* The paths of @from, but where the process says otherwise its own. */
static int replace_paths(struct cgroup_record *record, const struct cgroup_record *from,
                         const struct proc_cgroup *actual)
{
    record->size = (uint16_t)offsetof(struct cgroup_record, text);
    record->text_length = 0;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        const char *mount = from->text + from->mounts[i], *path = NULL;
        int place;

        record->existing[i] = 0;
        if ((record->hierarchies & 1u << i) == 0)
            continue;
        if (actual->paths[i] != NULL)
            path = cgroup_path_in_mount(from, i, actual->paths[i]);
        if (path == NULL)
            path = cgroup_path(from, i);
        place = cgroup_record_add(record, mount, strlen(mount));
        if (place < 0)
            return -ENAMETOOLONG;
        record->mounts[i] = (uint16_t)place;
        place = cgroup_record_add(record, path, strlen(path));
        if (place < 0)
            return -ENAMETOOLONG;
        record->paths[i] = (uint16_t)place;
    }
    return 0;
}

int cgroup_open_process(struct cgroup *ret, pid_t pid, const struct cgroup_record *record,
                        struct error *error)
{
    struct proc_cgroup actual;
    int r;

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        ret->directories[i] = ret->procs[i] = -1;
    ret->below = -1;
    memcpy(&ret->record, record, record->size);
    ret->record.below = 0;
    ret->record.created = 0;
    ret->record.may_adopt = 0;
    ret->record.stage = CGROUP_MADE;
    if (record->hierarchies == 0)
        return 0;
    r = cgroup_read_proc(pid, &actual);
    if (r == 0)
        r = replace_paths(&ret->record, record, &actual);
    if (r < 0)
        return error_set(error, ERROR_CGROUP_JOIN, -r, "cannot tell the cgroup of the process %d",
                         pid);
    return 0;
}

/* Relative, and every component a plain name: also what openat2(2) would take is refused here. */
static bool is_sub_path(const char *path)
{
    if (path[0] == '\0' || path[0] == '/' || strpbrk(path, "\r\n") != NULL)
        return false;
    for (const char *part = path;; part++) {
        size_t length = strcspn(part, "/");

        if (length == 2 && memcmp(part, "..", 2) == 0)
            return false;
        part += length;
        if (*part == '\0')
            return true;
    }
}

static int enter_hierarchy(struct cgroup *cgroup, unsigned hierarchy, const char *path)
{
    const struct open_how_request how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    struct cgroup_record *record = &cgroup->record;
    int directory = cgroup_directory(cgroup, hierarchy), place;
    char whole[CGROUP_HOST_PATH_MAX];
    const char *base = cgroup_path(record, hierarchy);
    _cleanup_close_ int sub = -1;

    if (directory < 0)
        return directory;
    sub = sys_openat2(directory, path, &how);
    if (sub < 0)
        return -errno;
    if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", strcmp(base, "/") != 0 ? base : "", path) >=
        sizeof(whole))
        return -ENAMETOOLONG;
    place = cgroup_record_add(record, whole, strlen(whole));
    if (place < 0)
        return -ENAMETOOLONG;
    record->paths[hierarchy] = (uint16_t)place;
    close_fd(directory);
    cgroup->directories[hierarchy] = take_fd(&sub);
    cgroup->procs[hierarchy] = close_fd(cgroup->procs[hierarchy]);
    return 0;
}

int cgroup_enter_sub(struct cgroup *cgroup, const char *path, uint32_t controllers,
                     struct error *error)
{
    if (!is_sub_path(path))
        return error_set(error, ERROR_CGROUP_PATH, 0,
                         "\"%s\" is not a path below the container's cgroup", path);
    cgroup->record.below = 0;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        uint32_t members = 0;
        int r;

        if ((cgroup->record.hierarchies & 1u << i) == 0)
            continue;
        for (unsigned c = 0; c < CGROUP_HIERARCHIES; c++)
            if (cgroup_hierarchy_of(cgroup, c) == (int)i)
                members |= 1u << c;
        if (controllers != 0 && (controllers & members) == 0)
            continue;
        r = enter_hierarchy(cgroup, i, path);
        if (r < 0)
            return error_set(error, ERROR_CGROUP_PATH, -r,
                             "cannot open the cgroup \"%s\" below \"%s\"", path,
                             cgroup_path(&cgroup->record, i));
    }
    return 0;
}
