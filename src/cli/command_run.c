/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray run: create, start, wait, delete.  Runs in dray. */
#include "cli/command.h"

int command_run(struct invocation *invocation)
{
    struct dray_create_options create;
    const struct dray_run_options options = {
        .size = sizeof(options),
        .create = &create,
        .detach = invocation->arguments.detach,
        .keep = invocation->arguments.keep,
    };
    struct listen_fds fds;
    int status = 0;
    int result = command_open_library(invocation);

    if (result < 0)
        return result;
    listen_fds_read(&fds);
    create = command_create_options(&invocation->arguments, &fds);
    result = dray_run(invocation->dray, command_id(invocation), &options, &status);
    listen_fds_done(&fds);
    return result < 0 ? result : status;
}
