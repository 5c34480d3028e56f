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
#include "steps/notify.h"

int create_request_read(struct dray *dray, const char *id,
                        const struct dray_create_options *options, struct create_request *ret)
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
    int r = create_request_read(dray, id, options, &request);

    if (r < 0)
        return r;
    operation_init(&operation, &dray->runtime, id, &dray->error);
    operation.create = &request;
    r = operation_create(&operation);
    operation_done(&operation);
    return r;
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
        operation_remove(operation, &ignored);
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
        r = create_request_read(dray, id, given.create, &request);
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
    operation.notify.pid = operation.stage.identity.pid;
    if (r == 0 && given.detach && operation.notify.socket >= 0)
        r = notify_await_ready(&operation.notify, operation.stage.pidfd, &dray->error);
    if (r == 0 && given.detach)
        *ret_status = 0;
    else if (r == 0)
        r = operation_attend_to_end(&operation, &signals, given.keep, ret_status);
    operation_done(&operation);
    if (!given.detach)
        relay_signals_end(&signals);
    return r;
}
