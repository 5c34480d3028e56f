/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The images decide what runs in a restored container, its configuration what that may do.
 * Runs in dray.
 */
#ifndef DRAY_STEPS_RESTORE_CHECK_H
#define DRAY_STEPS_RESTORE_CHECK_H

#include "steps/operation.h"

/*
 * Looks at every process of the container while CRIU still holds it: capabilities, seccomp,
 * no_new_privs, labels, users, namespaces, id maps, mounts.  Kills them all when one has more than
 * the plan gives: ERROR_RESTORE_REFUSED.
 */
int restore_check(struct operation *operation);

/* Its parts. */

/* ERROR_RESTORE_REFUSED: "process @pid of the checkpoint has @what". */
int restore_refuse(struct operation *operation, pid_t pid, const char *what);

/* restore_labels.c: says so when a thread has another label than it is to have; else NULL. */
const char *restore_find_other_label(struct operation *operation, pid_t pid, pid_t thread);

/* The first process has the namespaces of its own that the plan gives, and the id maps. */
int restore_check_namespaces(struct operation *operation);

/* What the plan mounts read-only, without devices … is; what it masks is not to be seen. */
int restore_check_mounts(struct operation *operation);

#endif
