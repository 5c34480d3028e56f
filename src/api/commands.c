/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on a container that exists: start, state, list, kill, delete, pause, resume,
 * update, events, ps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/documents.h"
#include "api/handle.h"
#include "base/cleanup.h"
#include "state/directory.h"
#include "steps/container.h"
#include "steps/events.h"
#include "steps/mounts.h"
#include "steps/update.h"

#define FREEZE_DEADLINE_MS 10000

int dray_start(struct dray *dray, const char *id)
{
    struct container container;
    int r;

    error_clear(&dray->error);
    r = container_open(&container, &dray->runtime, id, CONTAINER_LOCK | CONTAINER_CGROUP,
                       &dray->error);
    if (r == 0)
        r = container_start(&container, &dray->error);
    container_done(&container);
    return r;
}

/* The state document; a container whose creation never ended has nothing but its id. */
static const char *describe(struct container *container)
{
    static const struct status nothing = {
        .oci_version = "1.3.0", .bundle = "", .rootfs = "", .created = "", .owner = ""};
    struct status status = container->status != NULL ? *container->status : nothing;
    bool alive = container->lifecycle != LIFECYCLE_STOPPED && container->status != NULL;

    status.id = container->id;
    return status_state_document(&status, lifecycle_name(container->lifecycle), alive,
                                 &container->arena);
}

int dray_state(struct dray *dray, const char *id, char **ret_json)
{
    struct container container;
    int r;

    error_clear(&dray->error);
    r = container_open(&container, &dray->runtime, id, CONTAINER_CGROUP, &dray->error);
    if (r == 0)
        r = text_return(describe(&container), ret_json, &dray->error);
    container_done(&container);
    return r;
}

struct list {
    struct dray *dray;
    char *json;
    size_t length;
    size_t capacity;
};

static int append(struct list *list, const char *text)
{
    size_t length = strlen(text);

    if (list->length + length + 1 > list->capacity) {
        size_t capacity = (list->length + length + 1) * 2;
        char *larger = realloc(list->json, capacity);

        if (larger == NULL)
            return error_set(&list->dray->error, ERROR_OUT_OF_MEMORY, ENOMEM,
                             "cannot list the containers");
        list->json = larger;
        list->capacity = capacity;
    }
    memcpy(list->json + list->length, text, length + 1);
    list->length += length;
    return 0;
}

static int list_one(void *data, const char *id)
{
    struct list *list = data;
    struct error error = {0};
    struct container container;
    int r = container_open(&container, &list->dray->runtime, id, CONTAINER_CGROUP, &error);

    if (r == 0) {
        const char *text = describe(&container);

        r = list->length > 1 ? append(list, ",") : 0;
        if (r == 0)
            r = append(list, text != NULL ? text : "null");
    } else if (error.code == ERROR_CONTAINER_NOT_FOUND) {
        r = 0; /* deleted since the directory was read */
    } else {
        char message[2048];

        /* one damaged container must not hide the others */
        error_format_text(&error, message, sizeof(message));
        runtime_log(&list->dray->runtime, LOG_LEVEL_WARNING, "%s: %s", id, message);
        r = 0;
    }
    container_done(&container);
    return r;
}

int dray_list(struct dray *dray, char **ret_json)
{
    struct list list = {.dray = dray};
    _cleanup_close_ int root = -1;
    int r;

    error_clear(&dray->error);
    root = state_open_root(dray->root, false, &dray->error);
    if (root < 0 && dray->error.code != ERROR_NONE)
        return root;
    r = append(&list, "[");
    if (r == 0 && root >= 0)
        r = state_for_each(root, list_one, &list, &dray->error);
    if (r == 0)
        r = append(&list, "]");
    if (r < 0) {
        free(list.json);
        return r;
    }
    *ret_json = list.json;
    return 0;
}

int dray_kill(struct dray *dray, const char *id, int signal_number, bool all)
{
    struct container container;
    int r;

    error_clear(&dray->error);
    if (signal_number < 0 || signal_number > 64)
        return error_set(&dray->error, ERROR_SIGNAL_UNKNOWN, 0, "there is no signal %d",
                         signal_number);
    r = container_open(&container, &dray->runtime, id, CONTAINER_CGROUP, &dray->error);
    if (r == 0)
        r = container_kill(&container, signal_number, all, &dray->error);
    container_done(&container);
    return r;
}

int dray_delete(struct dray *dray, const char *id, bool force)
{
    struct container container;
    int r;

    error_clear(&dray->error);
    r = container_open(&container, &dray->runtime, id,
                       CONTAINER_LOCK | CONTAINER_CGROUP | (force ? CONTAINER_FORCE : 0),
                       &dray->error);
    if (r < 0 && force && dray->error.code == ERROR_CONTAINER_NOT_FOUND) {
        error_clear(&dray->error);
        if (container.root >= 0)
            state_forget(container.root, id);
        r = 0;
    } else if (r < 0 && force && container.directory >= 0) {
        /* a status that cannot be read is no reason to keep what the journal knows */
        error_clear(&dray->error);
        r = container_delete(&container, true, &dray->error);
    } else if (r == 0) {
        r = container_delete(&container, force, &dray->error);
    }
    container_done(&container);
    return r;
}

/* Opens a container whose cgroup can be frozen. */
static int open_freezable(struct dray *dray, const char *id, enum lifecycle_command command,
                          struct container *container)
{
    int r;

    error_clear(&dray->error);
    r = container_open(container, &dray->runtime, id, CONTAINER_LOCK | CONTAINER_CGROUP,
                       &dray->error);
    if (r == 0)
        r = lifecycle_check(command, container->lifecycle, id, &dray->error);
    if (r == 0 && !container->has_cgroup)
        r = error_set(&dray->error, ERROR_CGROUP_FREEZE, ENOTSUP,
                      "container \"%s\" has no cgroup of its own to freeze", id);
    return r;
}

int dray_pause(struct dray *dray, const char *id)
{
    struct container container;
    int r = open_freezable(dray, id, LIFECYCLE_PAUSE, &container);

    if (r == 0)
        r = cgroup_freeze(&container.cgroup, FREEZE_DEADLINE_MS, &dray->error);
    container_done(&container);
    return r;
}

int dray_resume(struct dray *dray, const char *id)
{
    struct container container;
    int r = open_freezable(dray, id, LIFECYCLE_RESUME, &container);

    if (r == 0)
        r = cgroup_thaw(&container.cgroup, FREEZE_DEADLINE_MS, &dray->error);
    container_done(&container);
    return r;
}

int dray_update(struct dray *dray, const char *id, const struct dray_update_options *options)
{
    struct dray_update_options given;
    struct update_request request;
    struct container container;
    int r;

    error_clear(&dray->error);
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r < 0)
        return r;
    request = (struct update_request){
        .resources = given.resources,
        .l3_cache_schema = given.l3_cache_schema,
        .mem_bw_schema = given.mem_bw_schema,
    };
    r = container_open(&container, &dray->runtime, id, CONTAINER_LOCK | CONTAINER_CGROUP,
                       &dray->error);
    if (r == 0)
        r = container_update(&container, &request, &dray->error);
    container_done(&container);
    return r;
}

static int change_mounts(struct dray *dray, const char *id, const char *file, bool remove)
{
    const struct mounts_request request = {.file = file, .remove = remove};
    struct container container;
    int r;

    error_clear(&dray->error);
    r = container_open(&container, &dray->runtime, id, CONTAINER_LOCK | CONTAINER_CGROUP,
                       &dray->error);
    if (r == 0)
        r = container_change_mounts(&container, &request, &dray->error);
    container_done(&container);
    return r;
}

int dray_mounts_add(struct dray *dray, const char *id, const char *file)
{
    return change_mounts(dray, id, file, false);
}

int dray_mounts_remove(struct dray *dray, const char *id, const char *file)
{
    return change_mounts(dray, id, file, true);
}

int dray_events(struct dray *dray, const char *id, const struct dray_events_options *options)
{
    struct dray_events_options given;
    struct events_request request;
    struct container container;
    int r;

    error_clear(&dray->error);
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r < 0)
        return r;
    if (given.deliver == NULL)
        return error_set(&dray->error, ERROR_USAGE, EINVAL, "no one to deliver events to");
    request = (struct events_request){
        .once = given.once,
        .interval_ms = given.interval_ms != 0 ? given.interval_ms : 5000,
        .deliver = given.deliver,
        .data = given.data,
    };
    r = container_open(&container, &dray->runtime, id, CONTAINER_CGROUP, &dray->error);
    if (r == 0)
        r = container_events(&container, &request, &dray->error);
    container_done(&container);
    return r;
}

int dray_processes(struct dray *dray, const char *id, pid_t **ret_pids, size_t *ret_count)
{
    struct container container;
    int r;

    error_clear(&dray->error);
    r = container_open(&container, &dray->runtime, id, CONTAINER_CGROUP, &dray->error);
    if (r == 0 && container.has_cgroup && cgroup_is_ours(&container.cgroup)) {
        r = cgroup_pids(&container.cgroup, ret_pids, ret_count, &dray->error);
    } else if (r == 0) {
        /* without a cgroup of its own only the first process is known to belong to it */
        bool alive = container.status != NULL && container.lifecycle != LIFECYCLE_STOPPED;
        pid_t *pids = calloc(1, sizeof(*pids));

        if (pids == NULL) {
            r = error_set(&dray->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot list processes");
        } else {
            pids[0] = alive ? container.status->pid : 0;
            *ret_pids = pids;
            *ret_count = alive;
        }
    }
    container_done(&container);
    return r;
}

int dray_features(struct dray *dray, char **ret_json)
{
    struct host host;
    int r;

    error_clear(&dray->error);
    r = host_probe(&host, &dray->error);
    return r < 0 ? r : features_document_write(host.last_capability, ret_json, &dray->error);
}

int dray_spec(struct dray *dray, bool rootless, char **ret_json)
{
    error_clear(&dray->error);
    return spec_document_write(rootless, ret_json, &dray->error);
}
