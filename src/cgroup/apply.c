/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the plan's limits into the cgroup's files; runs in dray only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cgroup/cgroup_internal.h"
#include "io/file.h"
#include "plan/plan_cgroup.h"

#define LINKED_MAX 8 /* members of the largest group of linked writes, and to spare */

struct applying {
    struct cgroup *cgroup;
    const struct plan *plan;
    struct error *error;
};

int cgroup_hierarchy_of_write(const struct cgroup *cgroup, const struct plan_cgroup_write *write)
{
    return (write->flags & PLAN_CGROUP_V2) != 0 ? cgroup_hierarchy_of(cgroup, CGROUP_UNIFIED)
                                                : cgroup_hierarchy_of(cgroup, write->controller);
}

static unsigned hierarchy_of(const struct cgroup *cgroup, const struct plan_cgroup_write *write,
                             bool *ret_found)
{
    int hierarchy = cgroup_hierarchy_of_write(cgroup, write);

    *ret_found = hierarchy >= 0;
    return hierarchy >= 0 ? (unsigned)hierarchy : 0;
}

static const char *controller_of(const struct plan_cgroup_write *write)
{
    const char *name;

    if (write->controller >= HOST_CGROUP_CONTROLLERS)
        return "core";
    name = (write->flags & PLAN_CGROUP_V2) != 0 ? host_cgroup_controller_name_v2(write->controller)
                                                : NULL;
    return name != NULL ? name : host_cgroup_controller_name(write->controller);
}

/* The memory limit that was refused, and what is used: both numbers, for the user to choose. */
static bool format_usage(struct applying *applying, const struct plan_cgroup_write *write,
                         char *out, size_t size)
{
    bool v2 = (write->flags & PLAN_CGROUP_V2) != 0, found;
    unsigned hierarchy = hierarchy_of(applying->cgroup, write, &found);
    char usage[32];

    if (!found ||
        cgroup_read(applying->cgroup, hierarchy, v2 ? "memory.current" : "memory.usage_in_bytes",
                    usage, sizeof(usage)) < 0)
        return false;
    usage[strcspn(usage, "\n")] = '\0';
    snprintf(out, size, "the memory limit %s is below the current usage %s",
             plan_text(applying->plan, write->value), usage);
    return true;
}

static int set_write_error(struct applying *applying, const struct plan_cgroup_write *write, int r)
{
    const struct plan *plan = applying->plan;
    struct error *error = applying->error;
    bool found, v2 = (write->flags & PLAN_CGROUP_V2) != 0;
    unsigned hierarchy = hierarchy_of(applying->cgroup, write, &found);
    const char *path = found ? cgroup_path(&applying->cgroup->record, hierarchy) : "";
    char usage[160];

    if (r == -ENOENT && v2)
        r = error_set(error, ERROR_CGROUP_CONTROLLER, ENOENT,
                      "cannot write \"%s\" to \"%s\": the controller \"%s\" is not enabled in the "
                      "cgroup \"%s\", or this kernel lacks that part of it",
                      plan_text(plan, write->value), plan_text(plan, write->file),
                      controller_of(write), path);
    else if (r == -ENOENT)
        r = error_set(error, ERROR_CGROUP_CONTROLLER, ENOENT,
                      "cannot write \"%s\" to \"%s\": this host's controller \"%s\" lacks it",
                      plan_text(plan, write->value), plan_text(plan, write->file),
                      controller_of(write));
    else if (r == -EBUSY && (write->flags & PLAN_CGROUP_CHECK_USAGE) != 0 &&
             format_usage(applying, write, usage, sizeof(usage)))
        r = error_set(error, ERROR_CGROUP_WRITE, EBUSY, "%s", usage);
    else
        r = error_set(error, ERROR_CGROUP_WRITE, -r,
                      "cannot write \"%s\" to \"%s\" of the controller \"%s\" in the cgroup \"%s\"",
                      plan_text(plan, write->value), plan_text(plan, write->file),
                      controller_of(write), path);
    plan_origin_explain(plan, write->origin, error);
    return r;
}

/* cgroup2 would reclaim and kill down to the limit: asked for, it is refused as v1 does. */
static int check_usage(struct applying *applying, const struct plan_cgroup_write *write)
{
    char text[32];
    const char *usage = text;
    uint64_t used, limit;
    ssize_t length =
        cgroup_read(applying->cgroup, CGROUP_UNIFIED, "memory.current", text, sizeof(text));

    if (length < 0)
        return (int)length;
    if (parse_u64_prefix(&usage, &used) < 0 ||
        parse_u64(plan_text(applying->plan, write->value), &limit) < 0)
        return 0;
    return used > limit ? -EBUSY : 0;
}

/* Puts the first word of the file as it is in front of the value. */
static int keep_first(struct applying *applying, unsigned hierarchy, const char *file,
                      const char *value, char *out, size_t size)
{
    char text[128];
    ssize_t length = cgroup_read(applying->cgroup, hierarchy, file, text, sizeof(text));

    if (length < 0)
        return (int)length;
    text[strcspn(text, " \n")] = '\0';
    return (size_t)snprintf(out, size, "%s %s", text, value) < size ? 0 : -ENAMETOOLONG;
}

static int write_once(struct applying *applying, const struct plan_cgroup_write *write)
{
    const char *file = plan_text(applying->plan, write->file);
    const char *value = plan_text(applying->plan, write->value);
    bool found;
    unsigned hierarchy = hierarchy_of(applying->cgroup, write, &found);
    char whole[256];
    int r = 0;

    if (!found)
        return -ENOENT;
    if ((write->flags & PLAN_CGROUP_KEEP_FIRST) != 0) {
        r = keep_first(applying, hierarchy, file, value, whole, sizeof(whole));
        value = whole;
    } else if ((write->flags & PLAN_CGROUP_CHECK_USAGE) != 0 &&
               (write->flags & PLAN_CGROUP_V2) != 0) {
        r = check_usage(applying, write);
    }
    return r < 0 ? r : cgroup_write(applying->cgroup, hierarchy, file, value);
}

/*
 * A real-time budget needs one in every cgroup above: those that we made have none yet.
 */
static void raise_realtime(struct applying *applying, const struct plan_cgroup_write *write)
{
    const struct cgroup_record *record = &applying->cgroup->record;
    bool found;
    unsigned hierarchy = hierarchy_of(applying->cgroup, write, &found);
    const char *file = plan_text(applying->plan, write->file);
    const char *value = plan_text(applying->plan, write->value);
    unsigned depth;

    if (!found || (record->created & 1u << hierarchy) == 0 ||
        strncmp(file, "cpu.rt_", strlen("cpu.rt_")) != 0)
        return;
    depth = cgroup_path_depth(cgroup_path(record, hierarchy));
    for (unsigned i = record->existing[hierarchy] + 1; i < depth; i++) {
        char path[CGROUP_HOST_PATH_MAX];

        if (cgroup_file_path(record, hierarchy, i, file, path) == 0)
            file_write_at(AT_FDCWD, path, value, strlen(value));
    }
}

/*
 * Limits that bound each other (memory and memory+swap; period, quota and burst) are taken in one
 * order when they grow and in the other when they shrink: each round writes what can be written,
 * until nothing is left or nothing moves.
 */
static int write_linked(struct applying *applying, const struct plan_cgroup_write *writes,
                        uint32_t count)
{
    uint32_t left = (1u << count) - 1;
    uint32_t first_failed = 0;
    int first_error = 0;

    for (bool moved = true; left != 0 && moved;) {
        moved = false;
        first_error = 0;
        for (uint32_t i = 0; i < count; i++) {
            int r;

            if ((left & 1u << i) == 0)
                continue;
            raise_realtime(applying, &writes[i]);
            r = write_once(applying, &writes[i]);
            if (r == 0 || (r == -ENOENT && (writes[i].flags & PLAN_CGROUP_OPTIONAL) != 0)) {
                left &= ~(1u << i);
                moved = true;
            } else if (first_error == 0) {
                first_error = r;
                first_failed = i;
            }
        }
    }
    return left == 0 ? 0 : set_write_error(applying, &writes[first_failed], first_error);
}

int cgroup_apply(struct cgroup *cgroup, const struct plan *plan, struct plan_array array,
                 struct error *error)
{
    struct applying applying = {.cgroup = cgroup, .plan = plan, .error = error};
    const struct plan_cgroup_write *writes = plan_items(plan, array, struct plan_cgroup_write);
    uint32_t count;

    for (uint32_t i = 0; i < array.count; i += count) {
        int r;

        for (count = 1; i + count < array.count && count < LINKED_MAX &&
                        (writes[i + count - 1].flags & PLAN_CGROUP_LINKED) != 0;)
            count++;
        if ((writes[i].flags & PLAN_CGROUP_ALTERNATIVE) != 0 && i + 1 < array.count) {
            r = write_once(&applying, &writes[i]);
            count = 2;
            if (r == 0)
                continue;
            if (r != -ENOENT)
                return set_write_error(&applying, &writes[i], r);
            r = write_linked(&applying, &writes[i + 1], 1);
        } else {
            r = write_linked(&applying, &writes[i], count);
        }
        if (r < 0)
            return r;
    }
    return 0;
}
