/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages, labels and records of network devices; what needs none to be there. */
#include "cmocka_all.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/device.h"
#include "net/link.h"
#include "net/rtnetlink.h"

static void labels_follow_the_name(void **state)
{
    static const struct {
        const char *label, *old_name, *new_name, *result;
    } cases[] = {
        {"v0", "v0", "eth0", "eth0"},
        {"v0:a", "v0", "eth0", "eth0:a"},
        {"v0a", "v0", "eth0", "v0a"},
        {"", "v0", "eth0", ""},
        {"v0:123456789", "v0", "fifteen-charsxx", ""},
        {"v0:", "v0", "fourteen-chars", "fourteen-chars:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net_address address = {0};

        snprintf(address.label, sizeof(address.label), "%s", cases[i].label);
        net_address_relabel(&address, cases[i].old_name, cases[i].new_name);
        assert_string_equal(address.label, cases[i].result);
    }
}

static void addresses_as_text(void **state)
{
    const struct net_address v4 = {
        .family = AF_INET, .prefix_length = 24, .local_length = 4, .local = {192, 0, 2, 1}};
    const struct net_address v6 = {.family = AF_INET6,
                                   .prefix_length = 64,
                                   .peer_length = 16,
                                   .peer = {0x20, 1, 0xd, 0xb8, [15] = 1}};
    const struct net_address other = {.family = AF_UNIX, .prefix_length = 1};
    char text[64];

    (void)state;
    net_address_text(&v4, text, sizeof(text));
    assert_string_equal(text, "192.0.2.1/24");
    net_address_text(&v6, text, sizeof(text));
    assert_string_equal(text, "2001:db8::1/64");
    net_address_text(&other, text, sizeof(text));
    assert_string_equal(text, "?/1");
}

/* A record with one address and the path "/n". */
static size_t write_record(char *out)
{
    struct net_device_record *record = (void *)out;
    size_t size = sizeof(*record) + sizeof(record->addresses[0]) + 2;

    memset(out, 0, size);
    record->size = (uint32_t)size;
    record->addresses_count = 1;
    record->path_length = 2;
    strcpy(record->old_name, "v0");
    strcpy(record->new_name, "eth0");
    memcpy(&record->addresses[1], "/n", 2);
    return size;
}

static void assert_damaged(char *bytes, size_t size)
{
    assert_null(net_device_record_read(bytes, size));
    write_record(bytes);
}

static void records_are_checked(void **state)
{
    _Alignas(8) char bytes[1024];
    struct net_device_record *record = (void *)bytes, *read;
    size_t size = write_record(bytes);

    (void)state;
    read = net_device_record_read(bytes, size);
    assert_non_null(read);
    assert_memory_equal(read, bytes, size);
    assert_memory_equal(net_device_record_path(read), "/n", 2);
    free(read);
    for (size_t length = 0; length < size; length++)
        assert_null(net_device_record_read(bytes, length));
    assert_damaged(bytes, size + 1);
    record->addresses_count = UINT32_MAX;
    assert_damaged(bytes, size);
    record->addresses_count = 0;
    assert_damaged(bytes, size);
    record->path_length = UINT32_MAX;
    assert_damaged(bytes, size);
    record->hardware_length = NET_HARDWARE_SIZE + 1;
    assert_damaged(bytes, size);
    memset(record->new_name, 'x', sizeof(record->new_name));
    assert_damaged(bytes, size);
    memset(record->old_name, 'x', sizeof(record->old_name));
    assert_damaged(bytes, size);
}

struct visited {
    unsigned count;
    uint16_t type;
    size_t length;
};

static void visit(uint16_t type, const void *payload, size_t length, void *data)
{
    struct visited *visited = data;

    (void)payload;
    visited->count++;
    visited->type = type;
    visited->length = length;
}

static void attributes_end_with_the_message(void **state)
{
    const struct ifaddrmsg body = {.ifa_family = AF_INET};
    struct rtnetlink_message message;
    struct visited visited = {0};
    struct nlmsghdr *header = (void *)message.bytes;
    struct rtattr *last;

    (void)state;
    rtnetlink_begin(&message, RTM_NEWADDR, 0, &body, sizeof(body));
    rtnetlink_add(&message, IFA_LOCAL, "abcd", 4);
    rtnetlink_add(&message, IFA_LABEL | NLA_F_NESTED, "a", 2);
    header->nlmsg_len = (uint32_t)message.length;
    rtnetlink_attributes(header, sizeof(body), visit, &visited);
    assert_int_equal(visited.count, 2);
    assert_int_equal(visited.type, IFA_LABEL);
    assert_int_equal(visited.length, 2);

    /* lengths that lie end the list */
    last = (void *)(message.bytes + message.length - RTA_SPACE(2));
    for (unsigned length = 0; length < 4; length++) {
        last->rta_len = (unsigned short)length;
        visited.count = 0;
        rtnetlink_attributes(header, sizeof(body), visit, &visited);
        assert_int_equal(visited.count, 1);
    }
    last->rta_len = UINT16_MAX;
    visited.count = 0;
    rtnetlink_attributes(header, sizeof(body), visit, &visited);
    assert_int_equal(visited.count, 1);
}

static void a_message_that_is_too_long_is_an_error(void **state)
{
    const struct ifaddrmsg body = {.ifa_family = AF_INET};
    struct rtnetlink_message message;
    struct error error = {0};
    char data[600] = {0};

    (void)state;
    rtnetlink_begin(&message, RTM_NEWADDR, 0, &body, sizeof(body));
    rtnetlink_add(&message, IFA_LOCAL, data, sizeof(data));
    rtnetlink_add(&message, IFA_LOCAL, data, 4);
    assert_int_equal(rtnetlink_call(-1, &message, NULL, NULL, &error), -EMSGSIZE);
}

/* Every network namespace has the loopback device; reading takes no privilege. */
static void what_is_there_is_found(void **state)
{
    struct error error = {0};
    struct net_address *addresses = NULL;
    struct net_link link;
    size_t count = 0;
    int fd = rtnetlink_open(-1, -1);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(net_link_find(fd, "lo", &link, &error), 0);
    assert_string_equal(link.name, "lo");
    assert_true(link.index > 0);
    assert_int_equal(net_link_find(fd, "no-such-device", &link, &error), -ENODEV);
    assert_string_equal(link.name, "lo");
    assert_int_equal(net_address_list(fd, link.index, &addresses, &count, &error), 0);
    assert_true((count == 0) == (addresses == NULL));
    for (size_t i = 0; i < count; i++)
        assert_true((addresses[i].flags & IFA_F_PERMANENT) != 0);
    free(addresses);
    close(fd);
}

/* A process of the namespace answers in the place of the kernel; it takes CAP_NET_ADMIN there. */
static void answers_of_others_are_not_taken(void **state)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    struct ifinfomsg forged = {.ifi_index = 4711};
    int ours = rtnetlink_open(-1, -1), theirs = rtnetlink_open(-1, -1);
    socklen_t length = sizeof(address);
    struct rtnetlink_message message;
    struct error error = {0};
    struct net_link link;

    (void)state;
    if (ours < 0 || theirs < 0)
        skip();
    /* to be sent to, it needs a number */
    assert_int_equal(bind(ours, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(ours, (struct sockaddr *)&address, &length), 0);
    rtnetlink_begin(&message, RTM_NEWLINK, 0, &forged, sizeof(forged));
    rtnetlink_add(&message, IFLA_IFNAME, "lo", 3);
    ((struct nlmsghdr *)(void *)message.bytes)->nlmsg_len = (uint32_t)message.length;
    if (sendto(theirs, message.bytes, message.length, 0, (struct sockaddr *)&address,
               sizeof(address)) < 0)
        skip(); /* not root */
    assert_int_equal(net_link_find(ours, "lo", &link, &error), 0);
    assert_int_equal(link.index, 1);
    close(ours);
    close(theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_others_are_not_taken),
        cmocka_unit_test(labels_follow_the_name),
        cmocka_unit_test(addresses_as_text),
        cmocka_unit_test(records_are_checked),
        cmocka_unit_test(attributes_end_with_the_message),
        cmocka_unit_test(a_message_that_is_too_long_is_an_error),
        cmocka_unit_test(what_is_there_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
