/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray_restore(). */
#include "steps/restore.h"
#include "api/attend.h"
#include "api/handle.h"
#include "state/directory.h"

static int restore_and_attend(struct operation *operation, const struct relay_signals *signals,
                              const struct dray_restore_options *given, int *ret_status)
{
    int r = operation_restore(operation);

    operation_release_signals(operation);
    if (r < 0)
        return r;
    /* it runs: others may have their turn with it */
    state_unlock(operation->directory);
    if (given->detach)
        *ret_status = 0;
    else
        r = operation_attend_to_end(operation, signals, given->keep, ret_status);
    return r;
}

int dray_restore(struct dray *dray, const char *id, const struct dray_restore_options *options,
                 int *ret_status)
{
    struct dray_restore_options given;
    struct create_request create;
    struct restore_request request = {0};
    struct restore restore;
    struct relay_signals signals = {.fd = -1};
    struct operation operation;
    int r;

    error_clear(&dray->error);
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r == 0)
        r = create_request_read(dray, id, given.create, &create);
    if (r == 0)
        r = criu_options_read(dray, given.criu, &request.options);
    if (r < 0)
        return r;
    create.run = true; /* there is nothing to start */
    create.detach = given.detach;
    request.tcp_close = given.tcp_close;
    request.lsm_profile = given.lsm_profile;
    request.lsm_mount_context = given.lsm_mount_context;
    if (!given.detach)
        r = relay_signals_begin(&signals, &dray->error);
    if (r < 0)
        return r;
    restore_init(&restore, &request);
    operation_init(&operation, &dray->runtime, id, &dray->error);
    operation.create = &create;
    operation.restore = &restore;
    r = restore_and_attend(&operation, &signals, &given, ret_status);
    operation_done(&operation);
    if (!given.detach)
        relay_signals_end(&signals);
    return r;
}
