/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray state: the state document of a container.  Runs in dray. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/output.h"

int command_state(struct invocation *invocation)
{
    _cleanup_buffer_ struct buffer text = {0};
    _cleanup_free_ char *json = NULL;
    int result = command_open_library(invocation);

    if (result == 0)
        result = dray_state(invocation->dray, command_id(invocation), &json);
    if (result < 0)
        return result;
    output_add_json(&text, json, 2);
    return output_write(&text, &invocation->error);
}
