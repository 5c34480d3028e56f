/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The talk with criu, and its end; runs in dray. */
#include "criu/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/syscalls.h"

#define ANSWER_MAX 8192

int criu_send(struct criu *criu, const struct wire_writer *request, struct error *error)
{
    ssize_t length;

    if (request->failed)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot ask criu");
    length = send(criu->socket, request->data, request->length, MSG_NOSIGNAL);
    if (length == (ssize_t)request->length)
        return 0;
    if (length < 0 && errno == EMSGSIZE)
        return error_set(error, ERROR_CRIU_FAILED, EMSGSIZE,
                         "the request with %zu bytes of mounts and options is too large for criu",
                         request->length);
    return error_set(error, ERROR_CRIU_FAILED, length < 0 ? errno : EPIPE, "cannot ask criu");
}

/*
 * Reaps it and says how it ended.  One that was killed cannot end its helpers, some of which would
 * wait for it for ever; until it is reaped its number is that of its process group alone.
 */
static int explain_end(struct criu *criu, struct error *error)
{
    siginfo_t status = {0};

    while (waitid(P_PIDFD, (id_t)criu->pidfd, &status, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    criu->killed = status.si_code != CLD_EXITED;
    if (criu->own_session && criu->killed)
        kill(-criu->pid, SIGKILL);
    waitid(P_PIDFD, (id_t)criu->pidfd, &status, WEXITED);
    criu->pid = 0;
    if (status.si_code == CLD_EXITED && status.si_status == 0)
        return 0;
    if (status.si_code == CLD_EXITED)
        return error_set(error, ERROR_CRIU_FAILED, 0, "criu ended with status %d",
                         status.si_status);
    return error_set(error, ERROR_CRIU_FAILED, 0, "criu was killed by signal %d", status.si_status);
}

static int read_answer(struct criu *criu, struct criu_response *ret, int *ret_descriptor,
                       struct error *error)
{
    unsigned char data[ANSWER_MAX];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = data, .iov_len = sizeof(data)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    _cleanup_close_ int descriptor = -1;
    struct cmsghdr *header;
    ssize_t length;

    do
        length = recvmsg(criu->socket, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    header = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
    if (length == 0 || (length < 0 && errno == ECONNRESET))
        return -EPIPE;
    if (length < 0)
        return error_set(error, ERROR_CRIU_FAILED, errno, "cannot hear from criu");
    if ((message.msg_flags & MSG_TRUNC) != 0 || criu_read_response(data, (size_t)length, ret) < 0)
        return error_set(error, ERROR_CRIU_FAILED, EPROTO, "criu said what makes no sense");
    *ret_descriptor = take_fd(&descriptor);
    return 0;
}

int criu_receive(struct criu *criu, int interrupt, int deadline_ms, struct criu_response *ret,
                 int *ret_descriptor, struct error *error)
{
    struct pollfd events[] = {
        {.fd = criu->socket, .events = POLLIN},
        {.fd = criu->pidfd, .events = POLLIN},
        {.fd = interrupt, .events = POLLIN},
    };
    int r;

    do
        r = poll(events, ARRAY_SIZE(events), deadline_ms);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot wait for criu");
    if (r == 0)
        return -ETIMEDOUT;
    /* what criu has said comes first: it may be the last word */
    if (events[0].revents != 0)
        r = read_answer(criu, ret, ret_descriptor, error);
    else if (events[1].revents != 0)
        r = -EPIPE; /* a helper of it may hold the socket open */
    else
        return -EINTR;
    if (r != -EPIPE || error->code != ERROR_NONE)
        return r;
    r = criu_finish(criu, 10000, error);
    return r < 0 ? r : error_set(error, ERROR_CRIU_FAILED, EPROTO, "criu ended without an answer");
}

int criu_finish(struct criu *criu, int deadline_ms, struct error *error)
{
    struct pollfd ended = {.fd = criu->pidfd, .events = POLLIN};
    pid_t pid = criu->pid;
    int r = 0;

    criu->socket = close_fd(criu->socket);
    if (pid == 0)
        return 0;
    do
        r = poll(&ended, 1, deadline_ms);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return error_set(error, ERROR_CRIU_FAILED, r < 0 ? errno : ETIMEDOUT,
                         "criu, process %d, does not end", pid);
    return explain_end(criu, error);
}

void criu_done(struct criu *criu)
{
    criu->pidfd = close_fd(criu->pidfd);
    criu->socket = close_fd(criu->socket);
}

void criu_kill(struct criu *criu)
{
    struct error ignored = {0};

    if (criu->pid != 0) {
        kill(criu->pid, SIGKILL); /* our child, not reaped: the number is its own */
        if (criu->pidfd >= 0)
            criu_finish(criu, 10000, &ignored);
        else
            waitpid(criu->pid, NULL, 0);
    }
    criu->pid = 0;
    criu_done(criu);
}
