/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dray's side of its talk with the stage, and the signals that may end it; runs in dray.
 *
 * The stage needs no deadline: it ends by itself when dray does, and dray sees its end.  What may
 * take arbitrarily long in it (hooks without a timeout, a copy into a tmpfs) is the user's wish.
 * But a process of the container that traces it could hold it for ever, once it can be seen there.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/message.h"
#include "io/reap.h"
#include "io/syscalls.h"
#include "plan/fault_injection.h"
#include "steps/held.h"
#include "steps/operation.h"

/* A killed process may have to finish a system call first. */
#define KILL_DEADLINE_MS 5000
/* What a process that is ending has given up already is refused before its end is seen. */
#define BLAME_DEADLINE_MS 100

int operation_hold_signals(struct operation *operation)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &signals, &operation->previous_signals) < 0)
        return error_set(operation->error, ERROR_SYSTEM, errno, "cannot block signals");
    operation->signals_blocked = true;
    operation->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (operation->signal_fd < 0)
        return error_set(operation->error, ERROR_SYSTEM, errno, "cannot open a signalfd");
    return 0;
}

void operation_release_signals(struct operation *operation)
{
    operation->signal_fd = close_fd(operation->signal_fd);
    if (!operation->signals_blocked)
        return;
    sigprocmask(SIG_SETMASK, &operation->previous_signals, NULL);
    operation->signals_blocked = false;
}

int operation_check_interrupt(struct operation *operation)
{
    struct signalfd_siginfo signal;

    if (operation->signal_fd < 0 ||
        read(operation->signal_fd, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
        return 0;
    operation->interrupt = (int)signal.ssi_signo;
    return error_set(operation->error, ERROR_INTERRUPTED, EINTR,
                     "interrupted by signal %d; everything made so far is removed",
                     operation->interrupt);
}

int operation_notify(struct operation *operation)
{
    struct message message = {.row = operation->row};
    int r = message_send(operation->control, &message, NULL, 0);

    return r == -EPIPE ? operation_explain_stage(operation)
           : r < 0     ? error_set(operation->error, ERROR_INTERNAL, -r, "cannot talk to the stage")
                       : 0;
}

/* Who pauses a container while a process is on its way into it does not mean to end that. */
static bool is_frozen(struct operation *operation)
{
    return operation->has_cgroup && cgroup_is_frozen(&operation->cgroup) == 1;
}

/* Those of other containers, which may be hostile; or of the container that exec enters. */
static bool shares_pid_namespace(const struct operation *operation)
{
    const struct plan *plan = operation->builder.plan;

    return operation->stage_exposed || (plan->namespaces.joined & CLONE_NEWPID) != 0;
}

/*
 * One that was stopped does nothing more.  One that is exposed has so little left to do that it is
 * held whatever its state is; before that it may be busy for as long as it takes.
 */
static bool is_held(struct operation *operation)
{
    return !is_frozen(operation) &&
           (operation->stage_exposed || held_is_stopped(operation->stage.identity.pid));
}

/*
 * Waits until the stage has said something or ended, or a signal has come.  Its end is more than
 * the end of the socket: a child that was to go on in its place may still hold the other side.
 */
static int wait_for_message(struct operation *operation)
{
    struct pollfd events[] = {
        {.fd = operation->control, .events = POLLIN},
        {.fd = operation->stage.pidfd, .events = POLLIN},
        {.fd = operation->signal_fd, .events = POLLIN},
    };
    int deadline_ms = shares_pid_namespace(operation) ? fault_held_ms(HELD_DEADLINE_MS) : -1;

    for (;;) {
        int r = poll(events, ARRAY_SIZE(events), deadline_ms);

        if ((r < 0 && errno == EINTR) || (r == 0 && !is_held(operation)))
            continue;
        if (r < 0)
            return error_set(operation->error, ERROR_SYSTEM, errno, "cannot wait for the stage");
        if (r == 0)
            return held_set_error(operation->stage.identity.pid, deadline_ms,
                                  "entered the PID namespace of other processes and did not become "
                                  "the program",
                                  operation->error);
        if (events[0].revents != 0)
            return 0;
        if (events[1].revents != 0)
            return operation_explain_stage(operation);
        r = operation_check_interrupt(operation);
        if (r < 0)
            return r;
    }
}

int operation_await(struct operation *operation, int32_t *ret_value, int *descriptor)
{
    struct message message;
    int received = -1;
    size_t count = 1;
    int r = wait_for_message(operation);

    if (r < 0)
        return r;
    r = message_receive(operation->control, &message, &received, &count, -1);
    if (r == 0)
        return operation_explain_stage(operation);
    if (r < 0)
        return error_set(operation->error, ERROR_INTERNAL, -r, "cannot hear from the stage");
    if (message.row != operation->row) {
        close_fd(received);
        return error_set(operation->error, ERROR_INTERNAL, EPROTO,
                         "the stage is at row %u where row %u is expected", message.row,
                         operation->row);
    }
    if (descriptor != NULL)
        *descriptor = received;
    else
        close_fd(received);
    if (ret_value != NULL)
        *ret_value = message.value;
    return 0;
}

/*
 * Waits for the end of a stage that does not talk any more.  A process that traces it can keep it
 * from ending, and its status from us when it has ended.  True when that is in *@ret.
 */
static bool wait_for_end(struct operation *operation, int *ret)
{
    struct pollfd ended = {.fd = operation->stage.pidfd, .events = POLLIN};
    pid_t pid = operation->stage.identity.pid;
    int r = 0;

    /* where there are no pidfds (an emulator, a seccomp filter) the pid of our own child will do */
    if (ended.fd < 0 && !operation->stage_exposed) {
        while ((r = waitpid(pid, ret, 0)) < 0 && errno == EINTR)
            ;
        operation->stage_reaped = r > 0;
        return r > 0;
    }
    while (ended.fd >= 0 &&
           (r = poll(&ended, 1, operation->stage_exposed ? fault_held_ms(HELD_DEADLINE_MS) : -1)) <
               0 &&
           errno == EINTR)
        ;
    operation->stage_reaped = (ended.fd < 0 || r > 0) && reap_child(pid, ret) == 0;
    return operation->stage_reaped;
}

/* The stage ended without a word: how? */
static int explain_death(struct operation *operation, uint32_t row)
{
    const char *name = row < operation->steps_count ? operation->steps[row].name : "unknown";
    uint64_t kills = 0, limit, peak;
    int status;

    if (!wait_for_end(operation, &status))
        return error_set(operation->error, ERROR_STAGE_HELD, 0,
                         "process %d ended in step %s, or is about to, and cannot be waited for",
                         operation->stage.identity.pid, name);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && operation->has_cgroup &&
        cgroup_oom_kills(&operation->cgroup, &kills) == 0 && kills > 0) {
        cgroup_memory_figures(&operation->cgroup, &limit, &peak);
        return error_set(operation->error, ERROR_MEMORY_LIMIT_TOO_SMALL, ENOMEM,
                         "the memory limit of %llu bytes is too small to set up the container "
                         "(step %s)",
                         (unsigned long long)limit, name);
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return error_set(operation->error, ERROR_STAGE_DIED, 0,
                         "the container's first process was killed by its seccomp filter in step "
                         "%s",
                         name);
    if (WIFSIGNALED(status))
        return error_set(operation->error, ERROR_STAGE_DIED, 0,
                         "the container's first process was killed by signal %d in step %s",
                         WTERMSIG(status), name);
    return error_set(operation->error, ERROR_STAGE_DIED, 0,
                     "the container's first process ended with status %d in step %s",
                     WEXITSTATUS(status), name);
}

int operation_explain_stage(struct operation *operation)
{
    /* copied once: the page is shared with a process that lives among hostile ones */
    struct recorder copy;

    if (operation->recorder == NULL)
        return error_set(operation->error, ERROR_STAGE_DIED, 0,
                         "the container's first process has ended");
    memcpy(&copy, operation->recorder, sizeof(copy));
    if (copy.phase != RECORDER_FAILED || copy.error.code == ERROR_NONE)
        return explain_death(operation, copy.row);
    error_sanitize(&copy.error);
    if (operation->error->code == ERROR_NONE)
        *operation->error = copy.error;
    return copy.error.sys_errno > 0 ? -copy.error.sys_errno : -EINVAL;
}

int operation_blame_stage(struct operation *operation, int r)
{
    struct pollfd ended = {.fd = operation->stage.pidfd, .events = POLLIN};

    if (r >= 0 || operation->interrupt != 0 || operation->stage_reaped ||
        poll(&ended, 1, BLAME_DEADLINE_MS) <= 0)
        return r;
    error_clear(operation->error);
    return operation_explain_stage(operation);
}

void operation_kill_stage(struct operation *operation)
{
    struct pollfd ended = {.fd = operation->stage.pidfd, .events = POLLIN};
    int r;

    /* what we do not know of ends when nobody talks to it */
    operation->control = close_fd(operation->control);
    if (operation->stage.pidfd < 0 || operation->stage_reaped)
        return;
    sys_pidfd_send_signal(operation->stage.pidfd, SIGKILL);
    do
        r = poll(&ended, 1, KILL_DEADLINE_MS);
    while (r < 0 && errno == EINTR);
    /* in a frozen cgroup of v1 it dies when that is thawed, and is nobody's burden then */
    if (r <= 0)
        return;
    waitid(P_PIDFD, (id_t)operation->stage.pidfd, NULL, WEXITED | WNOHANG);
    operation->stage_reaped = true;
}
