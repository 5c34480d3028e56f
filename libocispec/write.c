/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From structs to JSON text.  How deep it nests is bounded by the tables. */
#include <errno.h>
#include <stdio.h>

#include "member.h"
#include "ocispec/ocispec.h"
#include "text.h"

struct writer {
    struct oci_arena *arena;
    char *text;
    size_t used;
    size_t capacity;
    unsigned flags;
    unsigned level;
    bool no_memory;
};

static void write_object(struct writer *writer, const struct oci_table *table, const void *object);

/* Room for @size more bytes, or NULL. */
static char *reserve(struct writer *writer, size_t size)
{
    if (size > writer->capacity - writer->used && !writer->no_memory) {
        size_t capacity = writer->capacity < 2048 ? 4096 : writer->capacity * 2;
        char *grown;

        if (capacity < writer->used + size)
            capacity = (writer->used + size) * 2;
        grown = oci_arena_alloc(writer->arena, capacity);
        if (grown == NULL) {
            writer->no_memory = true;
            return NULL;
        }
        if (writer->used > 0)
            memcpy(grown, writer->text, writer->used);
        writer->text = grown;
        writer->capacity = capacity;
    }
    return writer->no_memory ? NULL : writer->text + writer->used;
}

static void put(struct writer *writer, const char *text, size_t length)
{
    char *place = reserve(writer, length);

    if (place == NULL)
        return;
    memcpy(place, text, length);
    writer->used += length;
}

static void put_character(struct writer *writer, char character)
{
    put(writer, &character, 1);
}

static void new_line(struct writer *writer)
{
    static const char blanks[] = "                                ";

    if ((writer->flags & OCI_WRITE_INDENT) == 0)
        return;
    put_character(writer, '\n');
    for (unsigned left = writer->level * 4; left > 0;) {
        unsigned part = left < sizeof(blanks) - 1 ? left : (unsigned)sizeof(blanks) - 1;

        put(writer, blanks, part);
        left -= part;
    }
}

static void open_container(struct writer *writer, char bracket)
{
    put_character(writer, bracket);
    writer->level++;
}

/* In front of each entry; @first is cleared. */
static void next_entry(struct writer *writer, bool *first)
{
    if (!*first)
        put_character(writer, ',');
    *first = false;
    new_line(writer);
}

static void close_container(struct writer *writer, char bracket, bool empty)
{
    writer->level--;
    if (!empty)
        new_line(writer);
    put_character(writer, bracket);
}

static size_t plain_length(const char *text)
{
    size_t length = 0;

    while ((unsigned char)text[length] >= 0x20 && (unsigned char)text[length] < 0x7f &&
           text[length] != '"' && text[length] != '\\')
        length++;
    return length;
}

/* Writes one character that is not plain; returns its length in @text. */
static size_t put_special(struct writer *writer, const char *text)
{
    static const char specials[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *special = strchr(specials, *text);
    unsigned char byte = (unsigned char)*text;
    char escape[8];
    size_t sequence;

    if (special != NULL) {
        escape[0] = '\\';
        escape[1] = letters[special - specials];
        put(writer, escape, 2);
        return 1;
    }
    if (byte < 0x20) {
        put(writer, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", byte));
        return 1;
    }
    sequence = text_utf8_sequence(text, strnlen(text, 4));
    if (sequence == 0) { /* the document has to stay UTF-8 */
        put(writer, "\xef\xbf\xbd", 3);
        return 1;
    }
    put(writer, text, sequence);
    return sequence;
}

static void write_string(struct writer *writer, const char *text)
{
    put_character(writer, '"');
    for (;;) {
        size_t length = plain_length(text);

        put(writer, text, length);
        text += length;
        if (*text == '\0')
            break;
        text += put_special(writer, text);
    }
    put_character(writer, '"');
}

static void write_key(struct writer *writer, const char *key)
{
    write_string(writer, key);
    put_character(writer, ':');
    if ((writer->flags & OCI_WRITE_INDENT) != 0)
        put_character(writer, ' ');
}

static void write_number(struct writer *writer, struct member_number number)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number.magnitude % 10);
        number.magnitude /= 10;
    } while (number.magnitude > 0);
    if (number.negative)
        digits[--at] = '-';
    put(writer, digits + at, sizeof(digits) - at);
}

static void write_word(struct writer *writer, const struct oci_words *words, const void *place)
{
    const char *word = oci_word_name(words, member_enum(place));

    write_string(writer, word == NULL ? "" : word);
}

static void write_strings(struct writer *writer, const struct oci_strings *strings)
{
    bool first = true;

    open_container(writer, '[');
    for (size_t i = 0; i < strings->count; i++) {
        next_entry(writer, &first);
        write_string(writer, strings->items[i]);
    }
    close_container(writer, ']', first);
}

static void write_numbers(struct writer *writer, const struct oci_u32s *numbers)
{
    bool first = true;

    open_container(writer, '[');
    for (size_t i = 0; i < numbers->count; i++) {
        next_entry(writer, &first);
        write_number(writer, member_number(OCI_KIND_U32, &numbers->items[i]));
    }
    close_container(writer, ']', first);
}

static void write_words(struct writer *writer, const struct oci_row *row, const void *object)
{
    const char *items = member_pointer(row, object);
    size_t count = member_count(row, object);
    bool first = true;

    open_container(writer, '[');
    for (size_t i = 0; i < count; i++) {
        next_entry(writer, &first);
        write_word(writer, row->words, items + i * sizeof(unsigned));
    }
    close_container(writer, ']', first);
}

static void write_string_map(struct writer *writer, const struct oci_string_map *map)
{
    bool first = true;

    open_container(writer, '{');
    for (size_t i = 0; i < map->count; i++) {
        next_entry(writer, &first);
        write_key(writer, map->items[i].key);
        write_string(writer, map->items[i].value);
    }
    close_container(writer, '}', first);
}

/* An array of structs, or a map from their `key` members to them. */
static void write_objects(struct writer *writer, const struct oci_row *row, const void *object)
{
    const char *items = member_pointer(row, object);
    size_t count = member_count(row, object);
    bool is_map = row->kind == OCI_KIND_OBJECT_MAP;
    bool first = true;

    open_container(writer, is_map ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        const char *item = items + i * row->table->size;

        next_entry(writer, &first);
        if (is_map) {
            const char *key;

            memcpy(&key, item, sizeof(key));
            write_key(writer, key);
        }
        write_object(writer, row->table, item);
    }
    close_container(writer, is_map ? '}' : ']', first);
}

static void write_member(struct writer *writer, const struct oci_row *row, const void *object)
{
    const void *place = member_place(row, object);
    const char *raw;

    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRING:
        write_string(writer, member_pointer(row, object));
        break;
    case OCI_KIND_RAW:
        raw = member_pointer(row, object);
        put(writer, raw, strlen(raw));
        break;
    case OCI_KIND_BOOL:
    case OCI_KIND_OPTIONAL_BOOL:
        if (member_bool(row->kind, place))
            put(writer, "true", 4);
        else
            put(writer, "false", 5);
        break;
    case OCI_KIND_ENUM:
        write_word(writer, row->words, place);
        break;
    case OCI_KIND_ENUMS:
        write_words(writer, row, object);
        break;
    case OCI_KIND_STRINGS:
        write_strings(writer, place);
        break;
    case OCI_KIND_U32S:
        write_numbers(writer, place);
        break;
    case OCI_KIND_STRING_MAP:
        write_string_map(writer, place);
        break;
    case OCI_KIND_OBJECT:
        write_object(writer, row->table, member_pointer(row, object));
        break;
    case OCI_KIND_OBJECTS:
    case OCI_KIND_OBJECT_MAP:
        write_objects(writer, row, object);
        break;
    default:
        write_number(writer, member_number(row->kind, place));
        break;
    }
}

static void write_object(struct writer *writer, const struct oci_table *table, const void *object)
{
    bool first = true;

    open_container(writer, '{');
    for (unsigned i = 0; i < table->row_count; i++) {
        const struct oci_row *row = &table->rows[i];

        if (!member_present(row, object))
            continue;
        next_entry(writer, &first);
        write_key(writer, row->key);
        write_member(writer, row, object);
    }
    close_container(writer, '}', first);
}

int oci_write(const struct oci_table *table, const void *object, unsigned flags,
              struct oci_arena *arena, const char **ret_text, size_t *ret_length)
{
    struct writer writer = {.arena = arena, .flags = flags};

    write_object(&writer, table, object);
    if ((flags & OCI_WRITE_INDENT) != 0)
        put_character(&writer, '\n');
    put_character(&writer, '\0');
    if (writer.no_memory)
        return -ENOMEM;
    *ret_text = writer.text;
    *ret_length = writer.used - 1;
    return 0;
}
