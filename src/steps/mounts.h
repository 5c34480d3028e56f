/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mounts add and remove: changing the mounts of a container that runs.  Runs in dray. */
#ifndef DRAY_STEPS_MOUNTS_H
#define DRAY_STEPS_MOUNTS_H

#include "steps/container.h"

struct mounts_request {
    const char *file; /* a JSON object with "mounts" as in config.json; of a removal only the
                         destinations matter */
    bool remove;
    const struct added_mounts *undo; /* to remove instead of the file's; or NULL */
};

/*
 * Adds all mounts of the file, or removes those that were added by it before: on failure none is
 * added, or those before the one at fault are removed.  The container must be locked.
 */
int container_change_mounts(struct container *container, const struct mounts_request *request,
                            struct error *error);

#endif
