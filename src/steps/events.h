/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics and events of a container that runs.  Runs in dray. */
#ifndef DRAY_STEPS_EVENTS_H
#define DRAY_STEPS_EVENTS_H

#include "steps/container.h"

struct events_request {
    bool once; /* statistics now, and nothing else */
    uint32_t interval_ms;
    /* Gets one line of JSON without its newline; what it returns, if not 0, ends the wait. */
    int (*deliver)(void *data, const char *json);
    void *data;
};

/* Waits until the container's first process has ended, unless @request wants less. */
int container_events(struct container *container, const struct events_request *request,
                     struct error *error);

#endif
