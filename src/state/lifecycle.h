/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a container is in its life, and which commands it takes there (runtime.md, "Lifecycle").
 */
#ifndef DRAY_STATE_LIFECYCLE_H
#define DRAY_STATE_LIFECYCLE_H

#include "base/error.h"

enum lifecycle {
    LIFECYCLE_CREATING = 1 << 0,
    LIFECYCLE_CREATED = 1 << 1,
    LIFECYCLE_RUNNING = 1 << 2,
    LIFECYCLE_PAUSED = 1 << 3,
    LIFECYCLE_STOPPED = 1 << 4,
    LIFECYCLE_BROKEN = 1 << 5, /* its creation failed or was killed; shown as stopped */
};

enum lifecycle_command {
    LIFECYCLE_START,
    LIFECYCLE_EXEC,
    LIFECYCLE_KILL,
    LIFECYCLE_PAUSE,
    LIFECYCLE_RESUME,
    LIFECYCLE_DELETE,
    LIFECYCLE_UPDATE,
    LIFECYCLE_EVENTS,
    LIFECYCLE_CHECKPOINT,
    LIFECYCLE_MOUNTS,
    LIFECYCLE_COMMANDS
};

/* "running", as engines know it. */
const char *lifecycle_name(enum lifecycle lifecycle);

/*
 * Returns 0 when @command is allowed there, or a negative errno value with the error that says what
 * it would need.
 */
int lifecycle_check(enum lifecycle_command command, enum lifecycle lifecycle, const char *id,
                    struct error *error);

#endif
