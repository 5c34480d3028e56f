/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray exec: a further program in a container.  Runs in dray. */
#include "cli/command.h"

/* A process document says all of it, except for how to start it. */
static int check(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;

    if (arguments->process == NULL && arguments->word_count < 2)
        return error_set(&invocation->error, ERROR_USAGE, 0,
                         "exec: PROGRAM is missing; give it behind the id, or use --process FILE");
    if (arguments->process != NULL && arguments->word_count > 1)
        return error_set(&invocation->error, ERROR_USAGE, 0,
                         "exec: --process says what to run, so \"%s\" cannot be run too",
                         arguments->words[1]);
    return 0;
}

int command_exec(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    const struct dray_exec_options options = {
        .size = sizeof(options),
        .process_file = arguments->process,
        .args = arguments->process == NULL ? (const char *const *)arguments->words + 1 : NULL,
        .cwd = arguments->cwd,
        .env = arguments->env.items,
        .user = arguments->user,
        .additional_gids = arguments->additional_gids.items,
        .additional_gids_count = arguments->additional_gids.count,
        .capabilities = arguments->capabilities.items,
        .apparmor = arguments->apparmor,
        .process_label = arguments->process_label,
        .no_new_privileges = arguments->no_new_privileges,
        .tty = arguments->tty,
        .detach = arguments->detach,
        .ignore_paused = arguments->ignore_paused,
        .cgroups = arguments->cgroups.items,
        .console_socket = arguments->console_socket,
        .pidfd_socket = arguments->pidfd_socket,
        .pid_file = arguments->pid_file,
        .preserve_fds = arguments->preserve_fds,
    };
    int status = 0;
    int result = check(invocation);

    if (result == 0)
        result = command_open_library(invocation);
    if (result == 0)
        result = dray_exec(invocation->dray, command_id(invocation), &options, &status);
    return result < 0 ? result : status;
}
