/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/attend.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "state/directory.h"
#include "steps/notify.h"
#include "steps/seccomp_plugins.h"
#include "steps/undo.h"

static void pass_on(void *data)
{
    notify_forward(data);
}

int operation_attend(struct operation *operation, const struct relay_signals *signals,
                     int *ret_status)
{
    const struct relay_watch watches[] = {
        {&operation->notify.socket, pass_on, &operation->notify},
        {&operation->plugins.socket, seccomp_plugins_listen, operation},
    };
    struct relay relay = {
        .pid = operation->stage.identity.pid,
        .pidfd = operation->stage.pidfd,
        .master = operation->console_master,
        .input = STDIN_FILENO,
        .output = STDOUT_FILENO,
        .signals = signals,
        .watches = watches,
        .watches_count = ARRAY_SIZE(watches),
    };
    int status;
    int r = relay_run(&relay, &status, operation->error);

    notify_drain(&operation->notify);
    seccomp_plugins_end(operation);
    if (r < 0)
        return r;
    operation->stage_reaped = true;
    if (operation->plugins_failed)
        return -EIO;
    *ret_status = relay_exit_code(status);
    return 0;
}

int operation_remove(struct operation *operation, struct error *error)
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

int operation_attend_to_end(struct operation *operation, const struct relay_signals *signals,
                            bool keep, int *ret_status)
{
    int r = operation_attend(operation, signals, ret_status);

    if (r < 0 || !keep) {
        struct error error = {0};
        int removal = operation_remove(operation, &error);

        if (r == 0 && removal < 0) {
            r = removal;
            *operation->error = error;
        }
    }
    return r;
}
