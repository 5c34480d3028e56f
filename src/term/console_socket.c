/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket of --console-socket; runs in dray. */
#include "term/console_socket.h"

#include "io/descriptor_socket.h"

static const struct descriptor_socket_kind console = {
    .socket = "console socket",
    .descriptor = "terminal",
    .data = "/dev/ptmx",
    .code = ERROR_CONSOLE_SOCKET,
};

int console_socket_connect(const char *path, struct error *error)
{
    return descriptor_socket_connect(path, &console, error);
}

int console_socket_send(int socket, int master, struct error *error)
{
    return descriptor_socket_send(socket, master, &console, error);
}
