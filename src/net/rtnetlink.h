/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to the kernel's routing socket (rtnetlink(7)): one message out, its answers in.  The
 * kernel answers before send(2) returns, so nothing here waits for anybody else.  Runs in dray.
 */
#ifndef DRAY_NET_RTNETLINK_H
#define DRAY_NET_RTNETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct rtnetlink_message {
    size_t length; /* of what is in @bytes */
    _Alignas(8) char bytes[512];
};

/*
 * Opens a socket in the network namespace @namespace_fd, or the caller's own when that is -1.
 * The calling thread enters that namespace and returns to @own_fd before this function does.
 * Returns the descriptor or a negative errno value.
 */
int rtnetlink_open(int namespace_fd, int own_fd);

/* Begins a message: @body is the fixed part that its @type has (struct ifinfomsg …). */
void rtnetlink_begin(struct rtnetlink_message *message, uint16_t type, uint16_t flags,
                     const void *body, size_t length);

/* Appends an attribute.  What does not fit would be a mistake of ours: it is left out, and
 * rtnetlink_call() then fails with -EMSGSIZE. */
void rtnetlink_add(struct rtnetlink_message *message, uint16_t type, const void *data,
                   size_t length);

/* Called with each message that answers; a negative value ends the call with it. */
typedef int (*rtnetlink_receive)(const struct nlmsghdr *answer, void *data);

/*
 * Sends @message and passes what the kernel answers to @receive, which may be NULL.
 * Returns 0, -EAGAIN for a list that changed while it was read, or a negative errno value; what the
 * kernel says about a refusal (NLMSGERR_ATTR_MSG) becomes the detail of @error.
 */
int rtnetlink_call(int socket_fd, struct rtnetlink_message *message, rtnetlink_receive receive,
                   void *data, struct error *error);

/*
 * Calls @visit with each attribute of the message @answer whose fixed part has @body_length bytes.
 */
typedef void (*rtnetlink_visit)(uint16_t type, const void *payload, size_t length, void *data);
void rtnetlink_attributes(const struct nlmsghdr *answer, size_t body_length, rtnetlink_visit visit,
                          void *data);

#endif
