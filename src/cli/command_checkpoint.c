/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray checkpoint, and what it shares with restore.  Runs in dray. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/number.h"
#include "cli/command.h"

int command_criu_options(struct invocation *invocation, struct dray_criu_options *ret)
{
    const struct arguments *arguments = &invocation->arguments;

    if (arguments->empty_ns != NULL && strcmp(arguments->empty_ns, "network") != 0)
        return error_set(&invocation->error, ERROR_USAGE, EINVAL,
                         "%s: invalid value \"%s\" for flag --empty-ns: only network can be empty",
                         invocation->command->name, arguments->empty_ns);
    *ret = (struct dray_criu_options){
        .size = sizeof(*ret),
        .image_path = arguments->image_path,
        .work_path = arguments->work_path,
        .cgroups_mode = (enum dray_cgroups_mode)arguments->cgroups_mode,
        .network_lock = (enum dray_network_lock)arguments->network_lock,
        .tcp_established = arguments->tcp_established,
        .ext_unix_sk = arguments->ext_unix_sk,
        .shell_job = arguments->shell_job,
        .file_locks = arguments->file_locks,
        .lazy_pages = arguments->lazy_pages,
        .auto_dedup = arguments->auto_dedup,
        .empty_network = arguments->empty_ns != NULL,
    };
    return 0;
}

int command_checkpoint(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    struct dray_criu_options criu;
    struct dray_checkpoint_options options = {
        .size = sizeof(options),
        .criu = &criu,
        .parent_path = arguments->parent_path,
        .page_server = arguments->page_server,
        .has_status_fd = arguments->status_fd != NULL,
        .leave_running = arguments->leave_running,
        .pre_dump = arguments->pre_dump,
        .tcp_skip_in_flight = arguments->tcp_skip_in_flight,
        .link_remap = arguments->link_remap,
    };
    uint32_t status_fd;
    int result = command_criu_options(invocation, &criu);

    if (result < 0)
        return result;
    if (options.has_status_fd) {
        if (parse_u32(arguments->status_fd, &status_fd) < 0 || status_fd > INT_MAX)
            return error_set(&invocation->error, ERROR_USAGE, EINVAL,
                             "checkpoint: invalid value \"%s\" for flag --status-fd: not a "
                             "descriptor's number",
                             arguments->status_fd);
        options.status_fd = (int)status_fd;
    }
    result = command_open_library(invocation);
    if (result < 0)
        return result;
    return dray_checkpoint(invocation->dray, command_id(invocation), &options);
}
