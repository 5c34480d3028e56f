/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Freezing and thawing all processes of a cgroup; runs in dray only. */
#include <errno.h>
#include <string.h>

#include "cgroup/cgroup_internal.h"

/* v1: after so many looks at a cgroup that stays FREEZING it is thawed for a moment */
#define FREEZING_LOOKS 16

static int set_freeze_error(struct cgroup *cgroup, unsigned hierarchy, const char *what, int r,
                            struct error *error)
{
    return error_set(error, ERROR_CGROUP_FREEZE, -r, "cannot %s the cgroup \"%s\"", what,
                     cgroup_path(&cgroup->record, hierarchy));
}

/*
 * v1 reports no event, and its freezer can get stuck in FREEZING when a process is being forked or
 * traced: then a thaw lets that pass (kernel documentation,
 * admin-guide/cgroup-v1/freezer-subsystem).
 */
static int freeze_v1(struct cgroup *cgroup, unsigned hierarchy, int64_t end)
{
    unsigned pause_us = 0;

    for (unsigned look = 1;; look++) {
        char state[32];
        ssize_t length;
        int r = cgroup_write(cgroup, hierarchy, "freezer.state", "FROZEN");

        if (r < 0)
            return r;
        length = cgroup_read(cgroup, hierarchy, "freezer.state", state, sizeof(state));
        if (length < 0)
            return (int)length;
        if (strncmp(state, "FROZEN", strlen("FROZEN")) == 0)
            return 0;
        if (look % FREEZING_LOOKS == 0)
            cgroup_write(cgroup, hierarchy, "freezer.state", "THAWED");
        if (!cgroup_pause(&pause_us, end))
            return -ETIMEDOUT;
    }
}

static int freeze_v2(struct cgroup *cgroup, int64_t end)
{
    int r = cgroup_write(cgroup, CGROUP_UNIFIED, "cgroup.freeze", "1");

    return r < 0 ? r : cgroup_wait_event(cgroup, "frozen", 1, end);
}

/* The hierarchy that can freeze: the freezer's of v1, or cgroup2; -1: none. */
static int find_freezer(const struct cgroup *cgroup)
{
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_FREEZER);

    return hierarchy >= 0 ? hierarchy : cgroup_hierarchy_of(cgroup, CGROUP_UNIFIED);
}

static int thaw_in(struct cgroup *cgroup, unsigned hierarchy)
{
    return hierarchy == CGROUP_UNIFIED ? cgroup_write(cgroup, hierarchy, "cgroup.freeze", "0")
                                       : cgroup_write(cgroup, hierarchy, "freezer.state", "THAWED");
}

int cgroup_freeze_quietly(struct cgroup *cgroup, int deadline_ms)
{
    int64_t end = cgroup_clock() + deadline_ms;
    int hierarchy = find_freezer(cgroup), r;

    if (hierarchy < 0)
        return -ENOTSUP;
    r = hierarchy == CGROUP_UNIFIED ? freeze_v2(cgroup, end)
                                    : freeze_v1(cgroup, (unsigned)hierarchy, end);
    if (r < 0)
        thaw_in(cgroup, (unsigned)hierarchy);
    return r;
}

int cgroup_thaw_quietly(struct cgroup *cgroup)
{
    int hierarchy = find_freezer(cgroup);

    return hierarchy < 0 ? -ENOTSUP : thaw_in(cgroup, (unsigned)hierarchy);
}

static int set_no_freezer(struct error *error)
{
    return error_set(error, ERROR_CGROUP_FREEZE, ENOTSUP,
                     "the container has no cgroup that could be frozen");
}

int cgroup_freeze(struct cgroup *cgroup, int deadline_ms, struct error *error)
{
    int hierarchy = find_freezer(cgroup), r;

    if (hierarchy < 0)
        return set_no_freezer(error);
    r = cgroup_freeze_quietly(cgroup, deadline_ms);
    if (r == -ETIMEDOUT)
        return error_set(error, ERROR_TIMEOUT, ETIMEDOUT,
                         "the processes of the cgroup \"%s\" were not frozen within %d ms",
                         cgroup_path(&cgroup->record, (unsigned)hierarchy), deadline_ms);
    return r < 0 ? set_freeze_error(cgroup, (unsigned)hierarchy, "freeze", r, error) : 0;
}

int cgroup_thaw(struct cgroup *cgroup, int deadline_ms, struct error *error)
{
    int hierarchy = find_freezer(cgroup), r;

    if (hierarchy < 0)
        return set_no_freezer(error);
    r = thaw_in(cgroup, (unsigned)hierarchy);
    if (r == 0 && hierarchy == CGROUP_UNIFIED)
        r = cgroup_wait_event(cgroup, "frozen", 0, cgroup_clock() + deadline_ms);
    if (r == -ETIMEDOUT || (r == 0 && cgroup_is_frozen(cgroup) == 1))
        return error_set(error, ERROR_CGROUP_FREEZE, EBUSY,
                         "the cgroup \"%s\" stays frozen: one above it is",
                         cgroup_path(&cgroup->record, (unsigned)hierarchy));
    return r < 0 ? set_freeze_error(cgroup, (unsigned)hierarchy, "thaw", r, error) : 0;
}

int cgroup_freezer_path(const struct cgroup *cgroup, char out[PATH_MAX])
{
    int hierarchy = cgroup->record.layout == HOST_CGROUP_V2
                        ? (int)CGROUP_UNIFIED
                        : cgroup_hierarchy_of(cgroup, HOST_CGROUP_FREEZER);

    if (hierarchy < 0 || (cgroup->record.hierarchies & 1u << hierarchy) == 0)
        return -ENOENT;
    return cgroup_host_path(&cgroup->record, (unsigned)hierarchy, CGROUP_WHOLE_PATH, out);
}
