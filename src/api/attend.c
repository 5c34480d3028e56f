/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/attend.h"

#include <unistd.h>

int operation_attend(struct operation *operation, const struct relay_signals *signals,
                     int *ret_status)
{
    struct relay relay = {
        .pid = operation->stage.identity.pid,
        .pidfd = operation->stage.pidfd,
        .master = operation->console_master,
        .input = STDIN_FILENO,
        .output = STDOUT_FILENO,
        .signals = signals,
    };
    int status;
    int r = relay_run(&relay, &status, operation->error);

    if (r < 0)
        return r;
    operation->stage_reaped = true;
    *ret_status = relay_exit_code(status);
    return 0;
}
