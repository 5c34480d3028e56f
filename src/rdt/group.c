/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups of resctrl: choosing, making, filling, changing, removing; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "rdt/rdt.h"
#include "rdt/schemata.h"

#define SCHEMATA_LIMIT 65536
#define MON_GROUPS     "mon_groups"

int rdt_open_group(int root, const char *group)
{
    _cleanup_close_ int fd = openat(root, group[0] != '\0' ? group : ".",
                                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    /* "info" and the like are directories, too */
    if (faccessat(fd, "tasks", F_OK, AT_EACCESS) < 0 ||
        faccessat(fd, "schemata", F_OK, AT_EACCESS) < 0)
        return -ENOTDIR;
    return take_fd(&fd);
}

int rdt_open_monitor(int root, const struct rdt_record *record)
{
    _cleanup_close_ int group = -1, groups = -1;
    int fd;

    if (record->monitor[0] == '\0')
        return -ENOENT;
    group = rdt_open_group(root, record->group);
    if (group < 0)
        return group;
    groups = openat(group, MON_GROUPS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (groups < 0)
        return -errno;
    fd = openat(groups, record->monitor, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* What the kernel says about the last thing that it refused. */
static void add_kernel_words(int root, struct error *error)
{
    char words[512];
    ssize_t length = file_read_at(root, "info/last_cmd_status", words, sizeof(words));

    if (length > 0 && strcmp(words, "ok\n") != 0)
        error_set_detail(error, words, (size_t)length);
}

static const char *shown(const char *group)
{
    return group[0] != '\0' ? group : "/";
}

static int read_schemata(int group, char **ret)
{
    size_t length;

    return file_read_all_at(group, "schemata", SCHEMATA_LIMIT, NULL, ret, &length);
}

/* An existing group is somebody's: it must be what is asked for already. */
static int compare(int group, const struct plan *plan, struct error *error)
{
    _cleanup_free_ char *schemata = NULL;
    int r;

    plan_for_each(line, plan, plan->rdt.lines, struct plan_rdt_line)
    {
        if (!line->must_match)
            continue;
        r = schemata == NULL ? read_schemata(group, &schemata) : 0;
        if (r < 0)
            return error_set(error, ERROR_RDT_GROUP, -r, "cannot read the schemata of a group");
        if (schemata_allot(schemata, plan_text(plan, line->text)))
            continue;
        plan_origin_explain(plan, line->origin, error);
        return error_set(error, ERROR_RDT_GROUP, EEXIST,
                         "the class of service \"%s\" exists, and does not allot \"%s\"",
                         plan_text(plan, plan->rdt.group), plan_text(plan, line->text));
    }
    return 0;
}

static int copy_name(char out[RDT_NAME_SIZE], const char *name, struct error *error)
{
    size_t length = strlen(name);

    if (length >= RDT_NAME_SIZE)
        return error_set(error, ERROR_RDT_GROUP, ENAMETOOLONG,
                         "\"%.40s…\" is too long for the name of a group of resctrl", name);
    memcpy(out, name, length + 1);
    return 0;
}

int rdt_describe(int root, const struct plan *plan, struct rdt_record *ret, struct error *error)
{
    const struct plan_rdt *rdt = &plan->rdt;
    struct rdt_record record = {.flags = rdt->named ? RDT_GROUP_IS_NAMED : 0};
    const char *name = plan_text(plan, rdt->group);
    _cleanup_close_ int group = -1;
    int r = name != NULL ? copy_name(record.group, name, error) : 0;

    if (r == 0 && rdt->monitor)
        r = copy_name(record.monitor, plan_text(plan, plan->id), error);
    if (r < 0)
        return r;
    group = rdt_open_group(root, record.group);
    if (group == -ENOENT && rdt->named && rdt->lines.count == 0) {
        error_set_pointer(error, "/linux/intelRdt/closID");
        return error_set(error, ERROR_RDT_GROUP, ENOENT,
                         "there is no class of service \"%s\", and no schema to make it with",
                         record.group);
    }
    if (group == -ENOENT)
        record.flags |= RDT_GROUP_IS_OURS;
    else if (group < 0)
        return error_set(error, ERROR_RDT_GROUP, -group, "\"%s\" is no group of resctrl",
                         shown(record.group));
    else
        r = compare(group, plan, error);
    if (r < 0)
        return r;
    *ret = record;
    return 0;
}

/* One line in one write(2), as the kernel wants it. */
static int write_line(int group, const char *line)
{
    _cleanup_free_ char *text = NULL;
    int length = asprintf(&text, "%s\n", line);

    if (length < 0)
        return -ENOMEM;
    return file_write_at(group, "schemata", text, (size_t)length);
}

static int write_schemata(int root, int group, const struct plan *plan, struct error *error)
{
    plan_for_each(line, plan, plan->rdt.lines, struct plan_rdt_line)
    {
        int r = write_line(group, plan_text(plan, line->text));

        if (r == 0)
            continue;
        add_kernel_words(root, error);
        plan_origin_explain(plan, line->origin, error);
        return error_set(error, ERROR_RDT_GROUP, -r, "the schema \"%s\" is refused",
                         plan_text(plan, line->text));
    }
    return 0;
}

static int make_monitor(int root, int group, const char *name, struct error *error)
{
    _cleanup_close_ int groups =
        openat(group, MON_GROUPS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (groups >= 0 && mkdirat(groups, name, 0755) == 0)
        return 0;
    error_set_pointer(error, "/linux/intelRdt/enableMonitoring");
    if (groups < 0)
        return error_set(error, ERROR_RDT_GROUP, errno,
                         "this machine cannot monitor groups of resctrl");
    error_set(error, ERROR_RDT_GROUP, errno, "cannot make the monitoring group \"%s\"", name);
    add_kernel_words(root, error);
    return -error->sys_errno;
}

int rdt_make(int root, const struct plan *plan, const struct rdt_record *record,
             struct error *error)
{
    _cleanup_close_ int group = -1;
    int r;

    if ((record->flags & RDT_GROUP_IS_OURS) != 0 && mkdirat(root, record->group, 0755) < 0) {
        if (errno == EEXIST)
            return -EEXIST;
        error_set(error, ERROR_RDT_GROUP, errno, "cannot make the class of service \"%s\"",
                  record->group);
        add_kernel_words(root, error);
        return -error->sys_errno;
    }
    group = rdt_open_group(root, record->group);
    if (group < 0)
        return error_set(error, ERROR_RDT_GROUP, -group, "cannot open the class of service \"%s\"",
                         shown(record->group));
    r = write_schemata(root, group, plan, error);
    if (r == 0 && record->monitor[0] != '\0')
        r = make_monitor(root, group, record->monitor, error);
    return r;
}

static int write_pid(int root, int group, const char *name, pid_t pid, struct error *error)
{
    char digits[24];
    unsigned length = format_u64(digits, (uint64_t)pid);
    int r = group < 0 ? group : file_write_at(group, "tasks", digits, length);

    if (r == 0)
        return 0;
    add_kernel_words(root, error);
    return error_set(error, ERROR_RDT_GROUP, -r,
                     "cannot put the container's process into the group \"%s\" of resctrl",
                     shown(name));
}

int rdt_attach(int root, const struct rdt_record *record, pid_t pid, struct error *error)
{
    _cleanup_close_ int group = rdt_open_group(root, record->group), monitor = -1;
    int r = write_pid(root, group, record->group, pid, error);

    if (r < 0 || record->monitor[0] == '\0')
        return r;
    monitor = rdt_open_monitor(root, record);
    return write_pid(root, monitor, record->monitor, pid, error);
}

static bool is_name(const char name[RDT_NAME_SIZE])
{
    return memchr(name, '\0', RDT_NAME_SIZE) != NULL && strchr(name, '/') == NULL &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool rdt_record_is_sound(const struct rdt_record *record)
{
    return is_name(record->group) && is_name(record->monitor);
}

static int remove_monitor(int root, const struct rdt_record *record, struct error *error)
{
    _cleanup_close_ int group = rdt_open_group(root, record->group), groups = -1;

    if (group < 0)
        return 0;
    groups = openat(group, MON_GROUPS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (groups < 0 || unlinkat(groups, record->monitor, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return error_set(error, ERROR_CLEANUP_INCOMPLETE, errno,
                     "cannot remove the monitoring group \"%s\" of resctrl", record->monitor);
}

/* Removing a group throws its processes back into the root's. */
static bool is_empty(int root, const char *name)
{
    _cleanup_close_ int group = rdt_open_group(root, name);
    char first[2];

    return group >= 0 && file_read_at(group, "tasks", first, sizeof(first)) == 0;
}

int rdt_remove(int root, const struct rdt_record *record, bool creation_failed, struct error *error)
{
    bool ours = (record->flags & RDT_GROUP_IS_OURS) != 0;
    bool named = (record->flags & RDT_GROUP_IS_NAMED) != 0;
    int r = record->monitor[0] != '\0' ? remove_monitor(root, record, error) : 0;

    if (!ours || record->group[0] == '\0')
        return r;
    if (named && !(creation_failed && is_empty(root, record->group)))
        return r;
    if (unlinkat(root, record->group, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return error_set(error, ERROR_CLEANUP_INCOMPLETE, errno,
                         "cannot remove the group \"%s\" of resctrl", record->group);
    return r;
}

/* A copy of the line that is there now. */
static int keep_line(int group, const char *line, char **ret)
{
    _cleanup_free_ char *schemata = NULL;
    const char *found;
    size_t length;
    int r = read_schemata(group, &schemata);

    if (r < 0)
        return r;
    found = schemata_find_line(schemata, line, &length);
    if (found == NULL)
        return -ENOENT;
    *ret = strndup(found, length);
    return *ret != NULL ? 0 : -ENOMEM;
}

static int change_line(int root, int group, const char *line, char **ret_old, struct error *error)
{
    int r;

    if (line == NULL)
        return 0;
    r = keep_line(group, line, ret_old);
    if (r == 0)
        r = write_line(group, line);
    if (r == 0)
        return 0;
    /* it was not changed */
    free(take_pointer(*ret_old));
    add_kernel_words(root, error);
    return error_set(error, ERROR_RDT_GROUP, -r, "the schema \"%s\" is refused", line);
}

int rdt_update(int root, const struct rdt_record *record, const char *l3_schema,
               const char *mb_schema, struct rdt_snapshot *ret, struct error *error)
{
    _cleanup_close_ int group = rdt_open_group(root, record->group);
    struct rdt_snapshot snapshot = {0};
    int r;

    if (group < 0)
        return error_set(error, ERROR_RDT_GROUP, -group, "cannot open the class of service \"%s\"",
                         shown(record->group));
    r = change_line(root, group, l3_schema, &snapshot.l3_line, error);
    if (r == 0)
        r = change_line(root, group, mb_schema, &snapshot.mb_line, error);
    if (r < 0) {
        rdt_restore(root, record, &snapshot);
        rdt_snapshot_done(&snapshot);
        return r;
    }
    *ret = snapshot;
    return 0;
}

void rdt_restore(int root, const struct rdt_record *record, const struct rdt_snapshot *snapshot)
{
    _cleanup_close_ int group = rdt_open_group(root, record->group);

    /* what was allotted before is allowed again; there is nothing better to do if not */
    if (group >= 0 && snapshot->mb_line != NULL)
        write_line(group, snapshot->mb_line);
    if (group >= 0 && snapshot->l3_line != NULL)
        write_line(group, snapshot->l3_line);
}

void rdt_snapshot_done(struct rdt_snapshot *snapshot)
{
    free(snapshot->l3_line);
    free(snapshot->mb_line);
    *snapshot = (struct rdt_snapshot){0};
}
