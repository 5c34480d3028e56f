/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The working directory of the container's process.  Runs in the stage. */
#ifndef DRAY_PROCESS_CWD_H
#define DRAY_PROCESS_CWD_H

#include <stdbool.h>

#include "plan/plan.h"

/*
 * Makes process.cwd where it is missing, owned by root with mode 0755, as runc does; for create
 * only, after the mounts and before the root becomes read-only.  A directory that cannot be made is
 * not an error here: process_enter_cwd() says what is wrong.
 *
 * @root: descriptor of the root directory.
 */
void process_make_cwd(const struct plan *plan, int root);

/*
 * Enters process.cwd and proves that it lies inside the root: a directory reached through a
 * descriptor of the host (/proc/self/fd/N) is refused.  Call it inside the root, when no descriptor
 * of a host directory is open any more.
 *
 * Call it once before credentials_drop(), with *@entered false: root may enter what the user may
 * not, and a directory that only the user may enter (NFS, FUSE) is left for the second call after
 * credentials_drop().  Does nothing when *@entered is true; sets it on success.  The second call,
 * with @last true, reports EACCES and EPERM too.
 */
int process_enter_cwd(const struct plan *plan, bool last, bool *entered, struct error *error);

#endif
