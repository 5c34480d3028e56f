/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray mounts: more mounts for a running container, and fewer again.  Runs in dray. */
#include <string.h>

#include "cli/command.h"

int command_mounts(struct invocation *invocation)
{
    const char *const *words = (const char *const *)invocation->arguments.words;
    bool add = strcmp(words[0], "add") == 0;
    int result;

    if (!add && strcmp(words[0], "remove") != 0)
        return error_set(&invocation->error, ERROR_USAGE, 0,
                         "mounts: \"%s\" is neither add nor remove; usage: dray mounts %s",
                         words[0], invocation->command->words);
    result = command_open_library(invocation);
    if (result < 0)
        return result;
    return add ? dray_mounts_add(invocation->dray, words[1], words[2])
               : dray_mounts_remove(invocation->dray, words[1], words[2]);
}
