/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a document by JSON pointer. */
#include "pointer.h"

#include <errno.h>
#include <string.h>

#include "member.h"

int pointer_next(const char **pointer, struct pointer_token *token)
{
    const char *at = *pointer;

    if (*at == '\0')
        return 0;
    if (*at++ != '/')
        return -EINVAL;
    token->length = 0;
    for (; *at != '\0' && *at != '/'; at++) {
        char character = *at;

        if (character == '~') {
            at++;
            if (*at != '0' && *at != '1')
                return -EINVAL;
            character = *at == '0' ? '~' : '/';
        }
        if (token->length == sizeof(token->text) - 1)
            return -ENOENT;
        token->text[token->length++] = character;
    }
    token->text[token->length] = '\0';
    *pointer = at;
    return 1;
}

bool pointer_index(const struct pointer_token *token, size_t *ret)
{
    size_t index = 0;

    if (token->length == 0 || token->length > 9 || (token->length > 1 && token->text[0] == '0'))
        return false;
    for (size_t i = 0; i < token->length; i++) {
        if (token->text[i] < '0' || token->text[i] > '9')
            return false;
        index = index * 10 + (size_t)(token->text[i] - '0');
    }
    *ret = index;
    return true;
}

const struct oci_row *pointer_row(const struct oci_table *table, const struct pointer_token *token)
{
    for (unsigned i = 0; i < table->row_count; i++)
        if (strcmp(table->rows[i].key, token->text) == 0)
            return &table->rows[i];
    return NULL;
}

size_t pointer_find_key(const char *items, size_t stride, size_t count,
                        const struct pointer_token *token)
{
    size_t i = 0;

    for (; i < count; i++) {
        const char *key;

        memcpy(&key, items + i * stride, sizeof(key));
        if (strcmp(key, token->text) == 0)
            break;
    }
    return i;
}

/* Moves from a member to the entry that @token names. */
static int enter_entry(struct oci_value *value, const struct pointer_token *token)
{
    const struct oci_strings *strings = value->place;
    const struct oci_u32s *numbers = value->place;
    const struct oci_string_map *map = value->place;
    const struct oci_row *row = value->row;
    const void *object = (const char *)value->place - row->offset;
    const char *items;
    size_t count, index;

    if (value->kind == OCI_KIND_STRING_MAP) {
        index = pointer_find_key((const char *)map->items, sizeof(*map->items), map->count, token);
        if (index == map->count)
            return -ENOENT;
        *value = (struct oci_value){row, OCI_KIND_STRING, &map->items[index].value};
        return 0;
    }
    if (value->kind == OCI_KIND_OBJECT_MAP) {
        items = member_pointer(row, object);
        count = member_count(row, object);
        index = pointer_find_key(items, row->table->size, count, token);
        if (index == count)
            return -ENOENT;
        *value = (struct oci_value){row, OCI_KIND_OBJECT, items + index * row->table->size};
        return 0;
    }
    if (value->kind != OCI_KIND_STRINGS && value->kind != OCI_KIND_U32S &&
        value->kind != OCI_KIND_ENUMS && value->kind != OCI_KIND_OBJECTS)
        return -EINVAL;
    if (!pointer_index(token, &index))
        return -ENOENT;
    if (value->kind == OCI_KIND_STRINGS) {
        if (index >= strings->count)
            return -ENOENT;
        *value = (struct oci_value){row, OCI_KIND_STRING, &strings->items[index]};
        return 0;
    }
    if (value->kind == OCI_KIND_U32S) {
        if (index >= numbers->count)
            return -ENOENT;
        *value = (struct oci_value){row, OCI_KIND_U32, &numbers->items[index]};
        return 0;
    }
    items = member_pointer(row, object);
    if (index >= member_count(row, object))
        return -ENOENT;
    if (value->kind == OCI_KIND_ENUMS)
        *value = (struct oci_value){row, OCI_KIND_ENUM, items + index * sizeof(unsigned)};
    else
        *value = (struct oci_value){row, OCI_KIND_OBJECT, items + index * row->table->size};
    return 0;
}

/* Moves from a struct to one of its members. */
static int enter_member(struct oci_value *value, const struct oci_table *table,
                        const struct pointer_token *token)
{
    const struct oci_row *row = pointer_row(table, token);

    if (row == NULL || !member_present(row, value->place))
        return -ENOENT;
    value->place = row->kind == OCI_KIND_OBJECT ? member_pointer(row, value->place)
                                                : member_place(row, value->place);
    value->row = row;
    value->kind = row->kind;
    return 0;
}

int oci_get(const struct oci_table *table, const void *object, const char *pointer,
            struct oci_value *ret)
{
    struct oci_value value = {NULL, OCI_KIND_OBJECT, object};
    struct pointer_token token;
    int r;

    while ((r = pointer_next(&pointer, &token)) > 0) {
        if (value.kind == OCI_KIND_OBJECT)
            r = enter_member(&value, value.row == NULL ? table : value.row->table, &token);
        else
            r = enter_entry(&value, &token);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = value;
    return 0;
}
