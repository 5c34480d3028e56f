/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The proxy of sd_notify(3): when $NOTIFY_SOCKET names a service manager's socket, the container
 * finds one of its own at /run/notify/notify.sock, and what it says there about itself is said to
 * the manager, which would not believe a sender from another PID namespace.  Runs in dray.
 *
 * create makes the directory of the socket and mounts it; run, and start when its environment has
 * the variable, make the socket in it and listen.
 */
#ifndef DRAY_STEPS_NOTIFY_H
#define DRAY_STEPS_NOTIFY_H

#include "steps/operation.h"

/* Adds mount and variable to the spec, when $NOTIFY_SOCKET is set.  Before the plan is made. */
int notify_extend_spec(struct operation *operation, bool *ret_wanted);

/*
 * Binds the socket in the container's directory @directory and connects to the manager.  Leaves
 * NOTIFY_NONE when $NOTIFY_SOCKET is not set, or was not when the container was created.
 */
int notify_listen(int directory, struct notify *ret, struct error *error);

/*
 * Takes one message, and passes on what is the container's to say.  Returns whether it is ready
 * now: then the manager has also been told its pid.
 */
bool notify_forward(struct notify *notify);

/* Passes messages on until the container is ready or its process @pidfd has ended. */
int notify_await_ready(struct notify *notify, int pidfd, struct error *error);

/* What was said and not yet read, once the container has ended; not more than a queue holds. */
void notify_drain(struct notify *notify);

void notify_done(struct notify *notify);

#endif
