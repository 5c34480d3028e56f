/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of a network device as rtnetlink lists and adds them.  Runs in dray. */
#ifndef DRAY_NET_ADDRESS_H
#define DRAY_NET_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "net/link.h"

/* Part of a journal's record: fixed layout, no padding. */
struct net_address {
    uint8_t family; /* AF_* */
    uint8_t prefix_length;
    uint8_t scope;    /* RT_SCOPE_* */
    uint8_t protocol; /* IFAPROT_*; 0: unknown */
    uint32_t flags;   /* IFA_F_* */
    uint32_t metric;  /* of the route that comes with it; 0: the kernel's own */
    uint8_t local_length, peer_length, broadcast_length, unused;
    uint8_t local[16];
    uint8_t peer[16]; /* IFA_ADDRESS: the other end, or the address itself */
    uint8_t broadcast[16];
    char label[NET_NAME_SIZE];
};

/*
 * Lists the permanent addresses of device @index: those that do not expire, whoever set them.
 * *@ret is from malloc(), the caller's to free, and NULL when there are none.
 * Returns 0 or a negative errno value.
 */
int net_address_list(int socket_fd, int32_t index, struct net_address **ret, size_t *ret_count,
                     struct error *error);

/* Adds one to device @index; one that is there already is left.  0 or a negative errno value. */
int net_address_add(int socket_fd, int32_t index, const struct net_address *address,
                    struct error *error);

/*
 * A label begins with the name of its device; it gets the new one here, or none when that is too
 * long.
 */
void net_address_relabel(struct net_address *address, const char *old_name, const char *new_name);

/* Writes "192.0.2.1/24" or "2001:db8::1/64". */
void net_address_text(const struct net_address *address, char *out, size_t size);

#endif
