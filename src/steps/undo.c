/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replay of a container's journal, backwards; runs in dray. */
#include "steps/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bus/units.h"
#include "io/file.h"
#include "io/syscalls.h"
#include "state/directory.h"
#include "state/journal.h"
#include "steps/hooks.h"
#include "steps/host_mounts.h"
#include "steps/net_devices.h"
#include "steps/rdt.h"
#include "steps/scope.h"

/* A killed process may have to finish a system call first; nothing takes longer unless it hangs. */
#define UNDO_DEADLINE_MS 10000

/* A pidfd is readable once its process has ended (pidfd_open(2)). */
static int wait_for_end(int pidfd, int deadline_ms)
{
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    int r;

    do
        r = poll(&ended, 1, deadline_ms);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return -errno;
    if (r == 0)
        return -ETIMEDOUT;
    /* if it was our own child it is a zombie now, which would keep its cgroup busy */
    waitid(P_PIDFD, (id_t)pidfd, NULL, WEXITED | WNOHANG);
    return 0;
}

/* A frozen process does not even die. */
static void thaw(const struct journal *journal)
{
    const struct journal_record *record = journal_find(journal, JOURNAL_CGROUP);
    struct error ignored = {0};
    struct cgroup cgroup;

    if (record == NULL || cgroup_open_record(&cgroup, record->payload, record->length) < 0)
        return;
    if (cgroup_is_ours(&cgroup) && cgroup_is_frozen(&cgroup) > 0)
        cgroup_thaw(&cgroup, UNDO_DEADLINE_MS, &ignored);
    cgroup_done(&cgroup);
}

static void kill_recorded(const struct journal_record *record)
{
    struct process_identity identity;
    _cleanup_close_ int pidfd = -1;

    if (record == NULL || record->length != sizeof(identity))
        return;
    memcpy(&identity, record->payload, sizeof(identity));
    pidfd = process_open(&identity);
    if (pidfd >= 0)
        sys_pidfd_send_signal(pidfd, SIGKILL);
}

static int end_process(const struct undo_request *request, const struct journal *journal,
                       const struct journal_record *record, struct error *error)
{
    struct process_identity identity;
    _cleanup_close_ int pidfd = -1;
    int r;

    if (record->length != sizeof(identity))
        return error_set(error, ERROR_STATE_DAMAGED, EPROTO,
                         "the journal's record of a process is damaged");
    memcpy(&identity, record->payload, sizeof(identity));
    if (identity.pid == request->ended.pid && identity.start_time == request->ended.start_time)
        return 0;
    pidfd = process_open(&identity);
    if (pidfd == -ESRCH)
        return 0;
    if (pidfd < 0)
        return error_set(error, ERROR_CLEANUP_INCOMPLETE, -pidfd, "cannot open process %d",
                         identity.pid);
    if (wait_for_end(pidfd, 0) == 0)
        return 0;
    if (!request->kill)
        return error_set(error, ERROR_CONTAINER_STATUS, EBUSY,
                         "process %d of container \"%s\" is still alive", identity.pid,
                         request->id);
    thaw(journal);
    /* what it traces ends only when it says so, or ends itself */
    kill_recorded(journal_find(journal, JOURNAL_CRIU));
    if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
        return error_set(error, ERROR_CLEANUP_INCOMPLETE, errno, "cannot kill process %d",
                         identity.pid);
    r = wait_for_end(pidfd, UNDO_DEADLINE_MS);
    if (r < 0)
        return error_set(error, ERROR_CLEANUP_INCOMPLETE, -r,
                         "process %d of container \"%s\" does not end though it is killed",
                         identity.pid, request->id);
    return 0;
}

static int end_cgroup(const struct journal_record *record, struct error *error)
{
    struct cgroup cgroup;
    bool scope;
    int r = cgroup_open_record(&cgroup, record->payload, record->length);

    if (r < 0)
        return error_set(error, ERROR_STATE_DAMAGED, -r, "the record of the cgroup is damaged");
    /* only what we made holds nobody else's processes; mostly it holds none and goes at once */
    scope = cgroup.record.manager == PLAN_CGROUP_SYSTEMD;
    if (cgroup_is_ours(&cgroup) && (scope || cgroup_remove_empty(&cgroup) == -EBUSY) &&
        cgroup_is_populated(&cgroup) > 0)
        r = cgroup_kill(&cgroup, UNDO_DEADLINE_MS, error);
    if (r == 0 && !scope) /* systemd's own it removes itself: end_scope() */
        r = cgroup_remove(&cgroup, UNDO_DEADLINE_MS, error);
    cgroup_done(&cgroup);
    return r;
}

/* What is left of the cgroup once systemd has stopped the unit: parts that are not systemd's. */
static int remove_rest(const struct journal *journal, struct error *error)
{
    const struct journal_record *record = journal_find(journal, JOURNAL_CGROUP);
    struct cgroup cgroup;
    int r;

    if (record == NULL)
        return 0;
    r = cgroup_open_record(&cgroup, record->payload, record->length);
    if (r == 0)
        r = cgroup_remove(&cgroup, UNDO_DEADLINE_MS, error);
    cgroup_done(&cgroup);
    return r;
}

/*
 * The processes are gone already.  Without systemd nothing but a failed unit's name can stay, which
 * is no reason to keep the container.
 */
static int end_scope(const struct runtime *runtime, const struct journal *journal,
                     const struct journal_record *record, struct error *error)
{
    struct error here = {0};
    struct scope_record scope;
    int r;

    if (scope_read_record(record->payload, record->length, &scope) < 0)
        return error_set(error, ERROR_STATE_DAMAGED, EPROTO, "the record of the unit is damaged");
    r = units_stop(scope.user, scope.unit, scope.description, &here);
    if (r < 0 && here.code == ERROR_SYSTEMD_BUS) {
        runtime_log(runtime, LOG_LEVEL_WARNING, "cannot tell systemd that \"%s\" has ended: %s",
                    scope.unit, here.message);
        r = 0;
    }
    if (r < 0 && error->code == ERROR_NONE)
        *error = here;
    return r < 0 ? r : remove_rest(journal, error);
}

static int end_host_mounts(const struct journal_record *record, struct error *error)
{
    char *path = strndup(record->payload, record->length);
    int r;

    if (path == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot unmount the container's root");
    r = host_mounts_remove(path, error);
    free(path);
    return r;
}

static int undo_record(const struct runtime *runtime, const struct undo_request *request,
                       const struct journal *journal, const struct journal_record *record,
                       struct error *error)
{
    switch ((enum journal_kind)record->kind) {
    case JOURNAL_CRIU:
    case JOURNAL_PROCESS:
        return end_process(request, journal, record, error);
    case JOURNAL_HOST_MOUNTS:
        return end_host_mounts(record, error);
    case JOURNAL_CGROUP:
        /* each record is the whole story so far: the last one tells it all */
        return record == journal_find(journal, JOURNAL_CGROUP) ? end_cgroup(record, error) : 0;
    case JOURNAL_NET_DEVICE:
        return net_device_undo(request, journal, record, error);
    case JOURNAL_RDT:
        return rdt_undo(journal, record, error);
    case JOURNAL_SCOPE:
        return end_scope(runtime, journal, record, error);
    case JOURNAL_HOOKS:
    case JOURNAL_STATUS:
        return 0;
    }
    /* of a newer dray: what it means is not known here, so it must not be forgotten */
    return error_set(error, ERROR_STATE_VERSION, 0, "the journal has a record of unknown kind %u",
                     record->kind);
}

static int undo_records(const struct runtime *runtime, const struct undo_request *request,
                        const struct journal *journal, struct error *error)
{
    int result = 0;

    for (size_t i = journal->count; i > 0; i--) {
        struct error here = {0};
        int r = undo_record(runtime, request, journal, &journal->records[i - 1], &here);

        if (r < 0 && result == 0) {
            result = r;
            if (error->code == ERROR_NONE)
                *error = here;
        }
        /* while the process lives, nothing it uses is taken away */
        if (r < 0 && journal->records[i - 1].kind == JOURNAL_PROCESS)
            break;
    }
    return result;
}

void undo_kill_process(int directory)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct error ignored = {0};
    struct journal journal;

    if (journal_read(directory, &arena, &journal, &ignored) < 0)
        return;
    thaw(&journal);
    kill_recorded(journal_find(&journal, JOURNAL_PROCESS));
    /* one that hangs keeps the command which holds the lock, and the process */
    kill_recorded(journal_find(&journal, JOURNAL_CRIU));
}

int undo_container(const struct runtime *runtime, const struct undo_request *request,
                   struct error *error)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    const struct journal *journal = request->journal;
    struct journal own;
    int r = 0;

    if (journal == NULL) {
        r = journal_read(request->directory, &arena, &own, error);
        journal = &own;
    }
    if (r == 0)
        r = undo_records(runtime, request, journal, error);
    if (r == 0)
        run_poststop_hooks(runtime, request, journal);
    return r < 0 ? r : state_remove(request->root, request->id, request->directory, error);
}

int undo_open_cgroup(const struct journal *journal, struct cgroup *ret, struct error *error)
{
    const struct journal_record *record = journal_find(journal, JOURNAL_CGROUP);
    int r;

    if (record == NULL)
        return 0;
    r = cgroup_open_record(ret, record->payload, record->length);
    return r < 0 ? error_set(error, ERROR_STATE_DAMAGED, -r, "the record of the cgroup is damaged")
                 : 1;
}
