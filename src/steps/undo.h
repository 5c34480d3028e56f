/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unwinding: what a container left behind is removed by its journal, last record first.  The same
 * code serves a failed create, `delete`, and `delete --force` after dray was killed.  Idempotent:
 * what is not there any more is no error.
 */
#ifndef DRAY_STEPS_UNDO_H
#define DRAY_STEPS_UNDO_H

#include "state/journal.h"
#include "steps/operation.h"

struct undo_request {
    int root;      /* of the state */
    int directory; /* the container's, locked */
    const char *id;
    const struct journal *journal; /* its own, or NULL: to be read */
    const struct status *status;   /* its own, or NULL: to be read from the journal */
    struct process_identity ended; /* a process that is known to have ended; pid 0: none */
    bool kill; /* processes that still live are killed; otherwise they are an error */
    const int *network_namespace; /* the container's, when its creation failed just now */
};

/*
 * Removes processes, host mounts, cgroups and at last the state directory.  When something cannot
 * be removed, the error says what, the rest is removed all the same, and the directory stays so
 * that the next call can try again.
 */
int undo_container(const struct runtime *runtime, const struct undo_request *request,
                   struct error *error);

/*
 * Sends SIGKILL to the process that the journal tells of last, if it lives; for a container whose
 * lock another command holds.
 */
void undo_kill_process(int directory);

/*
 * Opens the cgroup that the journal of a container tells of.
 * Returns 1, 0 when it has none, or a negative errno value with the error set.
 */
int undo_open_cgroup(const struct journal *journal, struct cgroup *ret, struct error *error);

#endif
