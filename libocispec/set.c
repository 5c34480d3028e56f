/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing a document by JSON pointer.  What is new is made in full first and put into its place
 * last, so a refused value changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "member.h"
#include "pointer.h"
#include "read.h"

struct setter {
    struct oci_arena *arena;
    struct oci_report *report;
    const char *pointer; /* the whole of it */
    const char *text;
    size_t length;
};

/* Any of the member kinds that have entries. */
struct list {
    char *items;
    size_t count;
    size_t stride;
    bool by_key; /* entries begin with their key */
};

static struct list list_load(const struct oci_row *row, void *object)
{
    struct oci_strings *strings = (void *)((char *)object + row->offset);
    struct oci_u32s *numbers = (void *)strings;
    struct oci_string_map *map = (void *)strings;
    struct list list = {0};

    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRINGS:
        return (struct list){(char *)strings->items, strings->count, sizeof(char *), false};
    case OCI_KIND_U32S:
        return (struct list){(char *)numbers->items, numbers->count, sizeof(uint32_t), false};
    case OCI_KIND_STRING_MAP:
        return (struct list){(char *)map->items, map->count, sizeof(*map->items), true};
    default:
        memcpy(&list.items, strings, sizeof(list.items));
        list.count = member_count(row, object);
        list.stride = row->kind == OCI_KIND_ENUMS ? sizeof(unsigned) : row->table->size;
        list.by_key = row->kind == OCI_KIND_OBJECT_MAP;
        return list;
    }
}

static void list_store(const struct oci_row *row, void *object, const struct list *list)
{
    void *place = (char *)object + row->offset;

    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRINGS:
        *(struct oci_strings *)place =
            (struct oci_strings){(const char **)(void *)list->items, list->count, true};
        break;
    case OCI_KIND_U32S:
        *(struct oci_u32s *)place =
            (struct oci_u32s){(uint32_t *)(void *)list->items, list->count, true};
        break;
    case OCI_KIND_STRING_MAP:
        *(struct oci_string_map *)place = (struct oci_string_map){
            (struct oci_string_pair *)(void *)list->items, list->count, true};
        break;
    default:
        memcpy(place, &list->items, sizeof(list->items));
        memcpy((char *)object + row->count_offset, &list->count, sizeof(list->count));
        break;
    }
}

/* Reads the text as @row says into @object, which holds nothing but that member. */
static int read_into(const struct setter *setter, const struct oci_row *row, void *object)
{
    struct reader reader;

    memset(&reader, 0, offsetof(struct reader, frames));
    reader.arena = setter->arena;
    reader.report = setter->report;
    reader.text = setter->text;
    reader.length = setter->length;
    reader.prefix = setter->pointer;
    return reader_run(&reader, row, object);
}

/* Replaces a member of a struct. */
static int set_member(const struct setter *setter, const struct oci_table *table,
                      const struct oci_row *row, void *object)
{
    void *changed = oci_arena_alloc(setter->arena, table->size);
    int r;

    if (changed == NULL)
        return -ENOMEM;
    memcpy(changed, object, table->size);
    r = read_into(setter, row, changed);
    if (r == 0)
        memcpy(object, changed, table->size);
    return r;
}

static int set_in_struct(const struct setter *setter, const struct oci_table *table, void *object,
                         const char *rest);

/* Fills in @entry, which begins as a copy of the old one or zeroed with its key. */
static int make_entry(const struct setter *setter, const struct oci_row *row, char *entry,
                      const char *rest)
{
    struct oci_row entry_row = *row;
    const char *key;
    void *object = NULL;
    int r;

    entry_row.offset = 0;
    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRINGS:
        entry_row.kind = OCI_KIND_STRING;
        return read_into(setter, &entry_row, entry);
    case OCI_KIND_STRING_MAP:
        entry_row.kind = OCI_KIND_STRING;
        return read_into(setter, &entry_row, entry + offsetof(struct oci_string_pair, value));
    case OCI_KIND_U32S:
        entry_row.kind = OCI_KIND_U32;
        return read_into(setter, &entry_row, entry);
    case OCI_KIND_ENUMS:
        entry_row.kind = OCI_KIND_ENUM;
        return read_into(setter, &entry_row, entry);
    default:
        break;
    }
    if (*rest != '\0')
        return set_in_struct(setter, row->table, entry, rest);
    entry_row.kind = OCI_KIND_OBJECT;
    memcpy(&key, entry, sizeof(key));
    r = read_into(setter, &entry_row, &object);
    if (r < 0)
        return r;
    memcpy(entry, object, row->table->size);
    if (row->kind == OCI_KIND_OBJECT_MAP)
        memcpy(entry, &key, sizeof(key));
    return 0;
}

/* Puts @entry at @index, behind the others when that is the count. */
static int put_entry(const struct setter *setter, struct list *list, size_t index,
                     const char *entry)
{
    if (index == list->count) {
        char *grown = oci_arena_alloc_array(setter->arena, list->count + 2, list->stride);

        if (grown == NULL)
            return -ENOMEM;
        if (list->count > 0)
            memcpy(grown, list->items, list->count * list->stride);
        list->items = grown;
        list->count++;
    }
    memcpy(list->items + index * list->stride, entry, list->stride);
    return 0;
}

/* Position that @token names; the count for a new entry. */
static int find_entry(const struct list *list, const struct pointer_token *token, size_t *ret)
{
    if (list->by_key) {
        *ret = pointer_find_key(list->items, list->stride, list->count, token);
        return 0;
    }
    if (strcmp(token->text, "-") == 0)
        *ret = list->count;
    else if (!pointer_index(token, ret) || *ret > list->count)
        return -ENOENT;
    return 0;
}

static int set_in_list(const struct setter *setter, const struct oci_row *row, void *object,
                       const char *rest)
{
    struct list list = list_load(row, object);
    struct pointer_token token;
    size_t index;
    char *entry;
    int r = pointer_next(&rest, &token);

    if (r < 0)
        return r;
    if (*rest != '\0' && row->kind != OCI_KIND_OBJECTS && row->kind != OCI_KIND_OBJECT_MAP)
        return -ENOENT;
    r = find_entry(&list, &token, &index);
    if (r < 0)
        return r;
    entry = oci_arena_alloc(setter->arena, list.stride);
    if (entry == NULL)
        return -ENOMEM;
    if (index < list.count) {
        memcpy(entry, list.items + index * list.stride, list.stride);
    } else if (list.by_key) {
        char *key = oci_arena_copy(setter->arena, token.text, token.length);

        if (key == NULL)
            return -ENOMEM;
        memcpy(entry, &key, sizeof(key));
    }
    r = make_entry(setter, row, entry, rest);
    if (r == 0)
        r = put_entry(setter, &list, index, entry);
    if (r == 0)
        list_store(row, object, &list);
    return r;
}

static int set_in_struct(const struct setter *setter, const struct oci_table *table, void *object,
                         const char *rest)
{
    const struct oci_row *row;
    struct pointer_token token;
    void *member;
    bool made = false;
    int r = pointer_next(&rest, &token);

    if (r < 0)
        return r;
    row = pointer_row(table, &token);
    if (row == NULL)
        return -ENOENT;
    if (*rest == '\0')
        return set_member(setter, table, row, object);
    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRINGS:
    case OCI_KIND_U32S:
    case OCI_KIND_ENUMS:
    case OCI_KIND_STRING_MAP:
    case OCI_KIND_OBJECTS:
    case OCI_KIND_OBJECT_MAP:
        return set_in_list(setter, row, object, rest);
    case OCI_KIND_OBJECT:
        break;
    default:
        return -ENOENT;
    }
    memcpy(&member, (char *)object + row->offset, sizeof(member));
    if (member == NULL) {
        member = oci_arena_alloc(setter->arena, row->table->size);
        if (member == NULL)
            return -ENOMEM;
        made = true;
    }
    r = set_in_struct(setter, row->table, member, rest);
    if (r == 0 && made)
        memcpy((char *)object + row->offset, &member, sizeof(member));
    return r;
}

int oci_set(const struct oci_table *table, void *object, struct oci_arena *arena,
            const char *pointer, const char *text, size_t length, struct oci_report *report)
{
    const struct setter setter = {arena, report, pointer, text, length};
    void *replaced;
    int r;

    if (*pointer != '\0')
        return set_in_struct(&setter, table, object, pointer);
    r = oci_parse(table, arena, text, length, &replaced, report);
    if (r == 0)
        memcpy(object, replaced, table->size);
    return r;
}
