/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which descriptors live on.  Runs in the stage. */
#ifndef DRAY_PROCESS_DESCRIPTORS_H
#define DRAY_PROCESS_DESCRIPTORS_H

#include <stddef.h>

#include "plan/plan.h"

/*
 * Closes every descriptor but 0-2, the preserved ones (3 … 3 + preserve_fds - 1) and those of
 * @keep, entries of which may be -1.  Call it right after the stage's start and again when it has
 * entered the root.  Sorts @keep.
 */
int process_close_others(const struct plan *plan, int *keep, size_t keep_count,
                         struct error *error);

/*
 * Prepares for execve: the preserved descriptors lose close-on-exec, and every descriptor above
 * them gets it.  Before the filter is loaded.
 */
int process_seal_descriptors(const struct plan *plan, struct error *error);

/*
 * Gives stdin, stdout and stderr to the process's user, so that it can open /dev/stdout.  Only
 * pipes, sockets and regular files change hands, never devices; failing is harmless.
 */
void process_own_stdio(const struct plan *plan);

#endif
