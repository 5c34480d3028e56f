/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client of D-Bus: addresses, and messages of which something is wrong. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus/address.h"
#include "bus/message.h"
#include "cmocka_all.h"

#define TOO_LONG                                                                                \
    "unix:path=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void addresses(void **state)
{
    static const struct {
        const char *text;
        int result;
        const char *path; /* '@' in front: an abstract name */
    } cases[] = {
        {"unix:path=/run/bus", 1, "/run/bus"},
        {"unix:path=/run/bus;unix:path=/other", 1, "/run/bus"},
        {"unix:guid=12,path=/run/bus", 1, "/run/bus"},
        {"unix:path=/a%20b%2c%3B%7e", 1, "/a b,;~"},
        {"unix:abstract=/tmp/dbus-x", 1, "@/tmp/dbus-x"},
        {"unix:abstract=%2ftmp,guid=0", 1, "@/tmp"},
        {"", 0, NULL},
        {";;", 0, NULL},
        {"tcp:host=localhost,port=1", -EOPNOTSUPP, NULL},
        {"unixexec:path=/bin/sh", -EOPNOTSUPP, NULL},
        {"unix:runtime=yes", -EOPNOTSUPP, NULL},
        {"unix:", -EOPNOTSUPP, NULL},
        {"/run/bus", -EINVAL, NULL},
        {"unix:path=relative", -EINVAL, NULL},
        {"unix:path=", -EINVAL, NULL},
        {"unix:abstract=", -EINVAL, NULL},
        {"unix:path=/a%2", -EINVAL, NULL},
        {"unix:path=/a%", -EINVAL, NULL},
        {"unix:path=/a%zz", -EINVAL, NULL},
        {"unix:path=/a%00b", -EINVAL, NULL},
        {TOO_LONG, -EINVAL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *next = cases[i].text;
        struct bus_address address;
        char path[sizeof(address.name.sun_path) + 1] = "";

        assert_int_equal(bus_address_next(&next, &address), cases[i].result);
        if (cases[i].result <= 0)
            continue;
        memcpy(path, address.name.sun_path,
               address.length - offsetof(struct sockaddr_un, sun_path));
        if (path[0] == '\0')
            path[0] = '@';
        assert_string_equal(path, cases[i].path);
        assert_int_equal(address.length, offsetof(struct sockaddr_un, sun_path) + strlen(path) +
                                             (path[0] == '@' ? 0 : 1));
    }
}

static void a_list_is_read_to_its_end(void **state)
{
    const char *next = "tcp:host=h;unix:path=/a;unix:path=%;;unix:abstract=b;";
    struct bus_address address;

    (void)state;
    assert_int_equal(bus_address_next(&next, &address), -EOPNOTSUPP);
    assert_int_equal(bus_address_next(&next, &address), 1);
    assert_string_equal(address.name.sun_path, "/a");
    assert_int_equal(bus_address_next(&next, &address), -EINVAL);
    assert_int_equal(bus_address_next(&next, &address), 1);
    assert_string_equal(address.name.sun_path + 1, "b");
    assert_int_equal(bus_address_next(&next, &address), 0);
}

static void paths(void **state)
{
    struct bus_address address;
    char directory[200];

    (void)state;
    assert_int_equal(bus_address_of_path("/run/user/1000", "bus", &address), 0);
    assert_string_equal(address.name.sun_path, "/run/user/1000/bus");
    assert_int_equal(bus_address_of_path("run", "bus", &address), -EINVAL);
    memset(directory, 'a', sizeof(directory));
    directory[0] = '/';
    directory[sizeof(directory) - 1] = '\0';
    assert_int_equal(bus_address_of_path(directory, "bus", &address), -ENAMETOOLONG);
}

/* A reply "a(sv)", with everything that a reader could stumble over. */
static size_t write_sample(unsigned char *bytes, size_t size)
{
    static const struct bus_call call = {.destination = "org.freedesktop.systemd1",
                                         .object = "/org/freedesktop/systemd1",
                                         .interface = "org.freedesktop.systemd1.Manager",
                                         .method = "SetUnitProperties",
                                         .signature = "sba(sv)"};
    struct bus_writer writer = {.data = bytes, .capacity = size};
    struct bus_array properties;

    bus_begin_call(&writer, &call, 7);
    bus_put_string(&writer, "a.scope");
    bus_put_number(&writer, 'b', 1);
    properties = bus_begin_array(&writer, '(');
    bus_put_padding(&writer, 8);
    bus_put_string(&writer, "MemoryMax");
    bus_put_text(&writer, 'g', "t", 1);
    bus_put_number(&writer, 't', UINT64_MAX);
    bus_end_array(&writer, properties);
    bus_end_call(&writer);
    assert_false(writer.failed);
    return writer.length;
}

static int read_all(const unsigned char *bytes, size_t length)
{
    const char *signature;
    struct bus_message message;
    int r = bus_message_parse(bytes, length, &message);

    if (r < 0)
        return r;
    signature = message.text[BUS_FIELD_SIGNATURE];
    while (r == 0 && *signature != '\0')
        r = bus_copy_value(&message.body, &signature, NULL);
    return r == 0 && message.body.offset != length ? -EPROTO : r;
}

static void a_message_is_read_as_it_was_written(void **state)
{
    unsigned char bytes[512];
    size_t length = write_sample(bytes, sizeof(bytes)), size;
    struct bus_message message;
    const char *text;

    (void)state;
    assert_int_equal(bus_message_size(bytes, &size), 0);
    assert_int_equal(size, length);
    assert_int_equal(bus_message_parse(bytes, length, &message), 0);
    assert_int_equal(message.type, BUS_METHOD_CALL);
    assert_int_equal(message.serial, 7);
    assert_string_equal(message.text[BUS_FIELD_PATH], "/org/freedesktop/systemd1");
    assert_string_equal(message.text[BUS_FIELD_MEMBER], "SetUnitProperties");
    assert_string_equal(message.text[BUS_FIELD_SENDER], "");
    assert_int_equal(bus_read_text(&message.body, 's', &text), 0);
    assert_string_equal(text, "a.scope");
    assert_int_equal(read_all(bytes, length), 0);
}

/* Cut anywhere it is refused; with any byte changed it is read or refused, within its bounds. */
static void damaged_messages(void **state)
{
    unsigned char bytes[512], copy[512];
    size_t length = write_sample(bytes, sizeof(bytes));
    unsigned refused = 0;

    (void)state;
    for (size_t i = 0; i < length; i++)
        assert_int_equal(read_all(bytes, i), -EPROTO);
    for (size_t i = 0; i < length; i++)
        for (unsigned change = 1; change < 256; change++) {
            memcpy(copy, bytes, length);
            copy[i] ^= (unsigned char)change;
            refused += read_all(copy, length) < 0;
        }
    assert_true(refused > length * 64);
}

static void a_message_that_does_not_fit_is_not_sent(void **state)
{
    unsigned char bytes[512];
    size_t length = write_sample(bytes, sizeof(bytes));
    static const struct bus_call call = {
        .object = "/a", .interface = "b.c", .method = "D", .signature = "s"};

    (void)state;
    for (size_t size = 0; size < 80; size++) {
        struct bus_writer writer = {.data = bytes, .capacity = size};

        bus_begin_call(&writer, &call, 1);
        bus_put_string(&writer, "a text that takes some room");
        bus_end_call(&writer);
        assert_true(writer.length <= size);
        assert_true(writer.failed);
        bus_drop_call(&writer);
        assert_int_equal(writer.length, 0);
        assert_false(writer.failed);
    }
    assert_true(length > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(a_list_is_read_to_its_end),
        cmocka_unit_test(paths),
        cmocka_unit_test(a_message_is_read_as_it_was_written),
        cmocka_unit_test(damaged_messages),
        cmocka_unit_test(a_message_that_does_not_fit_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
