/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray delete: a container and all that belongs to it goes.  Runs in dray. */
#include "cli/command.h"

static int delete_one(struct invocation *invocation, const char *id)
{
    return dray_delete(invocation->dray, id, invocation->arguments.force);
}

int command_delete(struct invocation *invocation)
{
    int result = command_open_library(invocation);

    if (result < 0)
        return result;
    return command_for_each_id(invocation, delete_one);
}
