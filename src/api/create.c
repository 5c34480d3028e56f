/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray_create() and dray_run(). */
#include <errno.h>
#include <unistd.h>

#include "api/attend.h"
#include "api/handle.h"
#include "base/cleanup.h"
#include "state/directory.h"
#include "steps/container.h"
#include "steps/hooks.h"
#include "steps/undo.h"

static int begin(struct dray *dray, const char *id, const struct dray_create_options *options,
                 struct create_request *ret)
{
    struct dray_create_options given;
    int r;

    error_clear(&dray->error);
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r == 0)
        r = state_check_id(id, &dray->error);
    if (r == 0)
        r = preserved_check(given.preserve_fds, &dray->error);
    if (r < 0)
        return r;
    *ret = (struct create_request){
        .bundle = given.bundle,
        .config = given.config,
        .console_socket = given.console_socket,
        .pidfd_socket = given.pidfd_socket,
        .pid_file = given.pid_file,
        .preserve_fds = given.preserve_fds,
        .no_pivot = given.no_pivot,
        .no_new_keyring = given.no_new_keyring,
        .added_env = given.added_env,
    };
    return 0;
}

int dray_create(struct dray *dray, const char *id, const struct dray_create_options *options)
{
    struct create_request request;
    struct operation operation;
    int r = begin(dray, id, options, &request);

    if (r < 0)
        return r;
    operation_init(&operation, &dray->runtime, id, &dray->error);
    operation.create = &request;
    r = operation_create(&operation);
    operation_done(&operation);
    return r;
}

/* Everything of the container goes, unless it has been deleted while its lock was not ours. */
static int remove_container(struct operation *operation, struct error *error)
{
    struct undo_request request = {
        .root = operation->root,
        .directory = operation->directory,
        .id = operation->id,
        .status = operation->status,
        .kill = true,
    };
    int r = state_lock_again(operation->directory, operation->id, error);

    if (r < 0)
        return error->code == ERROR_NONE ? 0 : r;
    if (operation->stage_reaped)
        request.ended = operation->stage.identity;
    return undo_container(operation->runtime, &request, error);
}

/* create has committed: the stage executes the program now. */
static int start_program(struct operation *operation)
{
    struct error ignored = {0};
    int r = operation_await_program(operation);

    /* what follows takes as long as hooks and the program like; others may have their turn */
    state_unlock(operation->directory);
    if (r == 0 && operation_plan(operation)->hooks.kinds[PLAN_HOOK_POSTSTART].count > 0) {
        r = run_poststart_hooks(operation->runtime, operation->directory, operation->status,
                                operation->error);
    }
    if (r < 0) {
        operation_kill_stage(operation);
        remove_container(operation, &ignored);
    }
    return r;
}

static int attend_program(struct operation *operation, const struct relay_signals *signals,
                          bool keep, int *ret_status)
{
    int r = operation_attend(operation, signals, ret_status);

    if (r < 0 || !keep) {
        struct error error = {0};
        int removal = remove_container(operation, &error);

        if (r == 0 && removal < 0) {
            r = removal;
            *operation->error = error;
        }
    }
    return r;
}

int dray_run(struct dray *dray, const char *id, const struct dray_run_options *options,
             int *ret_status)
{
    struct dray_run_options given;
    struct create_request request;
    struct relay_signals signals = {.fd = -1};
    struct operation operation;
    int r;

    error_clear(&dray->error);
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r == 0)
        r = begin(dray, id, given.create, &request);
    if (r < 0)
        return r;
    request.run = true;
    request.detach = given.detach;
    if (!given.detach)
        r = relay_signals_begin(&signals, &dray->error);
    if (r < 0)
        return r;
    operation_init(&operation, &dray->runtime, id, &dray->error);
    operation.create = &request;
    r = operation_create(&operation);
    operation_release_signals(&operation);
    if (r == 0)
        r = start_program(&operation);
    if (r == 0 && given.detach)
        *ret_status = 0;
    else if (r == 0)
        r = attend_program(&operation, &signals, given.keep, ret_status);
    operation_done(&operation);
    if (!given.detach)
        relay_signals_end(&signals);
    return r;
}
