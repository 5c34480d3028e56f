/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks of commands that run after create has ended; their configuration is the saved one. */
#ifndef DRAY_STEPS_HOOKS_H
#define DRAY_STEPS_HOOKS_H

#include "state/journal.h"
#include "steps/undo.h"

/*
 * poststop hooks (runtime.md, "Lifecycle" 13): their failures are logged, not returned.  Runs them
 * when the container was created, or when its creation had come so far that hooks have run.
 */
void run_poststop_hooks(const struct runtime *runtime, const struct undo_request *request,
                        const struct journal *journal);

/* poststart hooks of a container that has just been started; the first failure is the error. */
int run_poststart_hooks(const struct runtime *runtime, int directory, const struct status *status,
                        struct error *error);

#endif
