/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper: a process that dray starts, asks over a socket and reaps.  Runs in dray. */
#ifndef DRAY_STEPS_HELPER_H
#define DRAY_STEPS_HELPER_H

#include <sys/types.h>

#include "base/error.h"

struct helper {
    pid_t pid;
    int socket;
};

/* Starts the helper with @argument (NULL: none); it need not be ready when this returns. */
int helper_start(struct helper *ret, const char *argument, struct error *error);

/* Ends it, whatever it does, and reaps it. */
void helper_stop(struct helper *helper);

int helper_send(const struct helper *helper, const void *request, size_t size, struct error *error);

/* The answer to a request: its result, 0 or a count, or a negative errno value with the error. */
int helper_receive(const struct helper *helper, struct error *error);

#endif
