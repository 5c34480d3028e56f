/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who writes the maps of a new user namespace, and which ones a user without rights gets. */
#ifndef DRAY_STEPS_IDMAPS_H
#define DRAY_STEPS_IDMAPS_H

#include "namespace/idmap.h"
#include "steps/operation.h"

/*
 * Has newuidmap(1) or newgidmap(1) write the map, by what /etc/subuid or /etc/subgid allow.
 * Errors: ERROR_IDMAP_HELPER_MISSING, ERROR_IDMAP_HELPER_FAILED with what it said as detail.
 */
int idmaps_write_by_helper(struct operation *operation, enum idmap_kind kind);

/* Whether there is such a program. */
bool idmaps_helper_exists(enum idmap_kind kind);

/*
 * A caller who may not make namespaces gets a user namespace though the configuration has none: its
 * own id is the container's user, and all its subordinate ids are the others.  Changes the parsed
 * configuration, before it is planned.  For exec: notes the one that the container has.
 */
int idmaps_add_user_namespace(struct operation *operation);

#endif
