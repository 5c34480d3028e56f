/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the cgroup's directories; runs in dray only.
 *
 * The usual case is one mkdir(2) per hierarchy.  Only where that says ENOENT the leading
 * directories are looked at, journalled and made.  Others may make and remove neighbours at the
 * same time: a leading directory that vanishes is made again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "plan/plan_cgroup.h"

#define ATTEMPTS_MAX 32 /* each means that somebody removed a leading directory meanwhile */

struct making {
    struct cgroup *cgroup;
    const struct plan *plan;
    cgroup_journal journal;
    void *context;
    struct error *error;
    uint32_t missing; /* hierarchies without the leading directories */
    uint32_t found;   /* hierarchies where the directory was there before */
    unsigned denied;  /* the last hierarchy that was done without, and why */
    int denied_error;
};

/* How many leading directories there are. */
static unsigned count_existing(const struct cgroup_record *record, unsigned hierarchy)
{
    unsigned depth = cgroup_path_depth(cgroup_path(record, hierarchy)) - 1;
    char path[CGROUP_HOST_PATH_MAX];

    for (; depth > 0; depth--)
        if (cgroup_host_path(record, hierarchy, depth, path) == 0 &&
            faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            break;
    return depth;
}

/* The directory that must be delegated, and what would be made in it. */
static int set_denied_error(struct making *making, unsigned hierarchy, int r)
{
    const struct cgroup_record *record = &making->cgroup->record;
    unsigned depth = count_existing(record, hierarchy);
    char directory[CGROUP_HOST_PATH_MAX], wanted[CGROUP_HOST_PATH_MAX];

    if (cgroup_host_path(record, hierarchy, depth, directory) < 0 ||
        cgroup_host_path(record, hierarchy, depth + 1, wanted) < 0)
        return r;
    return cgroup_set_not_delegated(making->plan, directory, strrchr(wanted, '/') + 1,
                                    hierarchy == CGROUP_UNIFIED, r, making->error);
}

static int set_create_error(struct making *making, unsigned hierarchy, int r)
{
    char path[CGROUP_HOST_PATH_MAX] = "";

    if (making->plan->cgroup.by_user && cgroup_is_denied(r))
        return set_denied_error(making, hierarchy, r);

    cgroup_host_path(&making->cgroup->record, hierarchy, CGROUP_WHOLE_PATH, path);
    r = error_set(making->error, ERROR_CGROUP_CREATE, -r, "cannot make the cgroup \"%s\"%s", path,
                  r == -EROFS ? ": cgroups are mounted read-only here" : "");
    error_set_pointer(making->error, "/linux/cgroupsPath");
    return r;
}

/* 0: made; 1: was there; or a negative errno value. */
static int make_directory(const struct cgroup_record *record, unsigned hierarchy, unsigned depth)
{
    char path[CGROUP_HOST_PATH_MAX];
    int r = cgroup_host_path(record, hierarchy, depth, path);

    if (r < 0)
        return r;
    if (mkdir(path, 0755) == 0)
        return 0;
    return errno == EEXIST ? 1 : -errno;
}

static int make_last(struct making *making, unsigned hierarchy)
{
    struct cgroup_record *record = &making->cgroup->record;
    int r = make_directory(record, hierarchy, CGROUP_WHOLE_PATH);

    if (r == 0)
        record->created |= 1u << hierarchy;
    else if (r == 1)
        making->found |= 1u << hierarchy;
    return r < 0 ? r : 0;
}

static int make_leading(struct making *making, unsigned hierarchy)
{
    const struct cgroup_record *record = &making->cgroup->record;
    unsigned depth = cgroup_path_depth(cgroup_path(record, hierarchy));
    int r = -ENOENT;

    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX && r == -ENOENT; attempt++) {
        r = 0;
        for (unsigned i = record->existing[hierarchy] + 1; r >= 0 && i < depth; i++)
            r = make_directory(record, hierarchy, i);
        if (r >= 0)
            r = make_last(making, hierarchy);
    }
    return r;
}

/* A limit, or device rules, that only this hierarchy can give. */
static bool is_asked_for(const struct making *making, unsigned hierarchy)
{
    const struct plan *plan = making->plan;

    plan_for_each(write, plan, plan->cgroup.writes, struct plan_cgroup_write)
    {
        if ((write->flags & PLAN_CGROUP_OPTIONAL) == 0 &&
            cgroup_hierarchy_of_write(making->cgroup, write) == (int)hierarchy)
            return true;
    }
    return plan->cgroup.devices_asked &&
           cgroup_hierarchy_of(making->cgroup, HOST_CGROUP_DEVICES) == (int)hierarchy;
}

static void forget_hierarchy(struct cgroup *cgroup, unsigned hierarchy)
{
    struct cgroup_record *record = &cgroup->record;

    record->hierarchies &= ~(1u << hierarchy);
    record->created &= ~(1u << hierarchy);
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        if (record->alias[i] == hierarchy)
            record->alias[i] = UINT16_MAX;
    cgroup->directories[hierarchy] = close_fd(cgroup->directories[hierarchy]);
    cgroup->procs[hierarchy] = close_fd(cgroup->procs[hierarchy]);
}

/* A user may have some hierarchies of v1: those that nothing is asked of are done without. */
static bool may_do_without(const struct making *making, unsigned hierarchy, int r)
{
    return making->plan->cgroup.by_user && !making->plan->cgroup.strict && cgroup_is_denied(r) &&
           !is_asked_for(making, hierarchy);
}

/*
 * A directory below a tmpfs where no hierarchy is mounted looks the same until here: it has no
 * cgroup.procs.  It goes away again, and the hierarchy is none.
 */
static int open_procs(struct making *making, unsigned hierarchy)
{
    struct cgroup *cgroup = making->cgroup;
    struct cgroup_record *record = &cgroup->record;
    char path[CGROUP_HOST_PATH_MAX];
    int r = cgroup_procs(cgroup, hierarchy);

    if (r >= 0)
        return 0;
    if (may_do_without(making, hierarchy, r)) {
        forget_hierarchy(cgroup, hierarchy);
        return 0;
    }
    if (r != -ENOENT || (record->created & 1u << hierarchy) == 0) {
        cgroup_host_path(record, hierarchy, CGROUP_WHOLE_PATH, path);
        if (making->plan->cgroup.by_user && cgroup_is_denied(r))
            return cgroup_set_not_delegated(making->plan, path, "cgroup.procs", false, r,
                                            making->error);
        return error_set(making->error, ERROR_CGROUP_JOIN, -r,
                         "cannot open \"cgroup.procs\" of the cgroup \"%s\"", path);
    }
    for (unsigned i = cgroup_path_depth(cgroup_path(record, hierarchy));
         i > record->existing[hierarchy]; i--)
        if (cgroup_host_path(record, hierarchy, i, path) == 0)
            rmdir(path);
    forget_hierarchy(cgroup, hierarchy);
    return 0;
}

static int do_without_hierarchy(struct making *making, unsigned hierarchy, int r)
{
    if (!may_do_without(making, hierarchy, r))
        return set_create_error(making, hierarchy, r);
    making->denied = hierarchy;
    making->denied_error = r;
    forget_hierarchy(making->cgroup, hierarchy);
    return 0;
}

static int make_directories(struct making *making)
{
    struct cgroup_record *record = &making->cgroup->record;
    int r;

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        if ((record->hierarchies & 1u << i) == 0)
            continue;
        r = make_last(making, i);
        if (r == -ENOENT)
            making->missing |= 1u << i;
        else if (r < 0)
            r = do_without_hierarchy(making, i, r);
        if (r < 0 && r != -ENOENT)
            return r;
    }
    if (making->missing == 0)
        return 0;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        if ((making->missing & 1u << i) != 0)
            record->existing[i] = (uint8_t)count_existing(record, i);
    r = making->journal(making->context, record, making->error);
    for (unsigned i = 0; r == 0 && i < CGROUP_HIERARCHIES; i++) {
        if ((making->missing & 1u << i) == 0)
            continue;
        r = make_leading(making, i);
        if (r < 0)
            r = do_without_hierarchy(making, i, r);
    }
    return r;
}

static bool is_frozen_here(struct cgroup *cgroup, unsigned hierarchy)
{
    char text[256];
    uint64_t frozen;

    if (hierarchy == CGROUP_UNIFIED)
        return cgroup_read(cgroup, hierarchy, "cgroup.events", text, sizeof(text)) > 0 &&
               cgroup_find_key(text, "frozen", &frozen) == 0 && frozen != 0;
    return cgroup_hierarchy_of(cgroup, HOST_CGROUP_FREEZER) == (int)hierarchy &&
           cgroup_read(cgroup, hierarchy, "freezer.state", text, sizeof(text)) > 0 &&
           strncmp(text, "THAWED", strlen("THAWED")) != 0;
}

/*
 * A cgroup that was there before must be empty, and none may be frozen, also not from above: the
 * first process would be stuck in it.
 */
static int check_fitness(struct making *making, unsigned hierarchy)
{
    struct cgroup *cgroup = making->cgroup;
    bool found = (making->found & 1u << hierarchy) != 0;
    const char *what = NULL;
    char path[CGROUP_HOST_PATH_MAX] = "";
    int r;

    if (!found && cgroup_path_depth(cgroup_path(&cgroup->record, hierarchy)) == 1)
        return 0;
    if (is_frozen_here(cgroup, hierarchy))
        what = "is frozen";
    if (found && what == NULL) {
        r = cgroup_directory(cgroup, hierarchy);
        if (r >= 0)
            r = cgroup_directory_is_populated(r, hierarchy == CGROUP_UNIFIED);
        if (r < 0)
            return set_create_error(making, hierarchy, r);
        if (r == 1)
            what = "is in use: it has processes";
    }
    if (what == NULL)
        return 0;
    cgroup_host_path(&cgroup->record, hierarchy, CGROUP_WHOLE_PATH, path);
    r = error_set(making->error, ERROR_CGROUP_IN_USE, EBUSY, "the cgroup \"%s\" %s", path, what);
    error_set_pointer(making->error, "/linux/cgroupsPath");
    return r;
}

static int make_usable(struct making *making, uint32_t unified_controllers)
{
    struct cgroup *cgroup = making->cgroup;
    struct cgroup_record *record = &cgroup->record;
    int r;

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        if ((record->hierarchies & 1u << i) == 0)
            continue;
        /* on cgroup2 alone the first process is cloned into the directory */
        r = record->layout == HOST_CGROUP_V2
                ? cgroup_check_entry(cgroup, making->plan, making->error)
                : open_procs(making, i);
        if (r == 0 && (record->hierarchies & 1u << i) != 0)
            r = check_fitness(making, i);
        if (r < 0)
            return r;
    }
    if (record->may_adopt)
        record->created = record->hierarchies;
    r = cgroup_inherit_cpuset(cgroup, making->error);
    if (r < 0 || (record->hierarchies & 1u << CGROUP_UNIFIED) == 0)
        return r;
    r = cgroup_enable_controllers(cgroup, unified_controllers, making->plan, making->error);
    /* with one below it, that is for cgroup_give_delegated() */
    if (r == 0 && record->below == 0)
        r = cgroup_delegate(cgroup, making->plan, making->error);
    return r;
}

static bool asks_for_nothing(const struct plan *plan)
{
    plan_for_each(write, plan, plan->cgroup.writes, struct plan_cgroup_write)
    {
        if ((write->flags & PLAN_CGROUP_OPTIONAL) == 0)
            return false;
    }
    return plan->cgroup.default_path && plan->cgroup.delegate == 0 && !plan->cgroup.devices_asked &&
           !plan->cgroup.strict;
}

/* Nobody asked for limits and none may be made: the container stays in the caller's cgroup. */
static void do_without(struct cgroup *cgroup)
{
    struct cgroup_record *record = &cgroup->record;
    char path[CGROUP_HOST_PATH_MAX];

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        if ((record->created & 1u << i) != 0 &&
            cgroup_host_path(record, i, CGROUP_WHOLE_PATH, path) == 0)
            rmdir(path);
    cgroup_done(cgroup);
    record->hierarchies = 0;
    record->created = 0;
    record->layout = HOST_CGROUP_NONE;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        record->alias[i] = UINT16_MAX;
}

static int make_all(struct making *making, uint32_t unified_controllers)
{
    struct cgroup_record *record = &making->cgroup->record;
    bool had_one = record->hierarchies != 0;
    int r = make_directories(making);

    if (r == 0 && record->hierarchies != 0)
        r = make_usable(making, unified_controllers);
    if (r == 0 && had_one && record->hierarchies == 0 && making->denied_error < 0) {
        record->hierarchies = 1u << making->denied;
        r = set_create_error(making, making->denied, making->denied_error);
        record->hierarchies = 0;
    }
    return r;
}

int cgroup_make(struct cgroup *cgroup, const struct plan *plan, const struct host_cgroups *host,
                cgroup_journal journal, void *context, struct error *error)
{
    struct making making = {
        .cgroup = cgroup, .plan = plan, .journal = journal, .context = context, .error = error};
    int r, written;

    r = journal(context, &cgroup->record, error);
    if (r < 0)
        return r;
    r = make_all(&making, host->unified_controllers);
    if (cgroup_is_denied(r) && asks_for_nothing(plan)) {
        error_clear(error);
        do_without(cgroup);
        r = 0;
    }
    /* from here on the record is exact, also about what a failure leaves */
    cgroup->record.stage = CGROUP_MADE;
    written = journal(context, &cgroup->record, error);
    return r < 0 ? r : written;
}
