/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends the notification descriptor; runs in dray. */
#include "security/seccomp_notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/cleanup.h"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fail(struct error *error, int sys_errno, const char *path, const char *what)
{
    int r = error_set(error, ERROR_SECCOMP_LISTENER, sys_errno, "%s \"%s\"", what, path);

    error_set_pointer(error, "/linux/seccomp/listenerPath");
    error_set_subject(error, path);
    return r;
}

/* connect(2) and sendmsg(2) of a blocking stream socket both give up after SO_SNDTIMEO. */
static int limit_time(int fd, int64_t deadline)
{
    int64_t left = deadline - now_ms();
    struct timeval timeout = {.tv_sec = left / 1000, .tv_usec = (left % 1000) * 1000};

    if (left <= 0)
        return -ETIMEDOUT;
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ? -errno : 0;
}

/* A path that does not fit into an address is reached through a descriptor of the socket itself. */
static int connect_path(int fd, int place, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);

    if (length < sizeof(address.sun_path))
        memcpy(address.sun_path, path, length + 1);
    else
        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return 0;
    return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

static int connect_agent(const char *path, int64_t deadline, int *ret_fd, struct error *error)
{
    _cleanup_close_ int place = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
    _cleanup_close_ int fd = -1;
    struct stat status;
    int r;

    if (place < 0)
        return fail(error, errno, path, "cannot find the socket of the seccomp agent");
    if (fstat(place, &status) == 0 && !S_ISSOCK(status.st_mode))
        return fail(error, ENOTSOCK, path, "the seccomp agent's socket is something else:");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(error, errno, path, "cannot make a socket for the seccomp agent");
    r = limit_time(fd, deadline);
    if (r == 0)
        r = connect_path(fd, place, path);
    if (r < 0)
        return fail(error, -r, path, "cannot connect to the seccomp agent at");
    *ret_fd = take_fd(&fd);
    return 0;
}

/* Sends some of @text, with the descriptor in front unless it is -1. */
static ssize_t send_part(int fd, int listener, const char *text, size_t length)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (void *)text, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (listener >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control.space);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &listener, sizeof(listener));
    }
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    return sent;
}

int seccomp_forward_listener(int listener, const char *path, const char *state, size_t length,
                             int timeout_ms, struct error *error)
{
    int64_t deadline = now_ms() + timeout_ms;
    _cleanup_close_ int fd = -1;
    size_t sent = 0;
    int r = connect_agent(path, deadline, &fd, error);

    while (r == 0 && sent < length) {
        ssize_t part = limit_time(fd, deadline);

        if (part == 0)
            part = send_part(fd, sent == 0 ? listener : -1, state + sent, length - sent);
        if (part < 0)
            r = fail(error, (int)-part, path, "cannot send the listener to the seccomp agent at");
        else
            sent += (size_t)part;
    }
    return r;
}
