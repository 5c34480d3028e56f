/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket of --console-socket, over which the caller gets the terminal's master.  dray only. */
#ifndef DRAY_TERM_CONSOLE_SOCKET_H
#define DRAY_TERM_CONSOLE_SOCKET_H

#include "base/error.h"

/*
 * Connects to the AF_UNIX stream socket at @path (of any length), early, so that a wrong path
 * fails before anything is made.  Returns the descriptor or a negative errno value.
 */
int console_socket_connect(const char *path, struct error *error);

/* Sends @master by SCM_RIGHTS; both descriptors stay the caller's. */
int console_socket_send(int socket, int master, struct error *error);

#endif
