/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray start: the program of a created container runs.  Runs in dray. */
#include "cli/command.h"

int command_start(struct invocation *invocation)
{
    int result = command_open_library(invocation);

    if (result < 0)
        return result;
    return dray_start(invocation->dray, command_id(invocation));
}
