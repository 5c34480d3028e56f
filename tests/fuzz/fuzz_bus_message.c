/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads any bytes as a D-Bus message, with all values of its body, and as a list of addresses.
 *
 * Besides not crashing: texts end within the message; the values are written out again with no more
 * bytes than they had and a rest of padding; what was written reads the same once more; an address
 * fits its structure.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bus/address.h"
#include "bus/message.h"

#define DEMAND(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies the values of @signature; false when they are not sound. */
static bool copy(struct bus_reader *reader, const char *signature, struct bus_writer *writer)
{
    while (*signature != '\0')
        if (bus_copy_value(reader, &signature, writer) < 0)
            return false;
    return true;
}

static void check_body(const struct bus_message *message)
{
    const char *signature = message->text[BUS_FIELD_SIGNATURE];
    struct bus_reader body = message->body;
    const size_t length = body.length - body.offset;
    struct bus_writer once = {.data = malloc(length + 1), .capacity = length + 1};
    struct bus_writer twice = {.data = malloc(length + 1), .capacity = length + 1};

    DEMAND(once.data != NULL && twice.data != NULL);
    if (copy(&body, signature, &once)) {
        struct bus_reader again = {.data = once.data, .length = once.length};

        DEMAND(!once.failed && once.length == body.offset - message->body.offset);
        DEMAND(memcmp(once.data, message->body.data + message->body.offset, once.length) == 0);
        DEMAND(copy(&again, signature, &twice) && again.offset == once.length);
        DEMAND(twice.length == once.length && memcmp(once.data, twice.data, once.length) == 0);
    }
    free(once.data);
    free(twice.data);
}

static void check_message(const uint8_t *data, size_t size)
{
    struct bus_message message;

    if (bus_message_parse(data, size, &message) != 0)
        return;
    DEMAND(message.body.offset <= size && message.body.length == size);
    for (size_t i = 0; i <= BUS_FIELD_MAX; i++) {
        const uint8_t *text = (const uint8_t *)message.text[i];

        if (message.text[i][0] != '\0')
            DEMAND(text > data && text + strlen(message.text[i]) < data + size);
    }
    check_body(&message);
}

static void check_addresses(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const char *next = text;
    struct bus_address address;

    if (text == NULL)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    for (int r = 1; r != 0;) {
        const char *before = next;

        r = bus_address_next(&next, &address);
        DEMAND(r == 0 || next > before);
        DEMAND(r <= 0 || (address.length > sizeof(address.name.sun_family) &&
                          address.length <= sizeof(address.name)));
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_message(data, size);
    check_addresses(data, size);
    return 0;
}
