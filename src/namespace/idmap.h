/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* uid and gid maps of a user namespace (user_namespaces(7)).  Runs in dray. */
#ifndef DRAY_NAMESPACE_IDMAP_H
#define DRAY_NAMESPACE_IDMAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/host.h"
#include "plan/plan.h"

enum idmap_kind {
    IDMAP_UID,
    IDMAP_GID,
};

/* The plan's map of that kind. */
struct plan_array idmap_of(const struct plan *plan, enum idmap_kind kind);

/* Where in the configuration it comes from. */
struct plan_origin idmap_origin(enum idmap_kind kind);

/*
 * Whether dray can write the map itself: with CAP_SETUID or CAP_SETGID any, without them one that
 * maps nothing but its own effective id.  All others are for newuidmap(1) and newgidmap(1).
 */
bool idmap_is_ours_to_write(const struct plan *plan, enum idmap_kind kind, const struct host *host);

/*
 * Writes the map for @pid's new user namespace.  Without CAP_SETGID the kernel takes a gid map only
 * once setgroups(2) is denied there (CVE-2014-8989), so that comes first.
 */
int idmap_write(const struct plan *plan, enum idmap_kind kind, pid_t pid, const struct host *host,
                struct error *error);

#endif
