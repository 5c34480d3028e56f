/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "steps/seccomp_plugins.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "helper/protocol.h"
#include "io/descriptor_socket.h"
#include "io/syscalls.h"
#include "plan/annotations.h"
#ifdef DYNAMIC_PROGRAM
#include "helper/plugins.h"
#endif

/* What plugins do when they start is theirs, but not for how long. */
#define START_DEADLINE_MS 30000
#define STOP_DEADLINE_MS  2000

static int refuse(struct operation *operation)
{
    if (operation->error->code == ERROR_SECCOMP_PLUGIN)
        error_set_pointer(operation->error, "/annotations/%s",
                          annotation_rows[ANNOTATION_SECCOMP_PLUGINS].name);
    return -EINVAL;
}

#ifdef DYNAMIC_PROGRAM

/* There is no helper: a child with nothing of ours but the socket. */
static int start_process(struct helper *ret, struct error *error)
{
    int sockets[2];
    sigset_t none;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot make a pair of sockets");
    pid = fork();
    if (pid == 0) {
        dup2(sockets[1], STDIN_FILENO);
        sys_close_range(STDERR_FILENO + 1, UINT_MAX, 0);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        _exit(plugins_main(STDIN_FILENO));
    }
    close_fd(sockets[1]);
    *ret = (struct helper){.pid = pid, .socket = sockets[0]};
    if (pid > 0)
        return 0;
    ret->pid = 0;
    ret->socket = close_fd(ret->socket);
    return error_set(error, ERROR_SYSTEM, errno, "cannot make a process for the plugins");
}

#else

static int start_process(struct helper *ret, struct error *error)
{
    return helper_start(ret, "seccomp", error);
}

#endif

static int fill_request(struct operation *operation, struct helper_plugins_request *request)
{
    const struct plan *plan = operation_plan(operation);
    const char *root = operation->runtime->root, *id = operation->id;
    const char *bundle = plan_text(plan, plan->bundle);
    const char *plugins = plan_text(plan, plan->process.seccomp.plugins);
    bool fits;

    request->magic = HELPER_MAGIC;
    fits =
        (size_t)snprintf(request->plugins, sizeof(request->plugins), "%s", plugins) <
            sizeof(request->plugins) &&
        (size_t)snprintf(request->name, sizeof(request->name), "%s", id) < sizeof(request->name) &&
        (size_t)snprintf(request->bundle, sizeof(request->bundle), "%s",
                         bundle != NULL ? bundle : "") < sizeof(request->bundle) &&
        (size_t)snprintf(request->state_directory, sizeof(request->state_directory), "%s/%s", root,
                         id) < sizeof(request->state_directory) &&
        (size_t)snprintf(request->config, sizeof(request->config), "%s/%s/config.json", root, id) <
            sizeof(request->config);
    return fits ? 0
                : error_set(operation->error, ERROR_SECCOMP_PLUGIN, ENAMETOOLONG,
                            "a path that seccomp plugins are told is too long");
}

/* How a helper ended that has said nothing. */
static int explain_end(struct operation *operation)
{
    struct helper *helper = &operation->plugins;
    int status = 0;
    bool reaped;

    /* a socket is closed a little before its process has ended, unless a plugin has closed it */
    kill(helper->pid, SIGKILL);
    reaped = waitpid(helper->pid, &status, 0) == helper->pid;
    helper->pid = 0;
    if (reaped && WIFSIGNALED(status))
        error_set(operation->error, ERROR_SECCOMP_PLUGIN, 0,
                  "the process of the seccomp plugins was ended by signal %d", WTERMSIG(status));
    else
        error_set(operation->error, ERROR_SECCOMP_PLUGIN, 0,
                  "the process of the seccomp plugins has exited with %d",
                  reaped ? WEXITSTATUS(status) : 0);
    return refuse(operation);
}

/* One reply, which is there.  1: nobody is left to be notified of. */
static int take_reply(struct operation *operation)
{
    struct helper_reply reply;
    ssize_t length = recv(operation->plugins.socket, &reply, sizeof(reply), 0);

    if (length != (ssize_t)sizeof(reply))
        return explain_end(operation);
    if (reply.result >= 0)
        return 1;
    error_sanitize(&reply.error);
    *operation->error = reply.error;
    return refuse(operation);
}

/* Until the plugins are loaded, the stage has ended, or a signal has come. */
static int await_loaded(struct operation *operation)
{
    struct pollfd events[] = {
        {.fd = operation->plugins.socket, .events = POLLIN},
        {.fd = operation->stage.pidfd, .events = POLLIN},
        {.fd = operation->signal_fd, .events = POLLIN},
    };

    for (;;) {
        int r = poll(events, ARRAY_SIZE(events), START_DEADLINE_MS);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return error_set(operation->error, ERROR_SYSTEM, errno, "cannot wait for the helper");
        if (r == 0) {
            error_set(operation->error, ERROR_SECCOMP_PLUGIN, ETIMEDOUT,
                      "the seccomp plugins did not start within %d s", START_DEADLINE_MS / 1000);
            return refuse(operation);
        }
        if (events[0].revents != 0) {
            r = take_reply(operation);
            return r < 0 ? r : 0;
        }
        if (events[1].revents != 0)
            return operation_explain_stage(operation);
        r = operation_check_interrupt(operation);
        if (r < 0)
            return r;
    }
}

int seccomp_plugins_start(struct operation *operation, int listener)
{
    static const struct descriptor_socket_kind kind = {
        .socket = "helper's socket",
        .descriptor = "listener of the seccomp filter",
        .data = "l",
        .code = ERROR_SECCOMP_PLUGIN,
    };
    struct helper_plugins_request request = {0};
    int r = fill_request(operation, &request);

    if (r == 0)
        r = start_process(&operation->plugins, operation->error);
    if (r == 0)
        r = helper_send(&operation->plugins, &request, sizeof(request), operation->error);
    if (r == 0)
        r = await_loaded(operation);
    if (r == 0)
        r = descriptor_socket_send(operation->plugins.socket, listener, &kind, operation->error);
    if (r < 0)
        seccomp_plugins_end(operation);
    return r;
}

void seccomp_plugins_listen(void *data)
{
    struct operation *operation = data;

    operation->plugins_failed = take_reply(operation) < 0;
    if (operation->plugins_failed)
        sys_pidfd_send_signal(operation->stage.pidfd, SIGKILL);
    operation->plugins.socket = close_fd(operation->plugins.socket);
}

/* What it has to say at the end: it may have failed just before the process ended. */
static bool hear_last_words(struct operation *operation)
{
    struct helper *helper = &operation->plugins;
    struct pollfd reply = {.fd = helper->socket, .events = POLLIN};
    int r;

    if (operation->error->code != ERROR_NONE || helper->socket < 0 ||
        shutdown(helper->socket, SHUT_WR) < 0)
        return true;
    do
        r = poll(&reply, 1, STOP_DEADLINE_MS);
    while (r < 0 && errno == EINTR);
    if (r > 0)
        operation->plugins_failed = take_reply(operation) < 0;
    return r > 0;
}

void seccomp_plugins_end(struct operation *operation)
{
    struct helper *helper = &operation->plugins;
    _cleanup_close_ int pidfd = -1;
    struct pollfd end = {.events = POLLIN};
    bool heard;

    if (helper->pid <= 0)
        return;
    heard = hear_last_words(operation);
    helper->socket = close_fd(helper->socket);
    if (heard && helper->pid > 0)
        pidfd = sys_pidfd_open(helper->pid, 0);
    end.fd = pidfd;
    while (pidfd >= 0 && poll(&end, 1, STOP_DEADLINE_MS) < 0 && errno == EINTR)
        ;
    helper_stop(helper);
}
