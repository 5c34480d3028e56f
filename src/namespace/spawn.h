/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts the stage: one clone3 with all wanted namespaces, straight into the cgroup where the
 * kernel can do that, and the stage's execution at once.
 */
#ifndef DRAY_NAMESPACE_SPAWN_H
#define DRAY_NAMESPACE_SPAWN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/process.h"
#include "plan/plan.h"

struct spawn_request {
    const struct plan *plan;
    const char *const *arguments; /* of the stage, NULL terminated */
    int image;                    /* the stage, from stage_image_open() */
    int cgroup;                   /* v2 directory to clone into; -1 */
    uint64_t clone_flags;         /* CLONE_NEW* */
    const int *inherited;         /* descriptors that the stage gets; entries may be -1 */
    size_t inherited_count;
    int journal;           /* the child appends its identity here before anything else; -1 */
    uint32_t journal_kind; /* kind of that record */
};

struct spawned {
    struct process_identity identity; /* start time only with a journal */
    int pidfd;                        /* the caller's to close */
};

/* spawn_stage() returns this when a security module forbids to execute the image. */
#define SPAWN_IMAGE_REFUSED (-EKEYREJECTED)

/*
 * Returns 0 or a negative errno value with the error set.  On failure no process is left.
 */
int spawn_stage(const struct spawn_request *request, struct spawned *ret, struct error *error);

#endif
