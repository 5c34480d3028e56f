/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unix sockets of the caller's, over which it gets a descriptor (SCM_RIGHTS).  Runs in dray only.
 */
#ifndef DRAY_IO_DESCRIPTOR_SOCKET_H
#define DRAY_IO_DESCRIPTOR_SOCKET_H

#include "base/error.h"

/* What such a socket is to people, and to programs. */
struct descriptor_socket_kind {
    const char *socket;     /* "console socket" */
    const char *descriptor; /* "terminal" */
    const char *data;       /* goes along: receivers want at least a byte, some show it as a name */
    enum error_code code;
};

/*
 * Connects to the AF_UNIX stream socket at @path (of any length), early, so that a wrong path
 * fails before anything is made.  Returns the descriptor or a negative errno value.
 */
int descriptor_socket_connect(const char *path, const struct descriptor_socket_kind *kind,
                              struct error *error);

/* Sends @descriptor by SCM_RIGHTS; both descriptors stay the caller's. */
int descriptor_socket_send(int socket, int descriptor, const struct descriptor_socket_kind *kind,
                           struct error *error);

#endif
