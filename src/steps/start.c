/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From created to running; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "plan/steps.h"
#include "state/directory.h"
#include "steps/container.h"
#include "steps/held.h"
#include "steps/hooks.h"
#include "steps/notify.h"
#include "steps/seccomp_plugins.h"
#include "steps/undo.h"

#define END_DEADLINE_MS 5000
#define LAST_WORDS_MS   1000 /* of plugins whose filter nobody has any more */

int container_read_recorder(int directory, struct recorder *ret, struct error *error)
{
    _cleanup_close_ int fd = openat(directory, STATE_RECORDER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 || pread(fd, ret, sizeof(*ret), 0) != (ssize_t)sizeof(*ret))
        return error_set(error, ERROR_STATE_DAMAGED, fd < 0 ? errno : EIO,
                         "cannot read the flight recorder");
    error_sanitize(&ret->error);
    return 0;
}

/* The stage has closed its fifo: because the program runs, or because it failed. */
static int read_result(const struct container *container, struct error *error)
{
    struct recorder recorder;
    int r = container_read_recorder(container->directory, &recorder, error);

    if (r < 0 || recorder.phase == RECORDER_EXEC)
        return r;
    if (recorder.phase == RECORDER_FAILED && recorder.error.code != ERROR_NONE) {
        *error = recorder.error;
        return recorder.error.sys_errno > 0 ? -recorder.error.sys_errno : -EINVAL;
    }
    return error_set(error, ERROR_STAGE_DIED, 0,
                     "the container's first process ended in step %s, before it executed its "
                     "program",
                     recorder.row < CREATE_STEPS ? create_steps[recorder.row].name : "unknown");
}

/* It closes its descriptors a moment before it has ended, but who asks next is to see it stopped.
 */
static void await_end(const struct container *container)
{
    struct process_identity identity = container_identity(container);
    _cleanup_close_ int pidfd = process_open(&identity);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};

    while (pidfd >= 0 && poll(&ended, 1, END_DEADLINE_MS) < 0 && errno == EINTR)
        ;
}

static int release_stage(struct container *container, struct error *error)
{
    _cleanup_close_ int start = openat(container->directory, STATE_START_FIFO,
                                       O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct program_wait wait = {
        .event = {.fd = start}, /* an error condition once it has no reader left */
        .identity = container_identity(container),
        .cgroup = container->has_cgroup ? &container->cgroup : NULL,
    };
    int r;

    /* ENXIO: nobody reads, the stage is gone */
    if (start < 0 && errno == ENXIO) {
        await_end(container);
        return error_set(error, ERROR_CONTAINER_NOT_RUNNING, ESRCH, "container not running: \"%s\"",
                         container->id);
    }
    if (start < 0 || write(start, &(char){START_BYTE}, 1) != 1)
        return error_set(error, ERROR_STATE_DAMAGED, errno, "cannot write to \"%s\"",
                         STATE_START_FIFO);
    unlinkat(container->directory, STATE_START_FIFO, 0);
    r = held_await_program(&wait, error);
    if (r == 0)
        r = read_result(container, error);
    if (r < 0)
        await_end(container);
    return r;
}

/* It runs: kill and delete need wait for neither a slow hook nor a program that gets ready. */
static int finish_start(struct container *container, struct notify *notify, struct error *error)
{
    struct undo_request request = {
        .root = container->root,
        .directory = container->directory,
        .id = container->id,
        .kill = true,
    };
    struct process_identity identity = container_identity(container);
    _cleanup_close_ int pidfd = notify->socket >= 0 ? process_open(&identity) : -1;
    struct error ignored = {0};
    int r = 0;

    state_unlock(container->directory);
    if (container->status->has_poststart_hooks)
        r = run_poststart_hooks(container->runtime, container->directory, container->status, error);
    if (r < 0 && state_lock_again(container->directory, container->id, &ignored) == 0)
        undo_container(container->runtime, &request, &ignored);
    if (r < 0 || pidfd < 0)
        return r;
    notify->pid = identity.pid;
    return notify_await_ready(notify, pidfd, error);
}

int container_start(struct container *container, struct error *error)
{
    struct notify notify = NOTIFY_NONE;
    int r = lifecycle_check(LIFECYCLE_START, container->lifecycle, container->id, error);

    if (r == 0)
        r = notify_listen(container->directory, &notify, error);
    if (r == 0)
        r = release_stage(container, error);
    if (r == 0 && (container->status->has_poststart_hooks || notify.socket >= 0))
        r = finish_start(container, &notify, error);
    notify_done(&notify);
    return r;
}

/* The stage's end of the conversation is close-on-exec, so its end is the program's beginning. */
/*
 * Meanwhile the plugins are asked about its last system calls, and may fail: that is the cause
 * then, also of what the stage says.
 */
static int await_program(struct operation *operation, struct program_wait *wait)
{
    int r = held_await_program(wait, operation->error);

    while (r == 0 && operation->plugins.socket >= 0) {
        bool failed = wait->event.revents != 0 && operation->recorder->phase != RECORDER_EXEC;

        /* the stage may notice a moment before us that nobody answers any more */
        if (poll(&wait->other, 1, failed ? LAST_WORDS_MS : 0) > 0)
            seccomp_plugins_listen(operation);
        if (operation->plugins_failed) {
            operation_kill_stage(operation);
            return -EIO;
        }
        if (wait->event.revents != 0)
            return 0;
        wait->other.events = operation->plugins.socket >= 0 ? POLLIN : 0;
        r = held_await_program(wait, operation->error);
    }
    return r;
}

int operation_await_program(struct operation *operation)
{
    struct program_wait wait = {
        .event = {.fd = operation->control, .events = POLLIN},
        .other = {.fd = operation->plugins.socket,
                  .events = operation->plugins.socket >= 0 ? POLLIN : 0},
        .identity = operation->stage.identity,
        .cgroup = operation->has_cgroup ? &operation->cgroup : NULL,
    };
    struct recorder recorder;
    int r = await_program(operation, &wait);

    if (r < 0)
        return r;
    if ((wait.event.revents & (POLLHUP | POLLERR)) == 0)
        return error_set(operation->error, ERROR_INTERNAL, EPROTO,
                         "the stage says something where its end is expected");
    memcpy(&recorder, operation->recorder, sizeof(recorder));
    if (recorder.phase == RECORDER_EXEC)
        return 0;
    r = operation_explain_stage(operation);
    operation_locate_error(operation);
    return r;
}
