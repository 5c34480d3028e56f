/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks of the OCI config: programs run at fixed points of a container's life, with the state
 * document on stdin.  Runs in dray (prestart, createRuntime, poststart, poststop) and in the stage
 * (createContainer, startContainer): no malloc, no stdio streams.
 */
#ifndef DRAY_HOOK_HOOK_H
#define DRAY_HOOK_HOOK_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan/plan.h"

#define HOOK_INTERRUPTS 2

struct hook_context {
    const char *status; /* of the container: "creating", "created", "running", "stopped" */
    pid_t pid;          /* of the container's process as the hook sees it; 0: leave it out */
    /*
     * Environment of hooks that have no "env" of their own; NULL: empty.  prestart hooks get
     * PATH=… of the caller's, startContainer hooks the container's environment.
     */
    char *const *default_environment;
    /*
     * Descriptors for the hook's output, from hook_open_outputs(); -1: caught, the last of
     * stderr becomes the error's detail.
     */
    int stdout_fd;
    int stderr_fd;
    /* Descriptors of which one becomes readable when there is no use in waiting; -1: none. */
    bool interruptible;
    int interrupts[HOOK_INTERRUPTS];
};

/*
 * Runs all hooks of @kind one after the other, in the config's order.
 *
 * The first that fails ends it, except for poststop, where all are run and the first error is
 * kept.  Errors: ERROR_HOOK_FAILED (kind, index, exit status or signal; the tail of stderr as
 * detail), ERROR_HOOK_TIMEOUT (the hook and its process group are killed).  -EINTR without an error
 * set: something came from context->interrupts, and the hook that ran was killed likewise.
 */
int hook_run_all(const struct plan *plan, enum plan_hook_kind kind,
                 const struct hook_context *context, struct error *error);

/* "prestart", "createRuntime" … */
const char *hook_kind_name(enum plan_hook_kind kind);

/*
 * Opens the files of the annotations run.oci.hooks.stdout and .stderr for appending; *@ret_ are -1
 * when there is none.  In the host's mount namespace (dray).
 */
int hook_open_outputs(const struct plan *plan, int *ret_stdout, int *ret_stderr,
                      struct error *error);

#endif
