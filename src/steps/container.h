/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container that exists, as every command but create finds it.  Runs in dray. */
#ifndef DRAY_STEPS_CONTAINER_H
#define DRAY_STEPS_CONTAINER_H

#include "state/journal.h"
#include "state/lifecycle.h"
#include "steps/operation.h"

struct container {
    const struct runtime *runtime;
    const char *id;
    struct oci_arena arena;
    int root;      /* of the state */
    int directory; /* the container's, in it */
    struct journal journal;
    bool has_journal;      /* it could be read */
    bool uses_copy;        /* it is the copy of one that was lost */
    struct status *status; /* NULL while CREATING and when BROKEN */
    enum lifecycle lifecycle;
    struct cgroup cgroup;
    bool has_cgroup;
};

enum container_flags {
    CONTAINER_LOCK = 1 << 0,   /* hold the container's lock */
    CONTAINER_CGROUP = 1 << 1, /* open its cgroup, and tell PAUSED from RUNNING */
    CONTAINER_FORCE = 1 << 2,  /* with LOCK: end its process when another command holds the lock */
};

/*
 * Finds a container and where it is in its life.  -ENOENT with ERROR_CONTAINER_NOT_FOUND when there
 * is none.  Release with container_done(), also on failure.
 */
int container_open(struct container *container, const struct runtime *runtime, const char *id,
                   unsigned flags, struct error *error);
void container_done(struct container *container);

/* Identity of its first process. */
struct process_identity container_identity(const struct container *container);

/* runtime.md "Start"; poststart hooks included. */
int container_start(struct container *container, struct error *error);

/* Signals its first process, or all of them; 0 for a signal to all of a stopped one. */
int container_kill(struct container *container, int signal_number, bool all, struct error *error);

/*
 * The configuration is kept once the journal knows the process, and removed before the journal: one
 * without the other says that the journal was damaged, and that the process may well live.
 */
bool container_is_cut_short(const struct container *container);
int container_refuse_cut_short(const struct container *container, const char *command,
                               struct error *error);

/* Goes by the copy of the journal (state/saved_config.h).  False when there is none to go by. */
bool container_use_copy(struct container *container);

/* The flight recorder as the stage has left it, sanitized. */
int container_read_recorder(int directory, struct recorder *ret, struct error *error);

/*
 * Removes it; @force: whatever its state.  Of one whose records are lost altogether nothing but the
 * state is removed, which is an error that says so.
 */
int container_delete(struct container *container, bool force, struct error *error);

/* The program of a run or exec has been let go: waits until it runs, or says why it does not. */
int operation_await_program(struct operation *operation);

#endif
