/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that others have and dray does not have yet.  Runs in dray. */
#include "cli/command.h"

int command_not_yet(struct invocation *invocation)
{
    return error_set(&invocation->error, ERROR_NOT_SUPPORTED, 0, "%s is not yet supported by dray",
                     invocation->command->name);
}
