/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows for what is outside the container: the console's receiver, the seccomp agent, hooks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "hook/hook.h"
#include "io/descriptor_socket.h"
#include "io/syscalls.h"
#include "security/seccomp_notify.h"
#include "state/journal.h"
#include "steps/rows.h"
#include "steps/seccomp_plugins.h"
#include "term/console_socket.h"
#include "term/relay.h"

/* An agent that is there takes a message at once. */
#define AGENT_DEADLINE_MS 10000

/* What says whether there is a terminal: an option of exec's, or else a place in a document. */
static int refuse_console(struct operation *operation, enum error_code code, const char *option,
                          const char *document)
{
    const struct exec_request *exec = operation->exec;
    bool by_option = exec != NULL &&
                     (exec->process_file == NULL || (exec->tty && code == ERROR_CONSOLE_MISSING));

    error_set(operation->error, code, EINVAL, "%s", by_option ? option : document);
    if (!by_option)
        error_set_pointer(operation->error, "/process/terminal");
    return -EINVAL;
}

int row_connect_console(struct operation *operation)
{
    const struct create_request *create = operation->create;
    const char *path = create != NULL ? create->console_socket : operation->exec->console_socket;
    bool detach = create != NULL ? !create->run || create->detach : operation->exec->detach;
    bool terminal = operation_plan(operation)->process.terminal;

    if (!terminal && path != NULL)
        return refuse_console(operation, ERROR_CONSOLE_SOCKET,
                              "--console-socket is given without --tty",
                              "a console socket is given, but the process wants no terminal");
    if (!terminal)
        return 0;
    if (path == NULL && detach)
        return refuse_console(operation, ERROR_CONSOLE_MISSING,
                              "--tty together with --detach needs --console-socket: nobody else "
                              "would hold the terminal",
                              "the process wants a terminal, but nobody would hold it: give "
                              "--console-socket");
    if (path == NULL)
        return 0;
    operation->console_socket = console_socket_connect(path, operation->error);
    return operation->console_socket < 0 ? operation->console_socket : 0;
}

/* The stage made the terminal; its master goes to the caller's socket, or stays for the relay. */
int row_console(struct operation *operation)
{
    int r = operation_await(operation, NULL, &operation->console_master);

    if (r < 0)
        return r;
    if (operation->console_master < 0)
        return error_set(operation->error, ERROR_INTERNAL, EPROTO,
                         "the stage sent no terminal with its message");
    if (operation->console_socket < 0) {
        const struct plan_process *process = &operation_plan(operation)->process;

        if (process->console_height == 0 && process->console_width == 0)
            relay_copy_size(STDIN_FILENO, operation->console_master);
        return 0;
    }
    r = console_socket_send(operation->console_socket, operation->console_master, operation->error);
    operation->console_socket = close_fd(operation->console_socket);
    operation->console_master = close_fd(operation->console_master);
    return r;
}

static const struct descriptor_socket_kind pidfd_receiver = {
    .socket = "pidfd socket",
    .descriptor = "pidfd",
    .data = "pidfd",
    .code = ERROR_PIDFD_SOCKET,
};

int row_connect_pidfd_socket(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);

    operation->pidfd_socket = descriptor_socket_connect(plan_text(plan, plan->process.pidfd_socket),
                                                        &pidfd_receiver, operation->error);
    return operation->pidfd_socket < 0 ? operation->pidfd_socket : 0;
}

int row_send_pidfd(struct operation *operation)
{
    int r = descriptor_socket_send(operation->pidfd_socket, operation->stage.pidfd, &pidfd_receiver,
                                   operation->error);

    operation->pidfd_socket = close_fd(operation->pidfd_socket);
    return r;
}

/* config-linux.md, "The Container Process State" */
static int write_process_state(struct operation *operation, const char **ret, size_t *ret_length)
{
    const struct plan *plan = operation_plan(operation);
    const char *fds[] = {"seccompFd", NULL};
    int32_t pid = operation->stage.identity.pid;
    struct oci_state state = {
        .oci_version = operation->spec->oci_version,
        .id = operation->id,
        .status = operation->create != NULL ? "creating" : "running",
        .pid = {.set = true, .value = operation->status != NULL ? operation->status->pid : pid},
        .bundle = plan_text(plan, plan->bundle),
        .annotations = operation->spec->annotations,
    };
    struct oci_container_process_state document = {
        .oci_version = operation->spec->oci_version,
        .fds = {.items = fds, .count = 1, .set = true},
        .pid = pid,
        .metadata = plan_text(plan, plan->process.seccomp.listener_metadata),
        .state = &state,
    };
    int r = oci_write(&oci_container_process_state_table, &document, OCI_WRITE_COMPACT,
                      &operation->arena, ret, ret_length);

    return r < 0 ? error_set(operation->error, ERROR_OUT_OF_MEMORY, -r,
                             "cannot write to the seccomp agent")
                 : 0;
}

int row_forward_listener(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    const char *path = plan_text(plan, plan->process.seccomp.listener_path);
    _cleanup_close_ int listener = -1;
    const char *state;
    size_t length;
    int r;

    listener = sys_pidfd_getfd(operation->stage.pidfd, operation->recorder->listener);
    if (listener < 0 && errno == ESRCH)
        return operation_explain_stage(operation);
    if (listener < 0)
        return error_set(operation->error, ERROR_SECCOMP_LISTENER, errno,
                         "cannot take the listener of the seccomp filter");
    if (plan->process.seccomp.plugins != 0)
        return seccomp_plugins_start(operation, listener);
    r = write_process_state(operation, &state, &length);
    if (r < 0)
        return r;
    r = seccomp_forward_listener(listener, path, state, length, AGENT_DEADLINE_MS,
                                 operation->error);
    if (r < 0)
        plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_SECCOMP_LISTENER},
                            operation->error);
    return r;
}

static int run_hooks(struct operation *operation, enum plan_hook_kind kind)
{
    const char *path = getenv("PATH");
    char path_entry[4096];
    char *const environment[] = {path_entry, NULL};
    struct hook_context context = {
        .status = "creating",
        .pid = operation->stage.identity.pid,
        .stdout_fd = operation->hook_stdout,
        .stderr_fd = operation->hook_stderr,
        .interruptible = true,
        .interrupts = {operation->signal_fd, operation->stage.pidfd},
    };
    int r;

    /* prestart hooks of Docker count on the caller's PATH */
    if (kind == PLAN_HOOK_PRESTART && path != NULL &&
        (size_t)snprintf(path_entry, sizeof(path_entry), "PATH=%s", path) < sizeof(path_entry))
        context.default_environment = environment;
    r = hook_run_all(operation_plan(operation), kind, &context, operation->error);
    if (r != -EINTR || operation->error->code != ERROR_NONE)
        return r;
    r = operation_check_interrupt(operation);
    return r < 0 ? r : operation_explain_stage(operation);
}

/* From here on poststop hooks are owed, whatever happens. */
int row_owe_hooks(struct operation *operation)
{
    return journal_append(operation->journal, JOURNAL_HOOKS, operation->bundle,
                          strlen(operation->bundle), operation->error);
}

int row_hooks_prestart(struct operation *operation)
{
    return run_hooks(operation, PLAN_HOOK_PRESTART);
}

int row_hooks_create_runtime(struct operation *operation)
{
    return run_hooks(operation, PLAN_HOOK_CREATE_RUNTIME);
}
