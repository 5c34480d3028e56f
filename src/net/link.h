/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network device as rtnetlink shows and changes it.  Runs in dray. */
#ifndef DRAY_NET_LINK_H
#define DRAY_NET_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define NET_NAME_SIZE     16 /* IFNAMSIZ */
#define NET_HARDWARE_SIZE 32 /* MAX_ADDR_LEN */

struct net_link {
    int32_t index;
    int32_t master; /* index of the bridge or bond that it is part of; 0: none */
    bool up;
    uint8_t hardware_length;
    uint8_t hardware[NET_HARDWARE_SIZE]; /* its address on the wire */
    char name[NET_NAME_SIZE];
};

/* Functions return 0 or a negative errno value; the kernel's words are @error's detail. */

/* Finds a device by name in the namespace of @socket_fd: -ENODEV when there is none. */
int net_link_find(int socket_fd, const char *name, struct net_link *ret, struct error *error);

/* Moves device @index from the namespace of @socket_fd to @namespace_fd, with a name in it. */
int net_link_move(int socket_fd, int32_t index, int namespace_fd, const char *name,
                  struct error *error);

int net_link_rename(int socket_fd, int32_t index, const char *name, struct error *error);
int net_link_bring_up(int socket_fd, int32_t index, struct error *error);
int net_link_set_master(int socket_fd, int32_t index, int32_t master, struct error *error);

#endif
