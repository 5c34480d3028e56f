/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing a container, also one whose journal is damaged; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "state/directory.h"
#include "steps/container.h"
#include "steps/undo.h"

/* It waits for a byte at its fifo, and this one ends it. */
static void end_waiting(const struct container *container)
{
    _cleanup_close_ int fd = openat(container->directory, STATE_START_FIFO,
                                    O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || write(fd, &(char){END_BYTE}, 1) != 1)
        return; /* started, or gone */
}

/* A journal that was removed, or that ends before what the stage has reached by its recorder. */
static bool is_lost(const struct container *container)
{
    struct error ignored = {0};
    struct recorder recorder;

    if (container->status != NULL || journal_find(&container->journal, JOURNAL_PROCESS) != NULL)
        return false;
    if (container_is_cut_short(container))
        return true;
    return container_read_recorder(container->directory, &recorder, &ignored) == 0 &&
           (recorder.phase == RECORDER_WAITING || recorder.phase == RECORDER_EXEC);
}

/* What the journal cannot tell the copy may. */
static bool is_damage(const struct error *error)
{
    return error->code == ERROR_STATE_DAMAGED || error->code == ERROR_STATE_VERSION;
}

static int undo(struct container *container, struct error *error)
{
    struct undo_request request = {
        .root = container->root,
        .directory = container->directory,
        .id = container->id,
        .journal = container->has_journal ? &container->journal : NULL,
        .status = container->status,
        .kill = true,
    };

    if (container->lifecycle == LIFECYCLE_STOPPED)
        request.ended = container_identity(container);
    return undo_container(container->runtime, &request, error);
}

static int delete_by_force(struct container *container, struct error *error)
{
    bool lost = is_lost(container);
    struct error first;
    int r;

    if (lost || !container->has_journal) {
        lost = !container_use_copy(container);
        if (lost)
            end_waiting(container);
    }
    r = undo(container, error);
    if (r < 0 && is_damage(error)) {
        first = *error;
        error_clear(error);
        if (container_use_copy(container))
            r = undo(container, error);
        else
            *error = first;
    }
    if (r < 0 || !lost)
        return r;
    return error_set(error, ERROR_STATE_LOST, ENODATA,
                     "the state of container \"%.64s\" is removed, but its journal was lost: its "
                     "processes and cgroups, if it still has any, are left",
                     container->id);
}

int container_delete(struct container *container, bool force, struct error *error)
{
    if (force)
        return delete_by_force(container, error);
    if (container->lifecycle != LIFECYCLE_BROKEN) {
        int r = lifecycle_check(LIFECYCLE_DELETE, container->lifecycle, container->id, error);

        if (r < 0)
            return r;
    }
    if (is_lost(container))
        return container_refuse_cut_short(container, "delete", error);
    return undo(container, error);
}
