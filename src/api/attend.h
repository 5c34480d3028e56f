/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The foreground of run and exec. */
#ifndef DRAY_API_ATTEND_H
#define DRAY_API_ATTEND_H

#include "steps/operation.h"
#include "term/relay.h"

/*
 * Waits for the operation's process, with the terminal and signals relayed between it and the
 * caller.  *@ret_status: what a command exits with.
 */
int operation_attend(struct operation *operation, const struct relay_signals *signals,
                     int *ret_status);

/* Removes everything of the container, unless it was deleted while its lock was not ours. */
int operation_remove(struct operation *operation, struct error *error);

/* The foreground of run and restore: waits for the first process, then deletes the container. */
int operation_attend_to_end(struct operation *operation, const struct relay_signals *signals,
                            bool keep, int *ret_status);

#endif
