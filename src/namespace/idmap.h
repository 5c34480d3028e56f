/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* uid and gid maps of a user namespace (user_namespaces(7)).  Runs in dray. */
#ifndef DRAY_NAMESPACE_IDMAP_H
#define DRAY_NAMESPACE_IDMAP_H

#include <sys/types.h>

#include "plan/plan.h"

/*
 * Writes the plan's maps for @pid's new user namespace.  An unprivileged caller with one mapping
 * has to deny setgroups first (CVE-2014-8989).
 */
int idmap_write(const struct plan *plan, pid_t pid, bool privileged, struct error *error);

#endif
