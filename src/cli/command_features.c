/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray features: what this runtime can do.  Runs in dray. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/output.h"

int command_features(struct invocation *invocation)
{
    _cleanup_buffer_ struct buffer text = {0};
    _cleanup_free_ char *json = NULL;
    int result = command_open_library(invocation);

    if (result == 0)
        result = dray_features(invocation->dray, &json);
    if (result < 0)
        return result;
    output_add_json(&text, json, 4);
    return output_write(&text, &invocation->error);
}
