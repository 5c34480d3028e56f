/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/rtnetlink.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11 /* Linux 5.18 */
#endif

/* What an administrator can ask for; the other flags tell how it went. */
#define FLAGS_TO_KEEP                                                                     \
    ((uint32_t)IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | \
     IFA_F_MCAUTOJOIN | IFA_F_MANAGETEMPADDR)

#define DUMP_TRIES 10

struct list {
    int32_t index;
    struct net_address *items;
    size_t count;
};

static void keep_bytes(uint8_t *out, uint8_t *ret_length, const void *payload, size_t length)
{
    if (length > 16)
        return;
    memcpy(out, payload, length);
    *ret_length = (uint8_t)length;
}

static void keep_attribute(uint16_t type, const void *payload, size_t length, void *data)
{
    struct net_address *address = data;

    switch (type) {
    case IFA_LOCAL:
        keep_bytes(address->local, &address->local_length, payload, length);
        break;
    case IFA_ADDRESS:
        keep_bytes(address->peer, &address->peer_length, payload, length);
        break;
    case IFA_BROADCAST:
        keep_bytes(address->broadcast, &address->broadcast_length, payload, length);
        break;
    case IFA_LABEL:
        if (length > 0 && length <= sizeof(address->label)) {
            memcpy(address->label, payload, length);
            address->label[length - 1] = '\0';
        }
        break;
    case IFA_FLAGS:
        if (length == sizeof(address->flags))
            memcpy(&address->flags, payload, length);
        break;
    case IFA_RT_PRIORITY:
        if (length == sizeof(address->metric))
            memcpy(&address->metric, payload, length);
        break;
    case IFA_PROTO:
        if (length == sizeof(address->protocol))
            memcpy(&address->protocol, payload, length);
        break;
    default:
        break;
    }
}

static int keep_address(const struct nlmsghdr *answer, void *data)
{
    struct list *list = data;
    struct net_address address, *items;
    struct ifaddrmsg body;

    if (answer->nlmsg_type != RTM_NEWADDR || answer->nlmsg_len < NLMSG_LENGTH(sizeof(body)))
        return -EPROTO;
    memcpy(&body, NLMSG_DATA(answer), sizeof(body));
    if ((int32_t)body.ifa_index != list->index)
        return 0;
    address = (struct net_address){.family = body.ifa_family,
                                   .prefix_length = body.ifa_prefixlen,
                                   .scope = body.ifa_scope,
                                   .flags = body.ifa_flags};
    rtnetlink_attributes(answer, sizeof(body), keep_attribute, &address);
    if ((address.flags & IFA_F_PERMANENT) == 0)
        return 0;
    items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    items[list->count++] = address;
    list->items = items;
    return 0;
}

int net_address_list(int socket_fd, int32_t index, struct net_address **ret, size_t *ret_count,
                     struct error *error)
{
    const struct ifaddrmsg body = {.ifa_family = AF_UNSPEC};
    struct list list = {.index = index};
    int r = -EAGAIN;

    for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
        struct rtnetlink_message message;

        list.count = 0;
        rtnetlink_begin(&message, RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
        r = rtnetlink_call(socket_fd, &message, keep_address, &list, error);
    }
    if (r < 0 || list.count == 0) {
        free(list.items);
        list.items = NULL;
    }
    if (r < 0)
        return r;
    *ret = list.items;
    *ret_count = list.count;
    return 0;
}

int net_address_add(int socket_fd, int32_t index, const struct net_address *address,
                    struct error *error)
{
    uint32_t flags = address->flags & FLAGS_TO_KEEP;
    const struct ifaddrmsg body = {
        .ifa_family = address->family,
        .ifa_prefixlen = address->prefix_length,
        .ifa_scope = address->scope,
        .ifa_flags = (uint8_t)flags,
        .ifa_index = (uint32_t)index,
    };
    struct rtnetlink_message message;
    int r;

    rtnetlink_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
    if (address->local_length > 0)
        rtnetlink_add(&message, IFA_LOCAL, address->local, address->local_length);
    if (address->peer_length > 0)
        rtnetlink_add(&message, IFA_ADDRESS, address->peer, address->peer_length);
    if (address->broadcast_length > 0)
        rtnetlink_add(&message, IFA_BROADCAST, address->broadcast, address->broadcast_length);
    if (address->label[0] != '\0')
        rtnetlink_add(&message, IFA_LABEL, address->label, strlen(address->label) + 1);
    rtnetlink_add(&message, IFA_FLAGS, &flags, sizeof(flags));
    if (address->metric != 0)
        rtnetlink_add(&message, IFA_RT_PRIORITY, &address->metric, sizeof(address->metric));
    if (address->protocol != 0)
        rtnetlink_add(&message, IFA_PROTO, &address->protocol, sizeof(address->protocol));
    r = rtnetlink_call(socket_fd, &message, NULL, NULL, error);
    return r == -EEXIST ? 0 : r;
}

void net_address_relabel(struct net_address *address, const char *old_name, const char *new_name)
{
    size_t length = strlen(old_name);
    char label[2 * NET_NAME_SIZE];

    if (strncmp(address->label, old_name, length) != 0 ||
        (address->label[length] != '\0' && address->label[length] != ':'))
        return;
    snprintf(label, sizeof(label), "%s%s", new_name, address->label + length);
    if (strlen(label) < sizeof(address->label))
        memcpy(address->label, label, strlen(label) + 1);
    else
        address->label[0] = '\0';
}

void net_address_text(const struct net_address *address, char *out, size_t size)
{
    const uint8_t *bytes = address->local_length > 0 ? address->local : address->peer;
    char text[INET6_ADDRSTRLEN] = "?";

    if (address->family == AF_INET || address->family == AF_INET6)
        inet_ntop(address->family, bytes, text, sizeof(text));
    snprintf(out, size, "%s/%u", text, address->prefix_length);
}
