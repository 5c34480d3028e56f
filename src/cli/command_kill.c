/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray kill: a signal for a container.  Runs in dray. */
#include "cli/command.h"

#define DEFAULT_SIGNAL "TERM"

/* Checked before, so that an unknown signal is one error and not one per container. */
static const char *signal_word(const struct invocation *invocation)
{
    return invocation->arguments.word_count > 1 ? invocation->arguments.words[1] : DEFAULT_SIGNAL;
}

static int kill_one(struct invocation *invocation, const char *id)
{
    return dray_kill(invocation->dray, id, dray_signal_number(signal_word(invocation)),
                     invocation->arguments.all);
}

int command_kill(struct invocation *invocation)
{
    int result;

    if (dray_signal_number(signal_word(invocation)) < 0)
        return error_set(&invocation->error, ERROR_SIGNAL_UNKNOWN, 0, "kill: \"%s\" is no signal",
                         signal_word(invocation));
    result = command_open_library(invocation);
    if (result < 0)
        return result;
    return command_for_each_id(invocation, kill_one);
}
