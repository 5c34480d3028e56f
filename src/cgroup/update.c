/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the limits of a cgroup in use, all or none.  Runs in dray only.
 *
 * Before the first write the files are read.  What a file shows is mostly what it takes, but for
 * files that have a line per device and those that show more than the value; cgroup_old_value()
 * knows them.  Limits that bound each other are put back in rounds, as they are written in rounds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "io/file.h"

#define FILE_LIMIT         65536 /* bytes that are read of a file */
#define FREEZE_DEADLINE_MS 2000

struct cgroup_old_value {
    unsigned hierarchy;
    bool back;
    char *file;
    char *written; /* what the update writes there: names the line */
    char *value;   /* what puts the old value back */
};

/* Lines of devices that have no line: what makes it disappear again. */
static const struct {
    const char *file; /* its beginning */
    const char *value;
} absent_values[] = {
    {"io.max", "rbps=max wbps=max riops=max wiops=max"},
    {"io.latency", "target=0"},
    {"blkio.throttle.", "0"},
    {"io.weight", "default"},
    {"io.bfq.weight", "default"},
    {"blkio.bfq.weight_device", "default"},
    {"blkio.weight_device", "0"},
    {"blkio.leaf_weight_device", "0"},
};

static const char *find_line(const char *text, const char *key, size_t length, size_t *ret_length)
{
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");

        if (line > length && strncmp(text, key, length) == 0 && text[length] == ' ') {
            *ret_length = line;
            return text;
        }
        text += line;
        text += *text == '\n';
    }
    return NULL;
}

static const char *find_absent(const char *file)
{
    for (size_t i = 0; i < ARRAY_SIZE(absent_values); i++) {
        if (strncmp(file, absent_values[i].file, strlen(absent_values[i].file)) == 0)
            return absent_values[i].value;
    }
    return NULL;
}

char *cgroup_old_value(const char *file, const char *written, const char *text)
{
    static const char oom_disabled[] = "oom_kill_disable ", word_default[] = "default ";
    size_t key = strcspn(written, " "), length = strcspn(text, "\n");
    bool one_line = text[length] == '\0' || text[length + 1] == '\0';
    bool of_device = memchr(written, ':', key) != NULL;
    const char *line = find_line(text, written, key, &length);
    char *value = NULL;

    if (strncmp(text, oom_disabled, strlen(oom_disabled)) == 0)
        return strndup(text + strlen(oom_disabled), 1);
    if (line != NULL)
        return strndup(line, length);
    if (of_device) {
        const char *absent = find_absent(file);

        if (absent != NULL && asprintf(&value, "%.*s %s", (int)key, written, absent) < 0)
            value = NULL;
        return value;
    }
    line = find_line(text, word_default, strlen(word_default) - 1, &length);
    if (line != NULL)
        return strndup(line + strlen(word_default), length - strlen(word_default));
    return one_line ? strndup(text, strcspn(text, "\n")) : NULL;
}

static int read_whole(struct cgroup *cgroup, unsigned hierarchy, const char *file, char **ret)
{
    int directory = cgroup_directory(cgroup, hierarchy);
    size_t length;

    return directory < 0 ? directory
                         : file_read_all_at(directory, file, FILE_LIMIT, NULL, ret, &length);
}

void cgroup_snapshot_done(struct cgroup_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        free(snapshot->values[i].file);
        free(snapshot->values[i].written);
        free(snapshot->values[i].value);
    }
    free(snapshot->values);
    *snapshot = (struct cgroup_snapshot){0};
}

/*
 * Reads one file.  One that is missing or cannot be read is left out: writing it fails as well, or
 * is no setting but an act such as memory.reclaim.
 */
static int take_one(struct cgroup *cgroup, const struct plan *plan,
                    const struct plan_cgroup_write *write, struct cgroup_snapshot *snapshot)
{
    int hierarchy = cgroup_hierarchy_of_write(cgroup, write);
    struct cgroup_old_value *old = &snapshot->values[snapshot->count];
    _cleanup_free_ char *text = NULL;
    int r;

    if (hierarchy < 0)
        return 0;
    r = read_whole(cgroup, (unsigned)hierarchy, plan_text(plan, write->file), &text);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return 0;
    *old = (struct cgroup_old_value){
        .hierarchy = (unsigned)hierarchy,
        .file = strdup(plan_text(plan, write->file)),
        .written = strdup(plan_text(plan, write->value)),
    };
    snapshot->count++;
    if (old->file == NULL || old->written == NULL)
        return -ENOMEM;
    old->value = cgroup_old_value(old->file, old->written, text);
    return 0;
}

static int take_snapshot(struct cgroup *cgroup, const struct plan *plan,
                         struct cgroup_snapshot *ret, struct error *error)
{
    struct cgroup_snapshot snapshot = {
        .values = calloc(plan->cgroup.writes.count + 1, sizeof(*snapshot.values))};
    int r = snapshot.values != NULL ? 0 : -ENOMEM;

    plan_for_each(write, plan, plan->cgroup.writes, struct plan_cgroup_write)
    {
        if (r == 0)
            r = take_one(cgroup, plan, write, &snapshot);
    }
    if (r < 0) {
        cgroup_snapshot_done(&snapshot);
        return error_set(error, ERROR_OUT_OF_MEMORY, -r, "cannot read the limits before an update");
    }
    *ret = snapshot;
    return 0;
}

/* True when the file says again what it said before. */
static bool is_back(struct cgroup *cgroup, const struct cgroup_old_value *old)
{
    _cleanup_free_ char *text = NULL, *value = NULL;

    if (read_whole(cgroup, old->hierarchy, old->file, &text) < 0)
        return false;
    value = cgroup_old_value(old->file, old->written, text);
    return value != NULL && strcmp(value, old->value) == 0;
}

static bool put_back(struct cgroup *cgroup, const struct cgroup_old_value *old)
{
    return old->value == NULL || is_back(cgroup, old) ||
           cgroup_write(cgroup, old->hierarchy, old->file, old->value) == 0;
}

void cgroup_restore(struct cgroup *cgroup, const struct cgroup_snapshot *snapshot,
                    struct error *error)
{
    char detail[sizeof(error->detail)] = "cannot put back the old value of";
    size_t length = strlen(detail);
    size_t left = 0;

    for (bool moved = true; moved;) {
        moved = false;
        left = 0;
        for (size_t i = snapshot->count; i > 0; i--) {
            struct cgroup_old_value *old = &snapshot->values[i - 1];

            if (old->back)
                continue;
            old->back = put_back(cgroup, old);
            moved = moved || old->back;
            left += !old->back;
        }
        moved = moved && left > 0;
    }
    if (left == 0)
        return;
    for (size_t i = 0; i < snapshot->count && length < sizeof(detail); i++)
        if (!snapshot->values[i].back)
            length += (size_t)snprintf(detail + length, sizeof(detail) - length, " %s",
                                       snapshot->values[i].file);
    error_set_detail(error, detail, strlen(detail));
}

int cgroup_update(struct cgroup *cgroup, const struct plan *plan, struct cgroup_snapshot *ret,
                  struct error *error)
{
    struct cgroup_snapshot snapshot;
    int r = 0;

    if ((cgroup->record.hierarchies & 1u << CGROUP_UNIFIED) != 0)
        r = cgroup_enable_controllers(cgroup, 0, plan, error);
    if (r == 0)
        r = take_snapshot(cgroup, plan, &snapshot, error);
    if (r < 0)
        return r;
    r = cgroup_apply(cgroup, plan, plan->cgroup.writes, error);
    if (r < 0) {
        cgroup_restore(cgroup, &snapshot, error);
        cgroup_snapshot_done(&snapshot);
        return r;
    }
    *ret = snapshot;
    return 0;
}

int cgroup_update_devices(struct cgroup *cgroup, const struct plan *plan, struct error *error)
{
    bool thaw = cgroup_hierarchy_of(cgroup, HOST_CGROUP_DEVICES) >= 0 &&
                cgroup_is_frozen(cgroup) == 0 &&
                cgroup_freeze_quietly(cgroup, FREEZE_DEADLINE_MS) == 0;
    int r = cgroup_apply_devices(cgroup, plan, error);

    if (thaw)
        cgroup_thaw_quietly(cgroup);
    return r;
}
