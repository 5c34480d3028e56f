/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of a cgroup: made from the plan, checked when it comes back; runs in dray only. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "host/host_cgroups.h"
#include "plan/planner.h"

#define NOWHERE UINT16_MAX

int cgroup_record_add(struct cgroup_record *record, const char *text, size_t length)
{
    int place = record->text_length;

    if (length + 1 > sizeof(record->text) - record->text_length)
        return -1;
    memcpy(record->text + place, text, length);
    record->text[place + (int)length] = '\0';
    record->text_length = (uint16_t)(record->text_length + length + 1);
    record->size = (uint16_t)(offsetof(struct cgroup_record, text) + record->text_length);
    return place;
}

void cgroup_record_begin(struct cgroup_record *record)
{
    memset(record, 0, offsetof(struct cgroup_record, text));
    record->magic = CGROUP_RECORD_MAGIC;
    record->size = (uint16_t)offsetof(struct cgroup_record, text);
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        record->alias[i] = NOWHERE;
}

static int set_full(struct error *error, const char *path)
{
    return error_set(error, ERROR_CGROUP_PATH, ENAMETOOLONG,
                     "the cgroup path \"%s\" is too long where it stands", path);
}

/* Enters the hierarchy at @mount; a second controller mounted there is only another name. */
static int add_hierarchy(struct cgroup_record *record, unsigned number, const char *mount)
{
    int place;

    for (unsigned i = 0; i < number; i++) {
        if ((record->hierarchies & 1u << i) != 0 &&
            strcmp(record->text + record->mounts[i], mount) == 0) {
            record->alias[number] = (uint16_t)i;
            return 0;
        }
    }
    place = cgroup_record_add(record, mount, strlen(mount));
    if (place < 0)
        return -ENAMETOOLONG;
    record->mounts[number] = (uint16_t)place;
    record->alias[number] = (uint16_t)number;
    record->hierarchies |= 1u << number;
    return 0;
}

int cgroup_record_add_hierarchies(struct cgroup_record *record, const struct host_cgroups *host)
{
    int r = 0;

    for (unsigned i = 0; r == 0 && i < HOST_CGROUP_CONTROLLERS; i++)
        if ((host->controllers & 1u << i) != 0)
            r = add_hierarchy(record, i, host->directories[i]);
    if (r == 0 && host->layout == HOST_CGROUP_V2)
        r = add_hierarchy(record, CGROUP_UNIFIED, "");
    if (r == 0 && host->layout == HOST_CGROUP_HYBRID)
        r = add_hierarchy(record, CGROUP_UNIFIED, "unified");
    return r;
}

static int add_absolute_path(struct cgroup_record *record, const char *path)
{
    int place = cgroup_record_add(record, path, strlen(path));

    if (place < 0)
        return -ENAMETOOLONG;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        record->paths[i] = (uint16_t)place;
    return 0;
}

/* @path below the caller's own cgroup in each hierarchy; neighbours with the same share a text. */
static int add_relative_path(struct cgroup_record *record, const char *path, bool beside)
{
    char whole[CGROUP_HOST_PATH_MAX];
    struct proc_cgroup own;
    int r = cgroup_read_proc(0, &own);
    const char *last = NULL;

    if (r < 0)
        return r;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        const char *base = own.paths[i] != NULL ? own.paths[i] : "/";
        size_t length = strlen(base);
        int place;

        if ((record->hierarchies & 1u << i) == 0)
            continue;
        if (beside)
            length = (size_t)(strrchr(base, '/') - base);
        if (length == 1)
            length = 0; /* "/" */
        if ((size_t)snprintf(whole, sizeof(whole), "%.*s/%s", (int)length, base, path) >=
            sizeof(whole))
            return -ENAMETOOLONG;
        if (last != NULL && strcmp(last, whole) == 0) {
            record->paths[i] = (uint16_t)(last - record->text);
            continue;
        }
        place = cgroup_record_add(record, whole, strlen(whole));
        if (place < 0)
            return -ENAMETOOLONG;
        record->paths[i] = (uint16_t)place;
        last = record->text + place;
    }
    return 0;
}

static int add_below(struct cgroup_record *record, const char *path)
{
    int place = path != NULL ? cgroup_record_add(record, path, strlen(path)) : 0;

    if (place < 0)
        return -ENAMETOOLONG;
    record->below = (uint16_t)place;
    return 0;
}

int cgroup_describe(const struct plan *plan, const struct host_cgroups *host,
                    struct cgroup_record *ret, struct error *error)
{
    const char *path = plan_text(plan, plan->cgroup.path);
    int r;

    cgroup_record_begin(ret);
    ret->manager = (uint8_t)plan->cgroup.manager;
    ret->layout = HOST_CGROUP_NONE;
    if (plan->cgroup.manager == PLAN_CGROUP_DISABLED || path == NULL)
        return 0;
    r = cgroup_record_add_hierarchies(ret, host);
    if (r < 0)
        return set_full(error, path);
    ret->layout = (uint8_t)host->layout;
    ret->may_adopt = plan->cgroup.default_path;
    r = path[0] == '/' ? add_absolute_path(ret, path)
                       : add_relative_path(ret, path, host->layout == HOST_CGROUP_V2);
    if (r == -ENAMETOOLONG)
        return set_full(error, path);
    if (r < 0)
        return error_set(error, ERROR_CGROUP_HOST, -r,
                         "cannot read the caller's own cgroup, which \"%s\" is relative to", path);
    r = add_below(ret, plan_text(plan, plan->cgroup.delegate));
    if (r < 0)
        return set_full(error, plan_text(plan, plan->cgroup.delegate));
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        unsigned depth = cgroup_path_depth(cgroup_path(ret, i));

        if ((ret->hierarchies & 1u << i) == 0)
            continue;
        if (depth > CGROUP_PATH_DEPTH_MAX)
            return set_full(error, path);
        ret->existing[i] = (uint8_t)(depth - 1);
    }
    return 0;
}

/* A string of the record that ends within its text. */
static bool is_text(const struct cgroup_record *record, unsigned place)
{
    return place < record->text_length &&
           memchr(record->text + place, '\0', record->text_length - place) != NULL;
}

static bool climbs(const char *path)
{
    for (;; path++) {
        size_t length = strcspn(path, "/");

        if (length == 2 && memcmp(path, "..", 2) == 0)
            return true;
        path += length;
        if (*path == '\0')
            return false;
    }
}

/* A path that stays below its hierarchy. */
static bool is_path(const struct cgroup_record *record, unsigned place)
{
    const char *path = record->text + place;

    return is_text(record, place) && path[0] == '/' && path[1] != '\0' &&
           cgroup_path_depth(path) <= CGROUP_PATH_DEPTH_MAX && !climbs(path);
}

/* A path that stays below the cgroup. */
static bool is_path_below(const struct cgroup_record *record, unsigned place)
{
    const char *path = record->text + place;

    return is_text(record, place) && path[0] != '/' && path[0] != '\0' && !climbs(path) &&
           record->layout == HOST_CGROUP_V2;
}

static bool is_sound(const struct cgroup_record *record)
{
    if (record->layout > HOST_CGROUP_HYBRID || record->stage > CGROUP_MADE ||
        record->manager > PLAN_CGROUP_DISABLED ||
        (record->hierarchies & ~((1u << CGROUP_HIERARCHIES) - 1)) != 0 ||
        (record->created & ~record->hierarchies) != 0 ||
        (record->below != 0 && !is_path_below(record, record->below)))
        return false;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        unsigned alias = record->alias[i];

        if (alias != NOWHERE &&
            (alias >= CGROUP_HIERARCHIES || (record->hierarchies & 1u << alias) == 0))
            return false;
        if ((record->hierarchies & 1u << i) == 0)
            continue;
        if (!is_text(record, record->mounts[i]) || !is_path(record, record->paths[i]) ||
            strchr(record->text + record->mounts[i], '/') != NULL ||
            strcmp(record->text + record->mounts[i], "..") == 0)
            return false;
    }
    return true;
}

int cgroup_open_record(struct cgroup *ret, const void *record, size_t size)
{
    const size_t head = offsetof(struct cgroup_record, text);
    struct cgroup_record *copy = &ret->record;

    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++)
        ret->directories[i] = ret->procs[i] = -1;
    ret->below = -1;
    if (size < head || size > sizeof(*copy)) {
        cgroup_record_begin(copy);
        return -EPROTO;
    }
    memcpy(copy, record, size);
    if (copy->magic != CGROUP_RECORD_MAGIC || copy->size < head || copy->size > size ||
        copy->text_length != copy->size - head || !is_sound(copy)) {
        cgroup_record_begin(copy);
        return -EPROTO;
    }
    return 0;
}

void cgroup_done(struct cgroup *cgroup)
{
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        cgroup->directories[i] = close_fd(cgroup->directories[i]);
        cgroup->procs[i] = close_fd(cgroup->procs[i]);
    }
    cgroup->below = close_fd(cgroup->below);
}

const char *cgroup_path(const struct cgroup_record *record, unsigned hierarchy)
{
    return record->text + record->paths[hierarchy];
}

unsigned cgroup_path_depth(const char *path)
{
    unsigned depth = 0;

    for (; *path != '\0'; path++)
        depth += *path == '/' && path[1] != '\0';
    return depth;
}

int cgroup_host_path(const struct cgroup_record *record, unsigned hierarchy, unsigned depth,
                     char out[CGROUP_HOST_PATH_MAX])
{
    const char *mount = record->text + record->mounts[hierarchy];
    const char *path = cgroup_path(record, hierarchy), *end = path;
    int length;

    for (; depth > 0 && *end != '\0'; depth--) {
        end++;
        end += strcspn(end, "/");
    }
    length = snprintf(out, CGROUP_HOST_PATH_MAX, HOST_CGROUP_ROOT "%s%s%.*s",
                      mount[0] != '\0' ? "/" : "", mount, (int)(end - path), path);
    return length < CGROUP_HOST_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int cgroup_file_path(const struct cgroup_record *record, unsigned hierarchy, unsigned depth,
                     const char *file, char out[CGROUP_HOST_PATH_MAX])
{
    int r = cgroup_host_path(record, hierarchy, depth, out);
    size_t length = r == 0 ? strlen(out) : 0, room = CGROUP_HOST_PATH_MAX - length;

    if (r < 0)
        return r;
    return (size_t)snprintf(out + length, room, "/%s", file) < room ? 0 : -ENAMETOOLONG;
}

bool cgroup_is_ours(const struct cgroup *cgroup)
{
    const struct cgroup_record *record = &cgroup->record;

    return record->stage == CGROUP_MADE && record->hierarchies != 0 &&
           record->created == record->hierarchies;
}

int cgroup_hierarchy_path(const struct cgroup *cgroup, unsigned hierarchy, const char **ret_name,
                          char out[PATH_MAX])
{
    const struct cgroup_record *record = &cgroup->record;

    if (hierarchy >= CGROUP_HIERARCHIES || (record->hierarchies & 1u << hierarchy) == 0)
        return -ENOENT;
    *ret_name = record->text + record->mounts[hierarchy];
    return cgroup_host_path(record, hierarchy, CGROUP_WHOLE_PATH, out);
}
