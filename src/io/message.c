/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages between dray and the stage; runs in both. */
#include "io/message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

int message_pair(int ret_sockets[2], struct error *error)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_sockets) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot make a pair of sockets");
    return 0;
}

int message_send(int socket, const struct message *message, const int *descriptors, size_t count)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * MESSAGE_DESCRIPTORS_MAX)];
    } control;
    struct iovec data = {(void *)message, sizeof(*message)};
    struct msghdr packet = {.msg_iov = &data, .msg_iovlen = 1};

    if (count > MESSAGE_DESCRIPTORS_MAX)
        return -EINVAL;
    if (count > 0) {
        memset(&control, 0, sizeof(control));
        packet.msg_control = control.space;
        packet.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(&control.header), descriptors, sizeof(int) * count);
    }
    for (;;) {
        if (sendmsg(socket, &packet, MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EINTR)
            return errno == ECONNRESET ? -EPIPE : -errno;
    }
}

/* Takes the descriptors of a received packet; closes those there is no room for. */
static void take_descriptors(struct msghdr *packet, int *ret_descriptors, size_t *count)
{
    size_t room = *count;

    *count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(packet); header != NULL;
         header = CMSG_NXTHDR(packet, header)) {
        size_t number;

        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < number; i++) {
            int descriptor;

            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (*count < room)
                ret_descriptors[(*count)++] = descriptor;
            else
                close_fd(descriptor);
        }
    }
}

int message_receive(int socket, struct message *ret_message, int *ret_descriptors, size_t *count,
                    int deadline_ms)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * MESSAGE_DESCRIPTORS_MAX)];
    } control;
    struct message message;
    size_t no_room = 0;
    struct iovec data = {&message, sizeof(message)};
    struct msghdr packet = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};
    ssize_t length;

    if (count == NULL)
        count = &no_room;
    if (deadline_ms >= 0) {
        struct pollfd readable = {.fd = socket, .events = POLLIN};
        int r = poll(&readable, 1, deadline_ms);

        if (r == 0)
            return -ETIMEDOUT;
        if (r < 0 && errno != EINTR)
            return -errno;
    }
    do
        length = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return errno == ECONNRESET ? 0 : -errno;
    if (length == 0)
        return 0;
    take_descriptors(&packet, ret_descriptors, count);
    if ((size_t)length != sizeof(message))
        return -EPROTO;
    *ret_message = message;
    return 1;
}
