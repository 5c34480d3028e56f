/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/properties.h"

#include <errno.h>
#include <string.h>

/* A value in the plan's form (plan/unit_value.h). */
struct value {
    const char *next;
    size_t left;
};

static bool take_bytes(struct value *value, void *out, size_t length)
{
    if (value->left < length)
        return false;
    memcpy(out, value->next, length);
    value->next += length;
    value->left -= length;
    return true;
}

static int put_text(struct bus_writer *writer, struct value *value, char type)
{
    uint32_t length;

    if (!take_bytes(value, &length, sizeof(length)) || length > value->left ||
        memchr(value->next, '\0', length) != NULL)
        return -EPROTO;
    bus_put_text(writer, type, value->next, length);
    value->next += length;
    value->left -= length;
    return 0;
}

static int put_basic(struct bus_writer *writer, struct value *value, char type)
{
    uint64_t number;

    if (type == 's' || type == 'o' || type == 'g')
        return put_text(writer, value, type);
    if (type == '\0' || strchr("ybnqiuxtd", type) == NULL ||
        !take_bytes(value, &number, sizeof(number)))
        return -EPROTO;
    bus_put_number(writer, type, number);
    return 0;
}

/* A basic type, or a tuple of them, at @signature. */
static int put_element(struct bus_writer *writer, struct value *value, const char *signature)
{
    int r = 0;

    if (signature[0] != '(')
        return put_basic(writer, value, signature[0]);
    bus_put_padding(writer, bus_alignment('('));
    for (const char *type = signature + 1; r == 0 && *type != ')'; type++)
        r = put_basic(writer, value, *type);
    return r;
}

static int put_array(struct bus_writer *writer, struct value *value, const char *element)
{
    struct bus_array array;
    uint32_t count;
    int r = 0;

    if (bus_alignment(element[0]) == 0 || !take_bytes(value, &count, sizeof(count)))
        return -EPROTO;
    array = bus_begin_array(writer, element[0]);
    for (uint32_t i = 0; r == 0 && i < count; i++)
        r = put_element(writer, value, element);
    bus_end_array(writer, array);
    return r;
}

void bus_begin_property(struct bus_writer *writer, const char *name, const char *signature)
{
    bus_put_padding(writer, bus_alignment('('));
    bus_put_string(writer, name);
    bus_put_text(writer, 'g', signature, strlen(signature));
}

void bus_put_text_property(struct bus_writer *writer, const char *name, const char *text)
{
    bus_begin_property(writer, name, "s");
    bus_put_string(writer, text);
}

int bus_put_property(struct bus_writer *writer, const struct plan *plan,
                     const struct plan_unit_property *property)
{
    const char *signature = plan_text(plan, property->signature);
    struct value value = {.next = plan_items(plan, property->value, char),
                          .left = property->value.count};
    int r;

    bus_begin_property(writer, plan_text(plan, property->name), signature);
    r = signature[0] == 'a' ? put_array(writer, &value, signature + 1)
                            : put_element(writer, &value, signature);
    return r == 0 && value.left > 0 ? -EPROTO : r;
}
