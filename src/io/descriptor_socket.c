/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/descriptor_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Whoever asked for the descriptor is there and takes it; connect(2) and sendmsg(2) give up then.
 */
#define PATIENCE_SECONDS 10

/* Opens @path as an anchor that it can be named by, and checks that it is a socket. */
static int open_socket_file(const char *path, const struct descriptor_socket_kind *kind,
                            struct error *error)
{
    _cleanup_close_ int fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return error_set(error, kind->code, errno, "cannot open the %s \"%s\"", kind->socket, path);
    if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode))
        return error_set(error, kind->code, ENOTSOCK, "the %s \"%s\" is not a socket", kind->socket,
                         path);
    return take_fd(&fd);
}

int descriptor_socket_connect(const char *path, const struct descriptor_socket_kind *kind,
                              struct error *error)
{
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int file = open_socket_file(path, kind, error);
    _cleanup_close_ int connection = -1;

    if (file < 0)
        return file;
    /* an address holds 108 bytes, a path may be longer */
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", file);
    connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 ||
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot make a socket");
    if (connect(connection, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_set(error, kind->code, errno == EAGAIN ? ETIMEDOUT : errno,
                         "cannot connect to the %s \"%s\"", kind->socket, path);
    return take_fd(&connection);
}

int descriptor_socket_send(int socket, int descriptor, const struct descriptor_socket_kind *kind,
                           struct error *error)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {.iov_base = (void *)(uintptr_t)kind->data, .iov_len = strlen(kind->data)};
    struct msghdr packet = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};

    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
    for (;;) {
        if (sendmsg(socket, &packet, MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EINTR)
            return error_set(error, kind->code, errno == EAGAIN ? ETIMEDOUT : errno,
                             "cannot send the %s over the %s", kind->descriptor, kind->socket);
    }
}
