/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sysctls and the host name of the container's namespaces.  Runs in the stage. */
#ifndef DRAY_NAMESPACE_SYSCTL_H
#define DRAY_NAMESPACE_SYSCTL_H

#include "plan/plan.h"

/* Writes every sysctl below @proc, the root of a procfs of our own. */
int sysctl_write_all(const struct plan *plan, int proc, struct error *error);

/* sethostname(2) and setdomainname(2), where the plan has them. */
int hostname_set(const struct plan *plan, struct error *error);

#endif
