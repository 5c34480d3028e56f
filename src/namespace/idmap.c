/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "namespace/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"

/* user_namespaces(7): at most 340 lines since 4.15; one page in one write */
#define IDMAP_ENTRIES_MAX 340
#define IDMAP_LINE_MAX    34

static int write_map(const struct plan *plan, struct plan_array map, int process, const char *file,
                     enum plan_origin_kind origin, struct error *error)
{
    char text[IDMAP_ENTRIES_MAX * IDMAP_LINE_MAX + 1];
    size_t length = 0;
    int r;

    if (map.count > IDMAP_ENTRIES_MAX)
        r = -E2BIG;
    else {
        plan_for_each(entry, plan, map, struct plan_idmap) length +=
            (size_t)snprintf(text + length, sizeof(text) - length, "%u %u %u\n",
                             entry->container_id, entry->host_id, entry->size);
        r = length > 0 ? file_write_at(process, file, text, length) : 0;
    }
    if (r == 0)
        return 0;
    error_set(error, ERROR_IDMAP_FAILED, -r, "cannot write the %s of the container (%u mappings)",
              file, map.count);
    plan_origin_explain(plan, (struct plan_origin){.kind = (uint16_t)origin}, error);
    return r;
}

int idmap_write(const struct plan *plan, pid_t pid, bool privileged, struct error *error)
{
    _cleanup_close_ int process = -1;
    char path[32];
    int r;

    snprintf(path, sizeof(path), "/proc/%d", pid);
    process = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0)
        return error_set(error, ERROR_IDMAP_FAILED, errno, "cannot open \"%s\"", path);
    r = write_map(plan, plan->namespaces.uid_map, process, "uid_map", ORIGIN_UID_MAPPING, error);
    if (r < 0)
        return r;
    if (!privileged) {
        r = file_write_at(process, "setgroups", "deny", 4);
        if (r < 0 && r != -ENOENT)
            return error_set(error, ERROR_IDMAP_FAILED, -r,
                             "cannot deny setgroups in the container's user namespace");
    }
    return write_map(plan, plan->namespaces.gid_map, process, "gid_map", ORIGIN_GID_MAPPING, error);
}
