/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steps/container.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "state/directory.h"
#include "state/saved_config.h"
#include "steps/undo.h"

/* Without a status document it is being created, or it never was: its maker holds the lock. */
static enum lifecycle find_unfinished(const struct container *container, bool locked)
{
    if (locked)
        return LIFECYCLE_BROKEN;
    if (flock(container->directory, LOCK_SH | LOCK_NB) < 0)
        return LIFECYCLE_CREATING;
    flock(container->directory, LOCK_UN);
    return LIFECYCLE_BROKEN;
}

/* Somebody reads the start fifo; its name alone may be left from a start that was killed. */
static bool waits_for_start(const struct container *container)
{
    _cleanup_close_ int fd = openat(container->directory, STATE_START_FIFO,
                                    O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

    return fd >= 0;
}

static enum lifecycle find_lifecycle(struct container *container)
{
    struct process_identity identity = container_identity(container);

    if (!process_is_alive(&identity))
        return LIFECYCLE_STOPPED;
    /* frozen before it was started, it would not answer to start */
    if (container->has_cgroup && cgroup_is_frozen(&container->cgroup) > 0)
        return LIFECYCLE_PAUSED;
    return waits_for_start(container) ? LIFECYCLE_CREATED : LIFECYCLE_RUNNING;
}

/*
 * A command that holds the lock may wait for ever for the container's first process, such as start
 * for a startContainer hook.  Without that process it fails, and lets go of the lock.
 */
static void end_holder(int root, const char *id)
{
    struct error ignored = {0};
    _cleanup_close_ int directory = state_open(root, id, false, &ignored);

    if (directory < 0)
        return;
    if (flock(directory, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        undo_kill_process(directory);
}

int container_open(struct container *container, const struct runtime *runtime, const char *id,
                   unsigned flags, struct error *error)
{
    int r;

    *container = (struct container){.runtime = runtime, .id = id, .root = -1, .directory = -1};
    oci_arena_init(&container->arena);
    r = state_check_id(id, error);
    if (r < 0)
        return r;
    container->root = state_open_root(runtime->root, false, error);
    if (container->root == -ENOENT && error->code == ERROR_NONE)
        return error_set(error, ERROR_CONTAINER_NOT_FOUND, ENOENT,
                         "container \"%.128s\" does not exist", id);
    if (container->root < 0)
        return container->root;
    if ((flags & CONTAINER_FORCE) != 0)
        end_holder(container->root, id);
    container->directory = state_open(container->root, id, (flags & CONTAINER_LOCK) != 0, error);
    if (container->directory < 0)
        return container->directory;
    r = journal_read(container->directory, &container->arena, &container->journal, error);
    container->has_journal = r == 0;
    if (r == 0)
        r = status_read(&container->journal, &container->arena, &container->status, error);
    if (r == -ENOENT) {
        container->lifecycle = find_unfinished(container, (flags & CONTAINER_LOCK) != 0);
        return 0;
    }
    if (r < 0)
        return r;
    if ((flags & CONTAINER_CGROUP) != 0) {
        r = undo_open_cgroup(&container->journal, &container->cgroup, error);
        if (r < 0)
            return r;
        container->has_cgroup = r > 0;
    }
    container->lifecycle = find_lifecycle(container);
    return 0;
}

void container_done(struct container *container)
{
    if (container->has_cgroup)
        cgroup_done(&container->cgroup);
    close_fd(container->directory);
    close_fd(container->root);
    oci_arena_done(&container->arena);
}

struct process_identity container_identity(const struct container *container)
{
    return (struct process_identity){
        .pid = container->status->pid,
        .start_time = container->status->start_time,
    };
}

/* SIGKILL to an init that others share a PID namespace with leaves its children alive. */
static int kill_all(struct container *container, int signal_number, struct error *error)
{
    int r;

    if (!container->has_cgroup || !cgroup_is_ours(&container->cgroup))
        return -ENOTSUP;
    if (signal_number == SIGKILL)
        return cgroup_kill(&container->cgroup, 10000, error);
    r = cgroup_signal_all(&container->cgroup, signal_number, error);
    return r == -ESRCH ? 0 : r;
}

static int signal_process(const struct container *container, struct process_identity identity,
                          int signal_number, struct error *error)
{
    _cleanup_close_ int pidfd = process_open(&identity);
    int r = pidfd;

    if (pidfd >= 0)
        r = sys_pidfd_send_signal(pidfd, signal_number) < 0 ? -errno : 0;
    if (r == -ESRCH)
        return error_set(error, ERROR_CONTAINER_NOT_RUNNING, ESRCH, "container not running: \"%s\"",
                         container->id);
    if (r < 0)
        return error_set(error, ERROR_SIGNAL_FAILED, -r,
                         "cannot signal process %d of container \"%s\"", identity.pid,
                         container->id);
    return 0;
}

bool container_is_cut_short(const struct container *container)
{
    return container->status == NULL &&
           journal_find(&container->journal, JOURNAL_PROCESS) == NULL &&
           faccessat(container->directory, STATE_CONFIG, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool container_use_copy(struct container *container)
{
    struct journal copy;

    if (container->uses_copy ||
        saved_config_read_journal(container->directory, &container->arena, &copy) < 0 ||
        journal_find(&copy, JOURNAL_PROCESS) == NULL)
        return false;
    container->journal = copy;
    container->has_journal = container->uses_copy = true;
    return true;
}

int container_refuse_cut_short(const struct container *container, const char *command,
                               struct error *error)
{
    return error_set(error, ERROR_STATE_DAMAGED, EUCLEAN,
                     "cannot %s container \"%s\": its journal is cut short and does not say which "
                     "process is the container's",
                     command, container->id);
}

static int kill_without_record(struct container *container, int signal_number, struct error *error)
{
    int r = undo_open_cgroup(&container->journal, &container->cgroup, error);

    container->has_cgroup = r > 0;
    if (r >= 0)
        r = kill_all(container, signal_number, error);
    return r == -ENOTSUP ? container_refuse_cut_short(container, "kill", error) : r;
}

/* What is left of a creation that was never completed. */
static int kill_broken(struct container *container, int signal_number, struct error *error)
{
    struct process_identity identity = {0};
    const struct journal_record *record;

    if (container_is_cut_short(container) && !container_use_copy(container))
        return kill_without_record(container, signal_number, error);
    record = journal_find(&container->journal, JOURNAL_PROCESS);
    if (record != NULL && record->length == sizeof(identity))
        memcpy(&identity, record->payload, sizeof(identity));
    return signal_process(container, identity, signal_number, error);
}

/* Nobody can tell the others then: a user's container without a delegated cgroup. */
static void warn_of_the_others(const struct container *container)
{
    if (container->status->shares_pid_namespace)
        runtime_log(
            container->runtime, LOG_LEVEL_WARNING,
            "container \"%s\" has neither a cgroup nor a PID namespace of its own: a signal "
            "reaches its first process alone",
            container->id);
}

int container_kill(struct container *container, int signal_number, bool all, struct error *error)
{
    int r;

    if (container->lifecycle == LIFECYCLE_BROKEN)
        return kill_broken(container, signal_number, error);
    if (container->lifecycle == LIFECYCLE_STOPPED && all) {
        r = kill_all(container, signal_number, error);
        if (r == -ENOTSUP)
            warn_of_the_others(container);
        return r == -ENOTSUP ? 0 : r;
    }
    r = lifecycle_check(LIFECYCLE_KILL, container->lifecycle, container->id, error);
    if (r < 0)
        return r;
    if (all || (signal_number == SIGKILL && container->status->shares_pid_namespace)) {
        r = kill_all(container, signal_number, error);
        if (r != -ENOTSUP)
            return r;
        warn_of_the_others(container);
    }
    r = signal_process(container, container_identity(container), signal_number, error);
    /* on v1 a frozen process does not die before it is thawed */
    if (r == 0 && signal_number == SIGKILL && container->lifecycle == LIFECYCLE_PAUSED)
        r = cgroup_thaw(&container->cgroup, 10000, error);
    return r;
}
