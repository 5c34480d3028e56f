/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray create, and what it shares with run.  Runs in dray. */
#include "cli/command.h"

struct dray_create_options command_create_options(const struct arguments *arguments,
                                                  const struct listen_fds *fds)
{
    return (struct dray_create_options){
        .size = sizeof(struct dray_create_options),
        .bundle = arguments->bundle,
        .config = arguments->config,
        .console_socket = arguments->console_socket,
        .pidfd_socket = arguments->pidfd_socket,
        .pid_file = arguments->pid_file,
        .preserve_fds = arguments->preserve_fds + fds->count,
        .no_pivot = arguments->no_pivot,
        .no_new_keyring = arguments->no_new_keyring,
        .added_env = fds->count > 0 ? fds->env : NULL,
    };
}

int command_create(struct invocation *invocation)
{
    struct dray_create_options options;
    struct listen_fds fds;
    int result = command_open_library(invocation);

    if (result < 0)
        return result;
    listen_fds_read(&fds);
    options = command_create_options(&invocation->arguments, &fds);
    result = dray_create(invocation->dray, command_id(invocation), &options);
    listen_fds_done(&fds);
    return result;
}
