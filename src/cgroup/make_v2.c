/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Controllers on cgroup2: a cgroup has those that every cgroup above it has in its
 * cgroup.subtree_control (kernel documentation, admin-guide/cgroup-v2, "Controlling Controllers").
 * Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cgroup/cgroup_internal.h"
#include "host/host_cgroups.h"
#include "io/file.h"
#include "plan/plan_cgroup.h"

/* The controllers whose files the plan must be able to write. */
static uint32_t find_needed(const struct plan *plan)
{
    uint32_t needed = 0;

    plan_for_each(write, plan, plan->cgroup.writes, struct plan_cgroup_write)
    {
        if ((write->flags & PLAN_CGROUP_V2) != 0 && (write->flags & PLAN_CGROUP_OPTIONAL) == 0 &&
            write->controller < HOST_CGROUP_CONTROLLERS)
            needed |= 1u << write->controller;
    }
    return needed;
}

/* "+cpu +memory": what cgroup.subtree_control takes. */
static void format_controllers(uint32_t controllers, const char *prefix, char *out, size_t size)
{
    size_t length = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < HOST_CGROUP_CONTROLLERS && length < size; i++) {
        const char *name = host_cgroup_controller_name_v2(i);

        if ((controllers & 1u << i) != 0 && name != NULL)
            length += (size_t)snprintf(out + length, size - length, "%s%s%s", length > 0 ? " " : "",
                                       prefix, name);
    }
}

static const char subtree_control[] = "/cgroup.subtree_control";

/* @sign: "+" enables, "-" disables */
static int change(const char *path, const char *sign, uint32_t controllers)
{
    char text[256];

    format_controllers(controllers, sign, text, sizeof(text));
    return file_write_at(AT_FDCWD, path, text, strlen(text));
}

static int set_enable_error(const struct plan *plan, struct error *error, const char *path,
                            uint32_t needed, int r)
{
    char names[256];
    const char *why = "";

    if (plan->cgroup.by_user && cgroup_is_denied(r))
        return cgroup_set_not_delegated(plan, path, "cgroup.subtree_control", true, r, error);

    format_controllers(needed, "", names, sizeof(names));
    if (r == -EBUSY)
        why = ": that cgroup has processes itself, and cgroup2 allows them only in cgroups "
              "without controllers below";
    else if (r == -ENOENT)
        why =
            plan->cgroup.by_user
                ? ": they are not delegated to it; for systemd's users put Delegate=yes, or a list "
                  "of controllers, into user@.service"
                : ": that cgroup has not got them from the one above";
    return error_set(error, ERROR_CGROUP_CONTROLLER, -r,
                     "cannot enable the controllers \"%s\" in \"%s\"%s", names, path, why);
}

/* What a user may not enable in a cgroup above its own may be enabled there already. */
static bool is_enabled(const char *path, uint32_t controllers)
{
    char text[1024];

    return file_read_once_at(AT_FDCWD, path, text, sizeof(text)) >= 0 &&
           (controllers & ~host_cgroup_parse_controllers(text)) == 0;
}

/* cgroups(7), "Cgroups v2 thread mode" */
#define THREADED_CONTROLLERS \
    (1u << HOST_CGROUP_CPU | 1u << HOST_CGROUP_CPUSET | 1u << HOST_CGROUP_PIDS)

/*
 * A cgroup with processes refuses controllers but for threaded ones, with which it becomes the root
 * of a threaded subtree: no process gets into the cgroups below any more.  Then they are taken
 * back: -EBUSY.
 */
static int enable(char *path, size_t length, uint32_t controllers)
{
    static const char file[] = "/cgroup.type";
    uint32_t before = 0;
    char text[1024];
    ssize_t read;
    int r;

    if ((controllers & ~THREADED_CONTROLLERS) != 0)
        return change(path, "+", controllers);
    if (file_read_once_at(AT_FDCWD, path, text, sizeof(text)) >= 0)
        before = host_cgroup_parse_controllers(text);
    r = change(path, "+", controllers);
    if (r < 0)
        return r;
    memcpy(path + length, file, sizeof(file));
    read = file_read_once_at(AT_FDCWD, path, text, sizeof(text));
    memcpy(path + length, subtree_control, sizeof(subtree_control));
    /* the root of all has no such file, and no such rule */
    if (read < 0 || strncmp(text, "domain threaded", strlen("domain threaded")) != 0)
        return 0;
    change(path, "-", controllers & ~before);
    return -EBUSY;
}

/* All of @wanted if that is possible, at least @needed. */
static int enable_in(const struct cgroup_record *record, const struct plan *plan, unsigned depth,
                     uint32_t wanted, uint32_t needed, struct error *error)
{
    char path[CGROUP_HOST_PATH_MAX];
    int r = cgroup_host_path(record, CGROUP_UNIFIED, depth, path);
    size_t length;

    if (r < 0 || strlen(path) + sizeof(subtree_control) > sizeof(path))
        return set_enable_error(plan, error, "", needed, -ENAMETOOLONG);
    length = strlen(path);
    memcpy(path + length, subtree_control, sizeof(subtree_control));
    r = enable(path, length, wanted);
    if (r == 0)
        return 0;
    if (needed != 0) {
        if (r != -EBUSY)
            r = enable(path, length, needed);
        if (cgroup_is_denied(r) && is_enabled(path, needed))
            return 0;
        if (r < 0) {
            path[length] = '\0';
            return set_enable_error(plan, error, path, needed, r);
        }
    }
    if (r == -EBUSY)
        return 0;
    /* the others one by one: what cannot be enabled is not there for statistics */
    for (unsigned i = 0; i < HOST_CGROUP_CONTROLLERS; i++)
        if ((wanted & ~needed & 1u << i) != 0)
            enable(path, length, 1u << i);
    return 0;
}

int cgroup_enable_controllers(struct cgroup *cgroup, uint32_t available, const struct plan *plan,
                              struct error *error)
{
    const struct cgroup_record *record = &cgroup->record;
    unsigned depth = cgroup_path_depth(cgroup_path(record, CGROUP_UNIFIED));
    uint32_t needed = find_needed(plan), wanted, present;
    char text[1024];
    ssize_t length;

    /* beside v1 hierarchies only what is asked for: the rest is theirs */
    wanted = record->layout == HOST_CGROUP_V2 ? available | needed : needed;
    if (wanted == 0)
        return 0;
    length = cgroup_read(cgroup, CGROUP_UNIFIED, "cgroup.controllers", text, sizeof(text));
    if (length < 0)
        return error_set(error, ERROR_CGROUP_CONTROLLER, (int)-length,
                         "cannot read the controllers of the cgroup \"%s\"",
                         cgroup_path(record, CGROUP_UNIFIED));
    present = host_cgroup_parse_controllers(text);
    wanted &= ~present;
    needed &= ~present;
    for (unsigned i = 0; wanted != 0 && i < depth; i++) {
        int r = enable_in(record, plan, i, wanted, needed, error);

        if (r < 0)
            return r;
    }
    return 0;
}
