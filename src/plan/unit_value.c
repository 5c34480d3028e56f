/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/unit_value.h"

#include <errno.h>
#include <string.h>

#include "plan/plan_unit.h"

static void add_bytes(struct unit_value *value, const void *bytes, size_t length)
{
    if (!value->failed && value->capacity - value->length < length) {
        size_t capacity = 2 * (value->length + length) + 64;
        char *larger = oci_arena_alloc(&value->builder->scratch, capacity);

        if (larger == NULL) {
            error_set(value->builder->error, ERROR_OUT_OF_MEMORY, ENOMEM,
                      "cannot plan the properties of the unit");
            value->failed = true;
            return;
        }
        if (value->length > 0)
            memcpy(larger, value->bytes, value->length);
        value->bytes = larger;
        value->capacity = capacity;
    }
    if (value->failed)
        return;
    memcpy(value->bytes + value->length, bytes, length);
    value->length += length;
}

void unit_value_add_number(struct unit_value *value, uint64_t number)
{
    add_bytes(value, &number, sizeof(number));
}

void unit_value_add_text(struct unit_value *value, const char *text, size_t length)
{
    unit_value_add_count(value, (uint32_t)length);
    add_bytes(value, text, length);
}

size_t unit_value_add_count(struct unit_value *value, uint32_t count)
{
    size_t place = value->length;

    add_bytes(value, &count, sizeof(count));
    return place;
}

void unit_value_set_count(struct unit_value *value, size_t place, uint32_t count)
{
    if (!value->failed)
        memcpy(value->bytes + place, &count, sizeof(count));
}

static struct plan_unit_property *find(struct unit_properties *list,
                                       const struct plan_builder *builder, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(plan_text(builder->plan, list->items[i].name), name) == 0)
            return &list->items[i];
    return NULL;
}

static struct plan_unit_property *make_room(struct unit_properties *list,
                                            struct plan_builder *builder)
{
    if (list->count == list->capacity) {
        uint32_t capacity = 2 * list->capacity + 16;
        struct plan_unit_property *larger =
            oci_arena_alloc_array(&builder->scratch, capacity, sizeof(*larger));

        if (larger == NULL) {
            error_set(builder->error, ERROR_OUT_OF_MEMORY, ENOMEM,
                      "cannot plan the properties of the unit");
            return NULL;
        }
        if (list->count > 0)
            memcpy(larger, list->items, list->count * sizeof(*larger));
        list->items = larger;
        list->capacity = capacity;
    }
    return &list->items[list->count++];
}

int unit_properties_add(struct unit_properties *list, const char *name, const char *signature,
                        struct unit_value *value, bool optional, struct plan_origin origin)
{
    struct plan_builder *builder = value->builder;
    struct plan_unit_property *property = find(list, builder, name);
    char *bytes;

    if (value->failed)
        return -ENOMEM;
    if (property == NULL)
        property = make_room(list, builder);
    if (property == NULL)
        return -ENOMEM;
    *property = (struct plan_unit_property){
        .name = plan_add_string(builder, name),
        .signature = plan_add_string(builder, signature),
        .optional = optional,
        .origin = origin,
    };
    bytes = plan_add_array(builder, 1, value->length, &property->value);
    if (property->name == 0 || property->signature == 0 || bytes == NULL)
        return -ENOMEM;
    if (value->length > 0)
        memcpy(bytes, value->bytes, value->length);
    return 0;
}

int unit_properties_add_number(struct plan_builder *builder, struct unit_properties *list,
                               const char *name, const char *signature, uint64_t number,
                               bool optional, struct plan_origin origin)
{
    struct unit_value value = {.builder = builder};

    unit_value_add_number(&value, number);
    return unit_properties_add(list, name, signature, &value, optional, origin);
}

int unit_properties_add_text(struct plan_builder *builder, struct unit_properties *list,
                             const char *name, const char *text, struct plan_origin origin)
{
    struct unit_value value = {.builder = builder};

    unit_value_add_text(&value, text, strlen(text));
    return unit_properties_add(list, name, "s", &value, false, origin);
}

int unit_properties_finish(const struct unit_properties *list, struct plan_builder *builder,
                           struct plan_array *ret)
{
    struct plan_unit_property *items = plan_add_array(builder, sizeof(*items), list->count, ret);

    if (items == NULL)
        return -ENOMEM;
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof(*items));
    return 0;
}
