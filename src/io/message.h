/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages between dray and the stage: SOCK_SEQPACKET, one small fixed header, at most a few
 * descriptors.  Both sides run the same step list, so a message names the row it belongs to.
 */
#ifndef DRAY_IO_MESSAGE_H
#define DRAY_IO_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MESSAGE_DESCRIPTORS_MAX 4

struct message {
    uint32_t row;  /* of the step table */
    int32_t value; /* what the row says it is */
};

/* A pair of connected close-on-exec sockets. */
int message_pair(int ret_sockets[2], struct error *error);

/*
 * Sends one message with @count descriptors, which stay the caller's.
 * Returns 0, -EPIPE when the peer is gone, or another negative errno value; sets no error.
 */
int message_send(int socket, const struct message *message, const int *descriptors, size_t count);

/*
 * Waits for one message until @deadline_ms from now (-1: for ever; the peer's death ends the wait).
 * Up to *@count descriptors are stored, close-on-exec; *@count becomes their number.
 * Returns 1 for a message, 0 when the peer is gone, -ETIMEDOUT, or another negative errno value;
 * sets no error.
 */
int message_receive(int socket, struct message *ret_message, int *ret_descriptors, size_t *count,
                    int deadline_ms);

#endif
