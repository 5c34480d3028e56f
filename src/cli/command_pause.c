/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray pause: all processes of a container stop.  Runs in dray. */
#include "cli/command.h"

int command_pause(struct invocation *invocation)
{
    int result = command_open_library(invocation);

    if (result < 0)
        return result;
    return dray_pause(invocation->dray, command_id(invocation));
}
