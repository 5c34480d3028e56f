/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray resume: a paused container goes on.  Runs in dray. */
#include "cli/command.h"

int command_resume(struct invocation *invocation)
{
    int result = command_open_library(invocation);

    if (result < 0)
        return result;
    return dray_resume(invocation->dray, command_id(invocation));
}
