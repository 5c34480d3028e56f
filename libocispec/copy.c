/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deep copies and comparison, row by row. */
#include <errno.h>

#include "member.h"
#include "ocispec/ocispec.h"

static int copy_members(const struct oci_table *table, void *object, struct oci_arena *arena);

/* Replaces the string that *@place points to by a copy. */
static int copy_string(const char **place, struct oci_arena *arena)
{
    if (*place == NULL)
        return 0;
    *place = oci_arena_strdup(arena, *place);
    return *place == NULL ? -ENOMEM : 0;
}

static int copy_strings(struct oci_strings *strings, struct oci_arena *arena)
{
    const char **items;

    if (strings->items == NULL)
        return 0;
    items = oci_arena_alloc_array(arena, strings->count + 1, sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < strings->count; i++) {
        items[i] = oci_arena_strdup(arena, strings->items[i]);
        if (items[i] == NULL)
            return -ENOMEM;
    }
    strings->items = items;
    return 0;
}

static int copy_string_map(struct oci_string_map *map, struct oci_arena *arena)
{
    struct oci_string_pair *items;

    if (map->items == NULL)
        return 0;
    items = oci_arena_alloc_array(arena, map->count + 1, sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < map->count; i++) {
        items[i] = map->items[i];
        if (copy_string(&items[i].key, arena) < 0 || copy_string(&items[i].value, arena) < 0)
            return -ENOMEM;
    }
    map->items = items;
    return 0;
}

/* Copies @count entries of @size bytes as they are and points the member to them. */
static int copy_block(void *place, size_t count, size_t size, struct oci_arena *arena,
                      char **ret_items)
{
    const char *items;
    char *copy;

    *ret_items = NULL;
    memcpy(&items, place, sizeof(items));
    if (items == NULL)
        return 0;
    copy = oci_arena_alloc_array(arena, count == 0 ? 1 : count, size);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, items, count * size);
    memcpy(place, &copy, sizeof(copy));
    *ret_items = copy;
    return 0;
}

static int copy_objects(const struct oci_row *row, void *object, size_t count,
                        struct oci_arena *arena)
{
    char *items;
    int r = copy_block((char *)object + row->offset, count, row->table->size, arena, &items);

    for (size_t i = 0; r == 0 && items != NULL && i < count; i++) {
        char *item = items + i * row->table->size;

        if (row->kind == OCI_KIND_OBJECT_MAP)
            r = copy_string((const char **)(void *)item, arena);
        if (r == 0)
            r = copy_members(row->table, item, arena);
    }
    return r;
}

static int copy_member(const struct oci_row *row, void *object, struct oci_arena *arena)
{
    void *place = (char *)object + row->offset;
    struct oci_u32s *numbers = place;
    char *items;

    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRING:
    case OCI_KIND_RAW:
        return copy_string(place, arena);
    case OCI_KIND_STRINGS:
        return copy_strings(place, arena);
    case OCI_KIND_STRING_MAP:
        return copy_string_map(place, arena);
    case OCI_KIND_U32S:
        return copy_block(&numbers->items, numbers->count, sizeof(uint32_t), arena, &items);
    case OCI_KIND_ENUMS:
        return copy_block(place, member_count(row, object), sizeof(unsigned), arena, &items);
    case OCI_KIND_OBJECT:
        return copy_objects(row, object, 1, arena);
    case OCI_KIND_OBJECTS:
    case OCI_KIND_OBJECT_MAP:
        return copy_objects(row, object, member_count(row, object), arena);
    default:
        return 0; /* a scalar: copied with the struct */
    }
}

/* @object is a plain copy; gives it its own of everything it points to. */
static int copy_members(const struct oci_table *table, void *object, struct oci_arena *arena)
{
    for (unsigned i = 0; i < table->row_count; i++) {
        int r = copy_member(&table->rows[i], object, arena);

        if (r < 0)
            return r;
    }
    return 0;
}

int oci_copy(const struct oci_table *table, const void *object, struct oci_arena *arena, void **ret)
{
    void *copy = oci_arena_alloc(arena, table->size);
    int r;

    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, object, table->size);
    r = copy_members(table, copy, arena);
    if (r < 0)
        return r;
    *ret = copy;
    return 0;
}

static bool equal_strings(const struct oci_strings *left, const struct oci_strings *right)
{
    if (left->count != right->count)
        return false;
    for (size_t i = 0; i < left->count; i++)
        if (strcmp(left->items[i], right->items[i]) != 0)
            return false;
    return true;
}

static bool equal_string_maps(const struct oci_string_map *left, const struct oci_string_map *right)
{
    if (left->count != right->count)
        return false;
    for (size_t i = 0; i < left->count; i++)
        if (strcmp(left->items[i].key, right->items[i].key) != 0 ||
            strcmp(left->items[i].value, right->items[i].value) != 0)
            return false;
    return true;
}

static bool equal_objects(const struct oci_row *row, const void *left, const void *right,
                          size_t count)
{
    const char *left_items = member_pointer(row, left);
    const char *right_items = member_pointer(row, right);

    for (size_t i = 0; i < count; i++) {
        const char *left_item = left_items + i * row->table->size;
        const char *right_item = right_items + i * row->table->size;

        if (row->kind == OCI_KIND_OBJECT_MAP) {
            const char *left_key, *right_key;

            memcpy(&left_key, left_item, sizeof(left_key));
            memcpy(&right_key, right_item, sizeof(right_key));
            if (strcmp(left_key, right_key) != 0)
                return false;
        }
        if (!oci_equal(row->table, left_item, right_item))
            return false;
    }
    return true;
}

/* Both are present. */
static bool equal_member(const struct oci_row *row, const void *left, const void *right)
{
    const void *left_place = member_place(row, left);
    const void *right_place = member_place(row, right);
    const struct oci_u32s *left_numbers = left_place;
    const struct oci_u32s *right_numbers = right_place;
    struct member_number left_number, right_number;
    size_t count;

    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRING:
    case OCI_KIND_RAW:
        return strcmp(member_pointer(row, left), member_pointer(row, right)) == 0;
    case OCI_KIND_BOOL:
    case OCI_KIND_OPTIONAL_BOOL:
        return member_bool(row->kind, left_place) == member_bool(row->kind, right_place);
    case OCI_KIND_ENUM:
        return member_enum(left_place) == member_enum(right_place);
    case OCI_KIND_STRINGS:
        return equal_strings(left_place, right_place);
    case OCI_KIND_STRING_MAP:
        return equal_string_maps(left_place, right_place);
    case OCI_KIND_U32S:
        count = left_numbers->count;
        return count == right_numbers->count &&
               (count == 0 ||
                memcmp(left_numbers->items, right_numbers->items, count * sizeof(uint32_t)) == 0);
    case OCI_KIND_ENUMS:
        count = member_count(row, left);
        return count == member_count(row, right) &&
               memcmp(member_pointer(row, left), member_pointer(row, right),
                      count * sizeof(unsigned)) == 0;
    case OCI_KIND_OBJECT:
        return equal_objects(row, left, right, 1);
    case OCI_KIND_OBJECTS:
    case OCI_KIND_OBJECT_MAP:
        count = member_count(row, left);
        return count == member_count(row, right) && equal_objects(row, left, right, count);
    default:
        left_number = member_number(row->kind, left_place);
        right_number = member_number(row->kind, right_place);
        return left_number.negative == right_number.negative &&
               left_number.magnitude == right_number.magnitude;
    }
}

bool oci_equal(const struct oci_table *table, const void *left, const void *right)
{
    for (unsigned i = 0; i < table->row_count; i++) {
        const struct oci_row *row = &table->rows[i];
        bool present = member_present(row, left);

        if (present != member_present(row, right) || (present && !equal_member(row, left, right)))
            return false;
    }
    return true;
}
