/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/rtnetlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"

/* Answers are there at once; this only bounds a kernel that has lost one. */
#define ANSWER_DEADLINE_S 10

/* The kernel makes no answer larger than this for a reader that never asked for more. */
#define ANSWER_SIZE 32768

static int open_here(void)
{
    const struct timeval deadline = {.tv_sec = ANSWER_DEADLINE_S};
    const int on = 1;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        return -errno;
    /* words with refusals (Linux 4.12); without them there are only numbers */
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
    return fd;
}

int rtnetlink_open(int namespace_fd, int own_fd)
{
    _cleanup_close_ int fd = -1;

    if (namespace_fd < 0)
        return open_here();
    if (setns(namespace_fd, CLONE_NEWNET) < 0)
        return -errno;
    fd = open_here();
    if (setns(own_fd, CLONE_NEWNET) < 0)
        return -errno;
    return take_fd(&fd);
}

void rtnetlink_begin(struct rtnetlink_message *message, uint16_t type, uint16_t flags,
                     const void *body, size_t length)
{
    const struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST};

    memset(message, 0, sizeof(*message));
    memcpy(message->bytes, &header, sizeof(header));
    memcpy(message->bytes + NLMSG_HDRLEN, body, length);
    message->length = NLMSG_HDRLEN + NLMSG_ALIGN(length);
}

void rtnetlink_add(struct rtnetlink_message *message, uint16_t type, const void *data,
                   size_t length)
{
    const struct rtattr attribute = {.rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = type};

    if (message->length > sizeof(message->bytes) ||
        RTA_SPACE(length) > sizeof(message->bytes) - message->length) {
        message->length = sizeof(message->bytes) + 1;
        return;
    }
    memcpy(message->bytes + message->length, &attribute, sizeof(attribute));
    memcpy(message->bytes + message->length + RTA_LENGTH(0), data, length);
    message->length += RTA_SPACE(length);
}

static void visit_attributes(const char *at, size_t left, rtnetlink_visit visit, void *data)
{
    while (left >= sizeof(struct rtattr)) {
        struct rtattr attribute;
        size_t space;

        memcpy(&attribute, at, sizeof(attribute));
        if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > left)
            return;
        visit(attribute.rta_type & NLA_TYPE_MASK, at + RTA_LENGTH(0),
              attribute.rta_len - RTA_LENGTH(0), data);
        space = RTA_ALIGN(attribute.rta_len);
        if (space >= left)
            return;
        at += space;
        left -= space;
    }
}

void rtnetlink_attributes(const struct nlmsghdr *answer, size_t body_length, rtnetlink_visit visit,
                          void *data)
{
    size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(body_length);

    if (answer->nlmsg_len > head)
        visit_attributes((const char *)answer + head, answer->nlmsg_len - head, visit, data);
}

static void keep_words(uint16_t type, const void *payload, size_t length, void *data)
{
    struct error *error = data;

    if (type == NLMSGERR_ATTR_MSG && length > 0)
        error_set_detail(error, payload, strnlen(payload, length));
}

/* Of an NLMSG_ERROR: 0 is the acknowledgement that was asked for. */
static int read_refusal(const struct nlmsghdr *answer, struct error *error)
{
    struct nlmsgerr refusal;
    size_t head = NLMSG_HDRLEN + sizeof(refusal);

    if (answer->nlmsg_len < head)
        return -EPROTO;
    memcpy(&refusal, (const char *)answer + NLMSG_HDRLEN, sizeof(refusal));
    /* unless the kernel left it out, our own message stands before its words */
    if ((answer->nlmsg_flags & NLM_F_CAPPED) == 0 && refusal.msg.nlmsg_len > sizeof(refusal.msg))
        head += NLMSG_ALIGN(refusal.msg.nlmsg_len) - sizeof(refusal.msg);
    if (refusal.error < 0 && (answer->nlmsg_flags & NLM_F_ACK_TLVS) != 0 &&
        answer->nlmsg_len > head)
        visit_attributes((const char *)answer + head, answer->nlmsg_len - head, keep_words, error);
    return refusal.error;
}

struct call {
    bool dump;
    bool interrupted; /* what is being listed changed meanwhile: the list may lack something */
    rtnetlink_receive receive;
    void *data;
    struct error *error;
};

#define MORE_COMES 1

static int end_dump(const struct call *call, const struct nlmsghdr *answer)
{
    int32_t result = 0;

    if (answer->nlmsg_len >= NLMSG_LENGTH(sizeof(result)))
        memcpy(&result, NLMSG_DATA(answer), sizeof(result));
    return result < 0 ? result : call->interrupted ? -EAGAIN : 0;
}

/* Returns MORE_COMES, 0 after the last answer, or a negative errno value. */
static int take_answer(struct call *call, const struct nlmsghdr *answer)
{
    int r;

    if (answer->nlmsg_type == NLMSG_ERROR)
        return read_refusal(answer, call->error);
    if ((answer->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
        call->interrupted = true;
    if (answer->nlmsg_type == NLMSG_DONE)
        return end_dump(call, answer);
    r = call->receive != NULL ? call->receive(answer, call->data) : 0;
    if (r < 0)
        return r;
    return call->dump || call->receive == NULL ? MORE_COMES : 0;
}

static int take_answers(struct call *call, const char *buffer, size_t left)
{
    int r = MORE_COMES;

    while (r == MORE_COMES && left >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *answer = (const void *)buffer;
        size_t space;

        if (answer->nlmsg_len < sizeof(*answer) || answer->nlmsg_len > left)
            return -EPROTO;
        r = take_answer(call, answer);
        space = NLMSG_ALIGN(answer->nlmsg_len);
        if (space >= left)
            break;
        buffer += space;
        left -= space;
    }
    return r;
}

int rtnetlink_call(int socket_fd, struct rtnetlink_message *message, rtnetlink_receive receive,
                   void *data, struct error *error)
{
    _Alignas(8) char buffer[ANSWER_SIZE];
    struct nlmsghdr *header = (void *)message->bytes;
    struct call call = {.dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
                        .receive = receive,
                        .data = data,
                        .error = error};
    int r = MORE_COMES;

    if (message->length > sizeof(message->bytes))
        return -EMSGSIZE;
    header->nlmsg_len = (uint32_t)message->length;
    if (receive == NULL)
        header->nlmsg_flags |= NLM_F_ACK;
    if (send(socket_fd, message->bytes, message->length, 0) < 0)
        return -errno;
    while (r == MORE_COMES) {
        struct sockaddr_nl sender = {0};
        socklen_t sender_length = sizeof(sender);
        ssize_t length = recvfrom(socket_fd, buffer, sizeof(buffer), MSG_TRUNC,
                                  (struct sockaddr *)&sender, &sender_length);

        if (length < 0 && errno == EINTR)
            continue;
        /* whoever has CAP_NET_ADMIN in the container's namespace can write to our socket, too */
        if (length >= 0 && sender.nl_pid != 0)
            continue;
        if (length < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        if ((size_t)length > sizeof(buffer))
            return -EMSGSIZE;
        r = take_answers(&call, buffer, (size_t)length);
    }
    return r;
}
