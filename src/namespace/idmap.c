/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "namespace/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "namespace/restrictions.h"

/* user_namespaces(7): at most 340 lines since 4.15; one page in one write */
#define IDMAP_ENTRIES_MAX 340
#define IDMAP_LINE_MAX    34

static const char *const files[] = {[IDMAP_UID] = "uid_map", [IDMAP_GID] = "gid_map"};

struct plan_array idmap_of(const struct plan *plan, enum idmap_kind kind)
{
    return kind == IDMAP_UID ? plan->namespaces.uid_map : plan->namespaces.gid_map;
}

struct plan_origin idmap_origin(enum idmap_kind kind)
{
    return (struct plan_origin){.kind =
                                    kind == IDMAP_UID ? ORIGIN_UID_MAPPING : ORIGIN_GID_MAPPING};
}

static bool may_map_all(enum idmap_kind kind, const struct host *host)
{
    unsigned capability = kind == IDMAP_UID ? CAP_SETUID : CAP_SETGID;

    return (host->capabilities >> capability & 1) != 0;
}

bool idmap_is_ours_to_write(const struct plan *plan, enum idmap_kind kind, const struct host *host)
{
    struct plan_array map = idmap_of(plan, kind);
    const struct plan_idmap *entries = plan_items(plan, map, struct plan_idmap);
    uint32_t own = kind == IDMAP_UID ? host->effective_uid : host->effective_gid;

    return may_map_all(kind, host) ||
           (map.count == 1 && entries[0].size == 1 && entries[0].host_id == own);
}

static int write_map(const struct plan *plan, enum idmap_kind kind, int process,
                     const struct host *host, struct error *error)
{
    char text[IDMAP_ENTRIES_MAX * IDMAP_LINE_MAX + 1];
    struct plan_array map = idmap_of(plan, kind);
    const char *why = "";
    size_t length = 0;
    int r;

    if (map.count > IDMAP_ENTRIES_MAX)
        r = -E2BIG;
    else {
        plan_for_each(entry, plan, map, struct plan_idmap) length +=
            (size_t)snprintf(text + length, sizeof(text) - length, "%u %u %u\n",
                             entry->container_id, entry->host_id, entry->size);
        r = length > 0 ? file_write_at(process, files[kind], text, length) : 0;
    }
    if (r == 0)
        return 0;
    if (r == -EPERM && host->in_user_namespace)
        why =
            ": each mapping has to lie within one line of the map of the user namespace that dray "
            "is in";
    error_set(error, ERROR_IDMAP_FAILED, -r, "cannot write the %s of the container (%u mappings)%s",
              files[kind], map.count, why);
    plan_origin_explain(plan, idmap_origin(kind), error);
    return r;
}

int idmap_write(const struct plan *plan, enum idmap_kind kind, pid_t pid, const struct host *host,
                struct error *error)
{
    _cleanup_close_ int process = -1;
    char path[32];
    int r;

    snprintf(path, sizeof(path), "/proc/%d", pid);
    process = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0)
        return error_set(error, ERROR_IDMAP_FAILED, errno, "cannot open \"%s\"", path);
    if (kind == IDMAP_GID && !may_map_all(kind, host)) {
        r = file_write_at(process, "setgroups", "deny", 4);
        if (r < 0 && r != -ENOENT)
            return error_set(error, ERROR_IDMAP_FAILED, -r,
                             "cannot deny setgroups in the container's user namespace");
    }
    return write_map(plan, kind, process, host, error);
}
