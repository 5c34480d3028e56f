/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages against sd-bus's: random calls with random properties have the very bytes that sd-bus
 * writes for them, and random values of all types that sd-bus writes are read and written again.
 */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bus/message.h"
#include "bus/properties.h"
#include "plan_fixture.h"

#define ROUNDS    2000
#define DEPTH_MAX 4
#define ANSWER    "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n"

/* sd-bus on one end of a pair of sockets; what it sends is read from the other. */
struct oracle {
    sd_bus *bus;
    int socket;
    unsigned random;
    unsigned char bytes[65536];
    size_t length;
};

static unsigned draw(struct oracle *oracle, unsigned limit)
{
    oracle->random = oracle->random * 1103515245u + 12345u;
    return (oracle->random >> 8) % limit;
}

static void draw_text(struct oracle *oracle, char *text)
{
    unsigned length = draw(oracle, 20);

    for (unsigned i = 0; i < length; i++)
        text[i] = (char)('a' + draw(oracle, 26));
    text[length] = '\0';
}

static uint64_t draw_number(struct oracle *oracle, char type)
{
    uint64_t number = 0;

    for (unsigned i = draw(oracle, 9); i > 0; i--)
        number = number << 8 | draw(oracle, 256);
    return type == 'b' ? number & 1 : number;
}

static void begin(struct oracle *oracle)
{
    unsigned char greeting[256];
    int sockets[2];

    *oracle = (struct oracle){.random = 1};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    oracle->socket = sockets[1];
    assert_int_equal(write(sockets[1], ANSWER, strlen(ANSWER)), (ssize_t)strlen(ANSWER));
    assert_true(sd_bus_new(&oracle->bus) >= 0);
    assert_true(sd_bus_set_fd(oracle->bus, sockets[0], sockets[0]) >= 0);
    assert_true(sd_bus_negotiate_fds(oracle->bus, 0) >= 0);
    assert_true(sd_bus_start(oracle->bus) >= 0);
    for (int i = 0; i < 100 && sd_bus_is_ready(oracle->bus) == 0; i++)
        assert_true(sd_bus_process(oracle->bus, NULL) >= 0);
    assert_true(sd_bus_is_ready(oracle->bus) > 0);
    assert_true(read(oracle->socket, greeting, sizeof(greeting)) > 0);
}

static void end(struct oracle *oracle)
{
    sd_bus_unref(oracle->bus);
    close(oracle->socket);
}

/* Sends the message; its bytes are the oracle's. */
static uint32_t send_message(struct oracle *oracle, sd_bus_message *message)
{
    uint64_t serial;

    assert_true(sd_bus_send(oracle->bus, message, &serial) >= 0);
    assert_true(sd_bus_flush(oracle->bus) >= 0);
    sd_bus_message_unref(message);
    oracle->length = (size_t)read(oracle->socket, oracle->bytes, sizeof(oracle->bytes));
    return (uint32_t)serial;
}

/* A basic value, for the plan and for sd-bus. */
static void add_basic(struct oracle *oracle, char type, struct unit_value *value,
                      sd_bus_message *message)
{
    char text[32] = "";
    uint64_t number;
    int truth;

    if (strchr("sog", type) != NULL) {
        if (type == 'o')
            snprintf(text, sizeof(text), "/a/b");
        else if (type == 's')
            draw_text(oracle, text);
        if (value != NULL)
            unit_value_add_text(value, text, strlen(text));
        assert_true(sd_bus_message_append_basic(message, type, text) >= 0);
        return;
    }
    number = draw_number(oracle, type);
    truth = (int)number;
    if (value != NULL)
        unit_value_add_number(value, number);
    assert_true(sd_bus_message_append_basic(message, type,
                                            type == 'b' ? (void *)&truth : (void *)&number) >= 0);
}

static void add_value(struct oracle *oracle, const char *signature, struct unit_value *value,
                      sd_bus_message *message)
{
    if (signature[0] == 'a') {
        uint32_t count = draw(oracle, 4);

        unit_value_add_count(value, count);
        assert_true(sd_bus_message_open_container(message, 'a', signature + 1) >= 0);
        for (uint32_t i = 0; i < count; i++)
            add_value(oracle, signature + 1, value, message);
        assert_true(sd_bus_message_close_container(message) >= 0);
    } else if (signature[0] == '(') {
        char inner[16] = "";

        memcpy(inner, signature + 1, strlen(signature) - 2);
        assert_true(sd_bus_message_open_container(message, 'r', inner) >= 0);
        for (const char *type = inner; *type != '\0'; type++)
            add_basic(oracle, *type, value, message);
        assert_true(sd_bus_message_close_container(message) >= 0);
    } else {
        add_basic(oracle, signature[0], value, message);
    }
}

static void add_property(struct oracle *oracle, struct fixture *f, struct unit_properties *list,
                         unsigned number, sd_bus_message *message)
{
    static const char *const signatures[] = {"s",  "b",  "y",     "n",     "q",     "i",
                                             "u",  "x",  "t",     "d",     "o",     "g",
                                             "as", "at", "a(st)", "a(yd)", "a(ss)", "ay"};
    const char *signature = signatures[draw(oracle, ARRAY_SIZE(signatures))];
    struct unit_value value = {.builder = &f->builder};
    char name[40];

    draw_text(oracle, name);
    snprintf(name + strlen(name), 8, "%u", number);
    assert_true(sd_bus_message_open_container(message, 'r', "sv") >= 0);
    assert_true(sd_bus_message_append_basic(message, 's', name) >= 0);
    assert_true(sd_bus_message_open_container(message, 'v', signature) >= 0);
    add_value(oracle, signature, &value, message);
    assert_true(sd_bus_message_close_container(message) >= 0);
    assert_true(sd_bus_message_close_container(message) >= 0);
    assert_int_equal(
        unit_properties_add(list, name, signature, &value, false, (struct plan_origin){0}), 0);
}

static int plan_nothing(const struct plan_input *input, struct plan_builder *builder)
{
    (void)input;
    (void)builder;
    return 0;
}

static void check_call(struct oracle *oracle, struct fixture *f)
{
    const struct bus_call call = {.destination =
                                      draw(oracle, 2) ? "org.freedesktop.systemd1" : NULL,
                                  .object = "/org/freedesktop/systemd1",
                                  .interface = "org.freedesktop.systemd1.Manager",
                                  .method = "SetUnitProperties",
                                  .signature = "sba(sv)"};
    unsigned char bytes[sizeof(oracle->bytes)];
    struct bus_writer writer = {.data = bytes, .capacity = sizeof(bytes)};
    struct unit_properties list = {0};
    struct bus_array array;
    struct plan_array properties;
    sd_bus_message *message;
    uint32_t serial;

    fixture_init(f);
    assert_int_equal(fixture_plan(f, plan_nothing), 0);
    assert_true(sd_bus_message_new_method_call(oracle->bus, &message, call.destination, call.object,
                                               call.interface, call.method) >= 0);
    assert_true(sd_bus_message_append(message, "sb", "a.scope", 1) >= 0);
    assert_true(sd_bus_message_open_container(message, 'a', "(sv)") >= 0);
    for (unsigned i = draw(oracle, 6); i > 0; i--)
        add_property(oracle, f, &list, i, message);
    assert_true(sd_bus_message_close_container(message) >= 0);
    serial = send_message(oracle, message);

    assert_int_equal(unit_properties_finish(&list, &f->builder, &properties), 0);
    bus_begin_call(&writer, &call, serial);
    bus_put_string(&writer, "a.scope");
    bus_put_number(&writer, 'b', 1);
    array = bus_begin_array(&writer, '(');
    plan_for_each(property, f->builder.plan, properties, struct plan_unit_property)
        assert_int_equal(bus_put_property(&writer, f->builder.plan, property), 0);
    bus_end_array(&writer, array);
    bus_end_call(&writer);
    assert_false(writer.failed);
    assert_int_equal(writer.length, oracle->length);
    assert_memory_equal(bytes, oracle->bytes, oracle->length);
    plan_builder_done(&f->builder);
}

static void calls_have_the_bytes_of_sd_bus(void **state)
{
    static struct oracle oracle;
    static struct fixture f;

    (void)state;
    begin(&oracle);
    for (unsigned i = 0; i < ROUNDS; i++)
        check_call(&oracle, &f);
    end(&oracle);
}

static void append(char *signature, char type)
{
    size_t length = strlen(signature);

    signature[length] = type;
    signature[length + 1] = '\0';
}

/* A random complete type behind what is in @signature. */
static void draw_type(struct oracle *oracle, char *signature, unsigned depth)
{
    static const char basic[] = "ybnqiuxtdsog";
    unsigned kind = depth < DEPTH_MAX ? draw(oracle, 8) : 0;

    if (kind == 4) {
        append(signature, 'a');
        draw_type(oracle, signature, depth + 1);
    } else if (kind == 5) {
        append(signature, '(');
        for (unsigned i = 1 + draw(oracle, 3); i > 0; i--)
            draw_type(oracle, signature, depth + 1);
        append(signature, ')');
    } else if (kind == 6) {
        append(signature, 'a');
        append(signature, '{');
        append(signature, 's');
        draw_type(oracle, signature, depth + 1);
        append(signature, '}');
    } else if (kind == 7) {
        append(signature, 'v');
    } else {
        append(signature, basic[draw(oracle, sizeof(basic) - 1)]);
    }
}

static void fill(struct oracle *oracle, const char **signature, sd_bus_message *message,
                 unsigned depth);

/* The contents of brackets, of which @signature is behind the first. */
static void fill_brackets(struct oracle *oracle, char type, const char **signature,
                          sd_bus_message *message, unsigned depth)
{
    const char *end = *signature;
    char inner[256] = "";

    for (int open = 1; open > 0; end++)
        open += (strchr("({", *end) != NULL) - (strchr(")}", *end) != NULL);
    memcpy(inner, *signature, (size_t)(end - *signature) - 1);
    assert_true(sd_bus_message_open_container(message, type, inner) >= 0);
    for (const char *next = inner; *next != '\0';)
        fill(oracle, &next, message, depth + 1);
    assert_true(sd_bus_message_close_container(message) >= 0);
    *signature = end;
}

/* The end of the one complete type at @signature. */
static const char *type_end(const char *signature)
{
    int open = 0;

    while (*signature == 'a')
        signature++;
    do
        open += (strchr("({", *signature) != NULL) - (strchr(")}", *signature) != NULL);
    while (*signature++ != '\0' && open > 0);
    return signature;
}

static void fill(struct oracle *oracle, const char **signature, sd_bus_message *message,
                 unsigned depth)
{
    const char type = *(*signature)++;
    const char *end;
    char inner[256] = "";

    if (type == '(' || type == '{') {
        fill_brackets(oracle, type == '(' ? 'r' : 'e', signature, message, depth);
    } else if (type == 'v') {
        const char *next = inner;

        draw_type(oracle, inner, depth);
        assert_true(sd_bus_message_open_container(message, 'v', inner) >= 0);
        fill(oracle, &next, message, depth + 1);
        assert_true(sd_bus_message_close_container(message) >= 0);
    } else if (type == 'a') {
        end = type_end(*signature);
        memcpy(inner, *signature, (size_t)(end - *signature));
        assert_true(sd_bus_message_open_container(message, 'a', inner) >= 0);
        for (unsigned i = draw(oracle, 4); i > 0; i--) {
            const char *next = inner;

            fill(oracle, &next, message, depth + 1);
        }
        assert_true(sd_bus_message_close_container(message) >= 0);
        *signature = end;
    } else {
        add_basic(oracle, type, NULL, message);
    }
}

static void check_values(struct oracle *oracle)
{
    unsigned char bytes[sizeof(oracle->bytes)];
    struct bus_writer writer = {.data = bytes, .capacity = sizeof(bytes)};
    char signature[256] = "";
    const char *next = signature;
    sd_bus_message *message;
    struct bus_message read;
    size_t begin_of_body;

    draw_type(oracle, signature, 0);
    draw_type(oracle, signature, 0);
    assert_true(sd_bus_message_new_signal(oracle->bus, &message, "/a", "b.c", "D") >= 0);
    while (*next != '\0')
        fill(oracle, &next, message, 0);
    send_message(oracle, message);

    assert_int_equal(bus_message_parse(oracle->bytes, oracle->length, &read), 0);
    assert_int_equal(read.type, BUS_SIGNAL);
    assert_string_equal(read.text[BUS_FIELD_SIGNATURE], signature);
    begin_of_body = read.body.offset;
    for (next = read.text[BUS_FIELD_SIGNATURE]; *next != '\0';)
        assert_int_equal(bus_copy_value(&read.body, &next, &writer), 0);
    assert_int_equal(read.body.offset, oracle->length);
    assert_int_equal(writer.length, oracle->length - begin_of_body);
    assert_memory_equal(bytes, oracle->bytes + begin_of_body, writer.length);
}

static void values_of_sd_bus_are_read_and_written_again(void **state)
{
    static struct oracle oracle;

    (void)state;
    begin(&oracle);
    for (unsigned i = 0; i < ROUNDS; i++)
        check_values(&oracle);
    end(&oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_have_the_bytes_of_sd_bus),
        cmocka_unit_test(values_of_sd_bus_are_read_and_written_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
