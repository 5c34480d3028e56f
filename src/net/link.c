/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "net/rtnetlink.h"

static void keep_attribute(uint16_t type, const void *payload, size_t length, void *data)
{
    struct net_link *link = data;

    switch (type) {
    case IFLA_IFNAME:
        if (length > 0 && length <= sizeof(link->name)) {
            memcpy(link->name, payload, length);
            link->name[length - 1] = '\0';
        }
        break;
    case IFLA_ADDRESS:
        if (length <= sizeof(link->hardware)) {
            memcpy(link->hardware, payload, length);
            link->hardware_length = (uint8_t)length;
        }
        break;
    case IFLA_MASTER:
        if (length == sizeof(link->master))
            memcpy(&link->master, payload, length);
        break;
    default:
        break;
    }
}

static int keep_link(const struct nlmsghdr *answer, void *data)
{
    struct net_link *link = data;
    struct ifinfomsg body;

    if (answer->nlmsg_type != RTM_NEWLINK || answer->nlmsg_len < NLMSG_LENGTH(sizeof(body)))
        return -EPROTO;
    memcpy(&body, NLMSG_DATA(answer), sizeof(body));
    *link = (struct net_link){.index = body.ifi_index, .up = (body.ifi_flags & IFF_UP) != 0};
    rtnetlink_attributes(answer, sizeof(body), keep_attribute, link);
    return 0;
}

int net_link_find(int socket_fd, const char *name, struct net_link *ret, struct error *error)
{
    const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
    struct rtnetlink_message message;
    struct net_link link;
    int r;

    rtnetlink_begin(&message, RTM_GETLINK, 0, &body, sizeof(body));
    rtnetlink_add(&message, IFLA_IFNAME, name, strlen(name) + 1);
    r = rtnetlink_call(socket_fd, &message, keep_link, &link, error);
    if (r == 0)
        *ret = link;
    return r;
}

int net_link_move(int socket_fd, int32_t index, int namespace_fd, const char *name,
                  struct error *error)
{
    const struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = index};
    struct rtnetlink_message message;

    rtnetlink_begin(&message, RTM_NEWLINK, 0, &body, sizeof(body));
    rtnetlink_add(&message, IFLA_NET_NS_FD, &namespace_fd, sizeof(namespace_fd));
    rtnetlink_add(&message, IFLA_IFNAME, name, strlen(name) + 1);
    return rtnetlink_call(socket_fd, &message, NULL, NULL, error);
}

int net_link_rename(int socket_fd, int32_t index, const char *name, struct error *error)
{
    const struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = index};
    struct rtnetlink_message message;

    rtnetlink_begin(&message, RTM_NEWLINK, 0, &body, sizeof(body));
    rtnetlink_add(&message, IFLA_IFNAME, name, strlen(name) + 1);
    return rtnetlink_call(socket_fd, &message, NULL, NULL, error);
}

int net_link_bring_up(int socket_fd, int32_t index, struct error *error)
{
    const struct ifinfomsg body = {
        .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct rtnetlink_message message;

    rtnetlink_begin(&message, RTM_NEWLINK, 0, &body, sizeof(body));
    return rtnetlink_call(socket_fd, &message, NULL, NULL, error);
}

int net_link_set_master(int socket_fd, int32_t index, int32_t master, struct error *error)
{
    const struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = index};
    struct rtnetlink_message message;

    rtnetlink_begin(&message, RTM_NEWLINK, 0, &body, sizeof(body));
    rtnetlink_add(&message, IFLA_MASTER, &master, sizeof(master));
    return rtnetlink_call(socket_fd, &message, NULL, NULL, error);
}
