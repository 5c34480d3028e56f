/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/lifecycle.h"

#include <errno.h>

static const struct {
    const char *name;
    unsigned allowed; /* enum lifecycle */
} commands[LIFECYCLE_COMMANDS] = {
    [LIFECYCLE_START] = {"start", LIFECYCLE_CREATED},
    [LIFECYCLE_EXEC] = {"exec", LIFECYCLE_CREATED | LIFECYCLE_RUNNING},
    [LIFECYCLE_KILL] = {"kill", LIFECYCLE_CREATED | LIFECYCLE_RUNNING | LIFECYCLE_PAUSED},
    [LIFECYCLE_PAUSE] = {"pause", LIFECYCLE_CREATED | LIFECYCLE_RUNNING},
    [LIFECYCLE_RESUME] = {"resume", LIFECYCLE_PAUSED},
    [LIFECYCLE_DELETE] = {"delete", LIFECYCLE_CREATED | LIFECYCLE_STOPPED},
    [LIFECYCLE_EVENTS] = {"watch", LIFECYCLE_CREATED | LIFECYCLE_RUNNING | LIFECYCLE_PAUSED},
    [LIFECYCLE_CHECKPOINT] = {"checkpoint", LIFECYCLE_RUNNING | LIFECYCLE_PAUSED},
    [LIFECYCLE_MOUNTS] = {"change the mounts of", LIFECYCLE_CREATED | LIFECYCLE_RUNNING},
    [LIFECYCLE_UPDATE] = {"update", LIFECYCLE_CREATED | LIFECYCLE_RUNNING | LIFECYCLE_PAUSED},
};

const char *lifecycle_name(enum lifecycle lifecycle)
{
    switch (lifecycle) {
    case LIFECYCLE_CREATING:
        return "creating";
    case LIFECYCLE_CREATED:
        return "created";
    case LIFECYCLE_RUNNING:
        return "running";
    case LIFECYCLE_PAUSED:
        return "paused";
    case LIFECYCLE_STOPPED:
    case LIFECYCLE_BROKEN:
        break;
    }
    return "stopped";
}

int lifecycle_check(enum lifecycle_command command, enum lifecycle lifecycle, const char *id,
                    struct error *error)
{
    if ((commands[command].allowed & lifecycle) != 0)
        return 0;
    /* engines know these two by their words */
    if (command == LIFECYCLE_KILL ||
        (command == LIFECYCLE_EXEC && lifecycle == LIFECYCLE_STOPPED) ||
        ((command == LIFECYCLE_PAUSE || command == LIFECYCLE_RESUME ||
          command == LIFECYCLE_UPDATE || command == LIFECYCLE_EVENTS ||
          command == LIFECYCLE_CHECKPOINT || command == LIFECYCLE_MOUNTS) &&
         lifecycle == LIFECYCLE_STOPPED))
        return error_set(error, ERROR_CONTAINER_NOT_RUNNING, ESRCH, "container not running: \"%s\"",
                         id);
    if (command == LIFECYCLE_EXEC && lifecycle == LIFECYCLE_PAUSED)
        return error_set(error, ERROR_CONTAINER_PAUSED, EBUSY,
                         "cannot exec in a paused container: \"%s\"", id);
    if (lifecycle == LIFECYCLE_BROKEN)
        return error_set(error, ERROR_CONTAINER_BROKEN, EUCLEAN,
                         "cannot %s container \"%s\": its creation was never completed",
                         commands[command].name, id);
    return error_set(error, ERROR_CONTAINER_STATUS, EBUSY, "cannot %s container \"%s\": it is %s",
                     commands[command].name, id, lifecycle_name(lifecycle));
}
