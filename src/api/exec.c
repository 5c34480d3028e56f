/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray_exec(). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "api/attend.h"
#include "api/handle.h"
#include "base/cleanup.h"
#include "steps/container.h"

static struct exec_request make_request(const struct dray_exec_options *given)
{
    return (struct exec_request){
        .process_file = given->process_file,
        .args = given->args,
        .cwd = given->cwd,
        .env = given->env,
        .user = given->user,
        .additional_gids = given->additional_gids,
        .additional_gids_count = given->additional_gids_count,
        .capabilities = given->capabilities,
        .apparmor = given->apparmor,
        .process_label = given->process_label,
        .no_new_privileges = given->no_new_privileges,
        .tty = given->tty,
        .detach = given->detach,
        .ignore_paused = given->ignore_paused,
        .cgroups = given->cgroups,
        .console_socket = given->console_socket,
        .pidfd_socket = given->pidfd_socket,
        .pid_file = given->pid_file,
        .preserve_fds = given->preserve_fds,
    };
}

static int check_lifecycle(const struct container *container, bool ignore_paused,
                           struct error *error)
{
    if (container->lifecycle == LIFECYCLE_PAUSED && ignore_paused)
        return 0;
    return lifecycle_check(LIFECYCLE_EXEC, container->lifecycle, container->id, error);
}

/* The first process is held by a pidfd before anything is read of it or joined. */
static int open_init(struct operation *operation, const struct container *container)
{
    struct process_identity identity = container_identity(container);
    char path[32];

    operation->init = process_open(&identity);
    if (operation->init < 0)
        return error_set(operation->error, ERROR_CONTAINER_NOT_RUNNING, -operation->init,
                         "container not running: \"%s\"", operation->id);
    if (!container->status->host_mount_namespace)
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/root", identity.pid);
    operation->init_root = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (operation->init_root < 0)
        return error_set(operation->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot open the root directory of container \"%s\"", operation->id);
    return 0;
}

static int run_process(struct dray *dray, struct container *container,
                       const struct exec_request *request, const struct relay_signals *signals,
                       int *ret_status)
{
    struct operation operation;
    int r;

    operation_init(&operation, &dray->runtime, container->id, &dray->error);
    operation.exec = request;
    operation.records = &container->journal;
    operation.status = container->status;
    operation.directory = take_fd(&container->directory);
    r = open_init(&operation, container);
    if (r == 0)
        r = operation_exec(&operation);
    operation_release_signals(&operation);
    if (r == 0)
        r = operation_await_program(&operation);
    if (r == 0 && request->detach)
        *ret_status = 0;
    else if (r == 0)
        r = operation_attend(&operation, signals, ret_status);
    operation_done(&operation);
    return r;
}

int dray_exec(struct dray *dray, const char *id, const struct dray_exec_options *options,
              int *ret_status)
{
    struct dray_exec_options given;
    struct exec_request request;
    struct relay_signals signals = {.fd = -1};
    struct container container;
    int r;

    error_clear(&dray->error);
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r < 0)
        return r;
    r = preserved_check(given.preserve_fds, &dray->error);
    if (r < 0)
        return r;
    request = make_request(&given);
    r = container_open(&container, &dray->runtime, id, CONTAINER_CGROUP, &dray->error);
    if (r == 0)
        r = check_lifecycle(&container, given.ignore_paused, &dray->error);
    if (r == 0 && !given.detach)
        r = relay_signals_begin(&signals, &dray->error);
    if (r == 0)
        r = run_process(dray, &container, &request, &signals, ret_status);
    if (signals.fd >= 0)
        relay_signals_end(&signals);
    container_done(&container);
    return r;
}
