/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper/unit_properties.h"

#include <errno.h>
#include <string.h>

#define TEXT_MAX 4096

struct reader {
    const char *next;
    size_t left;
};

int unit_property_next(const struct helper_unit_request *request, size_t *place,
                       struct unit_property *ret)
{
    size_t left = request->properties_size - *place;
    const char *next = request->properties + *place;
    struct helper_property head;

    if (left == 0)
        return 0;
    if (left < sizeof(head))
        return -EPROTO;
    memcpy(&head, next, sizeof(head));
    next += sizeof(head);
    left -= sizeof(head);
    if (head.name_length >= sizeof(ret->name) || head.signature_length >= sizeof(ret->signature) ||
        left < (size_t)head.name_length + head.signature_length ||
        left - head.name_length - head.signature_length < head.value_length)
        return -EPROTO;
    *ret = (struct unit_property){.optional = head.optional != 0};
    memcpy(ret->name, next, head.name_length);
    next += head.name_length;
    memcpy(ret->signature, next, head.signature_length);
    next += head.signature_length;
    ret->value = next;
    ret->value_length = head.value_length;
    *place = (size_t)(next - request->properties) + head.value_length;
    return 1;
}

static bool read_bytes(struct reader *reader, void *out, size_t length)
{
    if (reader->left < length)
        return false;
    memcpy(out, reader->next, length);
    reader->next += length;
    reader->left -= length;
    return true;
}

static int append_text(sd_bus_message *message, struct reader *reader, char type)
{
    char text[TEXT_MAX + 1];
    uint32_t length;

    if (!read_bytes(reader, &length, sizeof(length)) || length > TEXT_MAX ||
        !read_bytes(reader, text, length))
        return -EPROTO;
    text[length] = '\0';
    return sd_bus_message_append_basic(message, type, text);
}

static int append_number(sd_bus_message *message, struct reader *reader, char type)
{
    uint64_t number;
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    int truth;
    const void *value = &number;

    if (!read_bytes(reader, &number, sizeof(number)))
        return -EPROTO;
    byte = (uint8_t)number;
    half = (uint16_t)number;
    word = (uint32_t)number;
    truth = number != 0;
    if (type == 'y')
        value = &byte;
    else if (type == 'n' || type == 'q')
        value = &half;
    else if (type == 'i' || type == 'u')
        value = &word;
    else if (type == 'b')
        value = &truth;
    return sd_bus_message_append_basic(message, type, value);
}

/* Basic types and tuples of them: *@signature is moved past the type. */
static int append_element(sd_bus_message *message, struct reader *reader, const char **signature)
{
    char type = *(*signature)++;

    if (type == 's' || type == 'o' || type == 'g')
        return append_text(message, reader, type);
    if (type != '\0' && strchr("ybnqiuxtd", type) != NULL)
        return append_number(message, reader, type);
    return -EPROTO;
}

static int append_tuple(sd_bus_message *message, struct reader *reader, const char *signature)
{
    char inner[16];
    size_t length = strcspn(signature + 1, ")");
    int r;

    if (signature[length + 1] != ')')
        return -EPROTO;
    memcpy(inner, signature + 1, length);
    inner[length] = '\0';
    r = sd_bus_message_open_container(message, 'r', inner);
    for (const char *place = inner; r >= 0 && *place != '\0';)
        r = append_element(message, reader, &place);
    return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_array(sd_bus_message *message, struct reader *reader, const char *element)
{
    uint32_t count;
    int r;

    if (!read_bytes(reader, &count, sizeof(count)))
        return -EPROTO;
    r = sd_bus_message_open_container(message, 'a', element);
    for (uint32_t i = 0; r >= 0 && i < count; i++) {
        const char *place = element;

        r = element[0] == '(' ? append_tuple(message, reader, element)
                              : append_element(message, reader, &place);
    }
    return r < 0 ? r : sd_bus_message_close_container(message);
}

int unit_property_append(sd_bus_message *message, const struct unit_property *property)
{
    struct reader reader = {.next = property->value, .left = property->value_length};
    const char *place = property->signature;
    int r;

    r = sd_bus_message_open_container(message, 'r', "sv");
    if (r >= 0)
        r = sd_bus_message_append_basic(message, 's', property->name);
    if (r >= 0)
        r = sd_bus_message_open_container(message, 'v', property->signature);
    if (r >= 0)
        r = place[0] == 'a' ? append_array(message, &reader, place + 1)
                            : append_element(message, &reader, &place);
    if (r >= 0)
        r = sd_bus_message_close_container(message);
    if (r >= 0)
        r = sd_bus_message_close_container(message);
    return r >= 0 && reader.left > 0 ? -EPROTO : r;
}
