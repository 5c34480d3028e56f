/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of buses (D-Bus Specification, "Server Addresses"): lists of sockets.  Runs in dray. */
#ifndef DRAY_BUS_ADDRESS_H
#define DRAY_BUS_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

struct bus_address {
    struct sockaddr_un name;
    socklen_t length;
};

/*
 * The next address of the list *@text, "unix:path=/a%20b;unix:abstract=c", which is moved past it.
 * Returns 1; 0 at the list's end; -EOPNOTSUPP for one that is no socket of this host's, and -EINVAL
 * for one that is none at all or too long: the next may do.
 */
int bus_address_next(const char **text, struct bus_address *ret);

/* The address of the socket at the path @directory/@name; -EINVAL: not absolute, -ENAMETOOLONG. */
int bus_address_of_path(const char *directory, const char *name, struct bus_address *ret);

#endif
