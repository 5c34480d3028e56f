/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage's side of the rows with which it and dray wait for each other. */
#include <errno.h>
#include <unistd.h>

#include "stage/stage.h"

int stage_notify(struct stage *stage, int32_t value)
{
    struct message message = {.row = stage->row, .value = value};
    ssize_t n;

    do
        n = write(stage->plan->descriptors.control, &message, sizeof(message));
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(message))
        return error_set(stage->error, ERROR_INTERRUPTED, n < 0 ? errno : EIO,
                         "dray has ended before the container was set up");
    return 0;
}

int stage_await(struct stage *stage)
{
    struct message message = {0};
    ssize_t n;

    do
        n = read(stage->plan->descriptors.control, &message, sizeof(message));
    while (n < 0 && errno == EINTR);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return error_set(stage->error, ERROR_INTERRUPTED, ECANCELED,
                         "dray has ended before the container was set up");
    if (n != (ssize_t)sizeof(message) || message.row != stage->row)
        return error_set(stage->error, ERROR_INTERNAL, n < 0 ? errno : EPROTO,
                         "the stage waits for row %u and got row %u", stage->row, message.row);
    return 0;
}

int stage_notify_ready(struct stage *stage)
{
    stage->recorder->phase = RECORDER_WAITING;
    return stage_notify(stage, 0);
}

int stage_notify_progress(struct stage *stage)
{
    return stage_notify(stage, 0);
}
