/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray restore.  Runs in dray. */
#include "cli/command.h"

int command_restore(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    const struct dray_create_options create = {
        .size = sizeof(create),
        .bundle = arguments->bundle,
        .config = arguments->config,
        .console_socket = arguments->console_socket,
        .pid_file = arguments->pid_file,
    };
    struct dray_criu_options criu;
    const struct dray_restore_options options = {
        .size = sizeof(options),
        .create = &create,
        .criu = &criu,
        .detach = arguments->detach,
        .keep = arguments->keep,
        .tcp_close = arguments->tcp_close,
        .lsm_profile = arguments->lsm_profile,
        .lsm_mount_context = arguments->lsm_mount_context,
    };
    int status = 0;
    int result = command_criu_options(invocation, &criu);

    if (result == 0)
        result = command_open_library(invocation);
    if (result == 0)
        result = dray_restore(invocation->dray, command_id(invocation), &options, &status);
    return result < 0 ? result : status;
}
