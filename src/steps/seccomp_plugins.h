/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The annotation run.oci.seccomp.plugins: a helper that answers the notifications of a filter with
 * shared objects of the caller's, for as long as `run` or `exec` attends the process.
 */
#ifndef DRAY_STEPS_SECCOMP_PLUGINS_H
#define DRAY_STEPS_SECCOMP_PLUGINS_H

#include "steps/operation.h"

/*
 * Starts the helper, which loads the plan's plugins, and gives it @listener, which stays the
 * caller's.  ERROR_SECCOMP_PLUGIN with what a plugin lacks.
 */
int seccomp_plugins_start(struct operation *operation, int listener);

/*
 * To be called when the helper's socket is ready: a plugin has failed, or the helper has ended.
 * Then the operation's error is set and its process killed: nobody would answer it.
 */
void seccomp_plugins_listen(void *operation);

/*
 * Gives the plugins a moment to stop, and ends the helper.  When it failed before, and nothing else
 * has, that becomes the operation's error: plugins_failed.
 */
void seccomp_plugins_end(struct operation *operation);

#endif
