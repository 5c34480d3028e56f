/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From root in the container to the process's user.  Runs in the stage.
 *
 * The order is what makes it safe, and what lets a filter be loaded without no-new-privileges:
 *
 *     credentials_drop()            bounding, keepcaps, groups, gid, uid,
 *                                   capset(final + SYS_ADMIN), ambient
 *     noNewPrivileges false:        seccomp-load, credentials_finish()
 *     noNewPrivileges true:         credentials_finish(), credentials_set_no_new_privileges(),
 *                                   seccomp-load
 *
 * A change of ids clears PR_SET_PDEATHSIG: arm it again after credentials_drop().
 */
#ifndef DRAY_SECURITY_CREDENTIALS_H
#define DRAY_SECURITY_CREDENTIALS_H

#include <stdbool.h>

#include "plan/plan.h"

/*
 * Drops to the ids and capabilities of plan->process, but keeps CAP_SYS_ADMIN effective when
 * noNewPrivileges is false and a filter follows.  setgroups is always called, also for an empty
 * list, unless the annotation run.oci.keep_original_groups asks to keep them.
 */
int credentials_drop(const struct plan *plan, struct error *error);

/* Loading a filter without noNewPrivileges needs CAP_SYS_ADMIN, which the process does not get. */
bool credentials_keeps_sys_admin(const struct plan *plan);

/* Takes away what credentials_drop() kept; no system call when it kept nothing. */
int credentials_finish(const struct plan *plan, struct error *error);

/* prctl(PR_SET_NO_NEW_PRIVS), when the config asks for it. */
int credentials_set_no_new_privileges(const struct plan *plan, struct error *error);

#endif
