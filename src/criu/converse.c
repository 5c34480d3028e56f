/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request to criu from the question to the outcome; runs in dray. */
#include <errno.h>

#include "base/cleanup.h"
#include "criu/client.h"

#define END_DEADLINE_MS 10000

static int acknowledge(struct criu *criu, bool success, struct error *error)
{
    struct wire_writer request = {0};
    int r;

    criu_write_acknowledgement(&request, success);
    r = criu_send(criu, &request, error);
    wire_done(&request);
    return r;
}

static int outcome_error(const struct criu_response *response, struct error *error)
{
    int sys_errno = response->sys_errno > 0 && response->sys_errno < 4096 ? response->sys_errno : 0;

    return error_set(error, ERROR_CRIU_FAILED, sys_errno, "criu failed");
}

/*
 * Passes one notification on.  What the caller made of it is kept: criu still has to undo its own
 * work, and then only says that it failed.
 */
static int pass_on(const struct criu_talk *talk, const struct criu_response *response,
                   int descriptor, bool give_up, int *failure, struct error *error)
{
    if (*failure == 0 && !give_up && talk->notify != NULL)
        *failure = talk->notify(talk->data, response, descriptor, error);
    return acknowledge(talk->criu, *failure == 0 && !give_up, error);
}

int criu_converse(const struct criu_talk *talk, struct criu_response *ret, struct error *error)
{
    int interrupt = talk->interrupt, deadline_ms = -1, failure = 0;
    bool give_up = false;
    int r = criu_send(talk->criu, talk->request, error);

    while (r == 0) {
        _cleanup_close_ int descriptor = -1;

        r = criu_receive(talk->criu, interrupt, deadline_ms, ret, &descriptor, error);
        if (r == -EINTR && talk->patient) {
            give_up = true;
            interrupt = -1; /* stays readable */
            deadline_ms = CRIU_PATIENCE_MS;
            r = 0;
            continue;
        }
        if (r == -ETIMEDOUT)
            return -EINTR;
        if (r < 0 || ret->task != CRIU_NOTIFY)
            break;
        r = pass_on(talk, ret, descriptor, give_up, &failure, error);
    }
    if (r < 0)
        return give_up && r != -EINTR ? -EINTR : r;
    if (failure < 0)
        r = failure;
    else if (!ret->success)
        r = give_up ? -EINTR : outcome_error(ret, error);
    if (r < 0)
        return r;
    r = criu_finish(talk->criu, END_DEADLINE_MS, error);
    if (r < 0 && talk->open_end) {
        error_clear(error);
        r = 0;
    }
    return r;
}
