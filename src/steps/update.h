/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes the limits of a container that exists.  Runs in dray. */
#ifndef DRAY_STEPS_UPDATE_H
#define DRAY_STEPS_UPDATE_H

#include "steps/container.h"

struct update_request {
    const char *resources;       /* JSON: the linux.resources to change; or NULL */
    const char *l3_cache_schema; /* of linux.intelRdt; or NULL */
    const char *mem_bw_schema;
};

/*
 * Applies the request to the container's cgroup and to the configuration in its state directory:
 * all of it, or, when some of it fails, none.  The container must be locked, with its cgroup open.
 */
int container_update(struct container *container, const struct update_request *request,
                     struct error *error);

#endif
