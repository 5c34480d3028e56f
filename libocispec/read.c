/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader's stack: containers are opened and closed here. */
#include "read.h"

#include <errno.h>
#include <string.h>

#include "lex.h"
#include "scan.h"
#include "text.h"

bool reader_fail_memory(struct reader *reader)
{
    reader->no_memory = true;
    return false;
}

char *reader_reserve(struct reader *reader, size_t used, size_t size)
{
    if (size > reader->scratch_capacity - used) {
        size_t capacity = reader->scratch_capacity == 0 ? 1024 : reader->scratch_capacity * 2;
        char *grown = oci_arena_alloc(reader->arena, capacity);

        if (grown == NULL) {
            reader_fail_memory(reader);
            return NULL;
        }
        if (used > 0)
            memcpy(grown, reader->scratch, used);
        reader->scratch = grown;
        reader->scratch_capacity = capacity;
    }
    return reader->scratch + used;
}

/* What the value that comes now is for; false when nobody wants it. */
static bool find_slot(struct reader *reader, struct slot *slot)
{
    struct frame *frame = reader_top(reader);

    slot->row = frame->row;
    slot->object = frame->object;
    switch (frame->mode) {
    case FRAME_ROOT:
        slot->kind = frame->row->kind;
        return true;
    case FRAME_OBJECT:
        slot->row = frame->key_row;
        if (slot->row == NULL)
            return false;
        slot->kind = slot->row->kind;
        return true;
    case FRAME_OBJECTS:
        slot->kind = OCI_KIND_OBJECT;
        return true;
    case FRAME_OBJECT_MAP:
        slot->kind = OCI_KIND_OBJECT;
        return frame->key != NULL; /* else it was refused */
    case FRAME_STRINGS:
        slot->kind = OCI_KIND_STRING;
        return true;
    case FRAME_STRING_MAP:
        slot->kind = OCI_KIND_STRING;
        return frame->key != NULL;
    case FRAME_U32S:
        slot->kind = OCI_KIND_U32;
        return true;
    case FRAME_ENUMS:
        slot->kind = OCI_KIND_ENUM;
        return true;
    case FRAME_SKIP:
        return false;
    }
    return false;
}

/* The value is complete: the next one in this container is another. */
static bool finish_value(struct reader *reader, bool go_on)
{
    struct frame *frame = reader_top(reader);

    frame->key = NULL;
    frame->key_row = NULL;
    frame->index++;
    if (frame->mode == FRAME_ROOT)
        reader->end = lex_offset(reader->lexer);
    return go_on;
}

static struct frame *push(struct reader *reader, enum frame_mode mode, const struct slot *slot)
{
    struct frame *frame = &reader->frames[reader->frame_count];

    if (reader->frame_count == READ_FRAMES_MAX) {
        read_fault_depth(reader);
        return NULL;
    }
    *frame = (struct frame){
        .mode = mode,
        .row = slot == NULL ? NULL : slot->row,
        .object = slot == NULL ? NULL : slot->object,
        .start = lex_offset(reader->lexer) - 1,
    };
    reader->frame_count++;
    return frame;
}

static bool push_skip(struct reader *reader)
{
    return push(reader, FRAME_SKIP, NULL) != NULL;
}

static bool push_object(struct reader *reader, const struct oci_row *row, char *object)
{
    struct slot slot = {.row = row, .object = object};
    struct frame *frame = push(reader, FRAME_OBJECT, &slot);

    if (frame == NULL)
        return false;
    frame->table = row->table;
    return true;
}

/* Adds a zeroed struct to the array that is open; @key goes to its first member. */
static char *add_struct(struct reader *reader, struct frame *frame, const char *key)
{
    size_t size = frame->row->table->size;
    char *added;

    if (frame->count == frame->capacity) {
        size_t capacity = frame->capacity == 0 ? 4 : frame->capacity * 2;
        char *grown = oci_arena_alloc_array(reader->arena, capacity, size);

        if (grown == NULL) {
            reader_fail_memory(reader);
            return NULL;
        }
        if (frame->count > 0)
            memcpy(grown, frame->items, frame->count * size);
        frame->items = grown;
        frame->capacity = capacity;
    }
    added = frame->items + frame->count * size;
    if (key != NULL)
        memcpy(added, &key, sizeof(key));
    frame->count++;
    return added;
}

/* A struct of its own for a member that points to one. */
static bool open_object(struct reader *reader, const struct slot *slot)
{
    char *object = oci_arena_alloc(reader->arena, slot->row->table->size);

    if (object == NULL)
        return reader_fail_memory(reader);
    memcpy(slot->object + slot->row->offset, &object, sizeof(object));
    return push_object(reader, slot->row, object);
}

bool read_object_start(struct reader *reader)
{
    struct frame *top = reader_top(reader);
    struct frame *frame;
    struct slot slot;
    char *added;

    if (++reader->depth > OCI_DEPTH_LIMIT)
        return read_fault_depth(reader);
    if (top->mode == FRAME_SKIP) {
        top->skip_depth++;
        return true;
    }
    if (!find_slot(reader, &slot))
        return push_skip(reader);
    if (top->mode == FRAME_OBJECTS || top->mode == FRAME_OBJECT_MAP) {
        added = add_struct(reader, top, top->key);
        return added != NULL && push_object(reader, slot.row, added);
    }
    switch (slot.kind) {
    case OCI_KIND_OBJECT:
        return open_object(reader, &slot);
    case OCI_KIND_OBJECT_MAP:
        return push(reader, FRAME_OBJECT_MAP, &slot) != NULL;
    case OCI_KIND_STRING_MAP:
        return push(reader, FRAME_STRING_MAP, &slot) != NULL;
    case OCI_KIND_OBJECTS:
        if ((slot.row->flags & OCI_ONE_OR_MANY) == 0)
            break;
        frame = push(reader, FRAME_OBJECTS, &slot);
        added = frame == NULL ? NULL : add_struct(reader, frame, NULL);
        if (added == NULL || !push_object(reader, slot.row, added))
            return false;
        reader_top(reader)->single = true;
        return true;
    case OCI_KIND_RAW:
        frame = push(reader, FRAME_SKIP, &slot);
        if (frame == NULL)
            return false;
        frame->raw = true;
        return true;
    default:
        break;
    }
    return read_fault_type(reader, &slot, "an object") && push_skip(reader);
}

bool read_array_start(struct reader *reader)
{
    static const enum frame_mode modes[] = {
        [OCI_KIND_OBJECTS] = FRAME_OBJECTS,
        [OCI_KIND_STRINGS] = FRAME_STRINGS,
        [OCI_KIND_U32S] = FRAME_U32S,
        [OCI_KIND_ENUMS] = FRAME_ENUMS,
    };
    struct frame *top = reader_top(reader);
    struct slot slot;

    if (++reader->depth > OCI_DEPTH_LIMIT)
        return read_fault_depth(reader);
    if (top->mode == FRAME_SKIP) {
        top->skip_depth++;
        return true;
    }
    if (!find_slot(reader, &slot))
        return push_skip(reader);
    switch (slot.kind) {
    case OCI_KIND_OBJECTS:
    case OCI_KIND_STRINGS:
    case OCI_KIND_U32S:
    case OCI_KIND_ENUMS:
        return push(reader, modes[slot.kind], &slot) != NULL;
    default:
        return read_fault_type(reader, &slot, "an array") && push_skip(reader);
    }
}

static void store_count(const struct frame *frame)
{
    size_t *count = (size_t *)(void *)(frame->object + frame->row->count_offset);

    *count = frame->count;
}

/* Hands the structs of an array or map over to the member. */
static bool store_structs(struct reader *reader, struct frame *frame)
{
    if (frame->items == NULL)
        frame->items = oci_arena_alloc(reader->arena, 1); /* "there, but empty" */
    if (frame->items == NULL)
        return reader_fail_memory(reader);
    memcpy(frame->object + frame->row->offset, &frame->items, sizeof(frame->items));
    store_count(frame);
    return true;
}

/* Moves the entries in the scratch space to where they stay, with @extra zeroed bytes behind. */
static void *keep_scratch(struct reader *reader, size_t size, size_t extra)
{
    char *kept = oci_arena_alloc(reader->arena, size + extra);

    if (kept == NULL)
        reader_fail_memory(reader);
    else if (size > 0)
        memcpy(kept, reader->scratch, size);
    return kept;
}

/* Hands a list of scalars or a string map over to the member. */
static bool store_list(struct reader *reader, const struct frame *frame)
{
    void *place = frame->object + frame->row->offset;
    size_t size;
    void *items;

    switch (frame->mode) {
    case FRAME_STRINGS:
        items = keep_scratch(reader, frame->count * sizeof(char *), sizeof(char *));
        *(struct oci_strings *)place =
            (struct oci_strings){.items = items, .count = frame->count, .set = true};
        break;
    case FRAME_U32S:
        items = keep_scratch(reader, frame->count * sizeof(uint32_t), 1);
        *(struct oci_u32s *)place =
            (struct oci_u32s){.items = items, .count = frame->count, .set = true};
        break;
    case FRAME_ENUMS:
        items = keep_scratch(reader, frame->count * sizeof(unsigned), 1);
        memcpy(place, &items, sizeof(items));
        store_count(frame);
        break;
    default:
        size = frame->count * sizeof(struct oci_string_pair);
        items = keep_scratch(reader, size, 1);
        *(struct oci_string_map *)place =
            (struct oci_string_map){.items = items, .count = frame->count, .set = true};
        break;
    }
    return items != NULL;
}

/* Leaves the container on top; its parent has one value more. */
static bool pop(struct reader *reader)
{
    reader->frame_count--;
    return finish_value(reader, true);
}

static bool close_skip(struct reader *reader, struct frame *frame)
{
    if (frame->skip_depth > 0) {
        frame->skip_depth--;
        return true;
    }
    if (frame->raw) {
        char *text = oci_arena_copy(reader->arena, reader->text + frame->start,
                                    lex_offset(reader->lexer) - frame->start);

        if (text == NULL)
            return reader_fail_memory(reader);
        memcpy(frame->object + frame->row->offset, &text, sizeof(text));
    }
    return pop(reader);
}

bool read_array_end(struct reader *reader)
{
    struct frame *frame = reader_top(reader);

    reader->depth--;
    if (frame->mode == FRAME_SKIP)
        return close_skip(reader, frame);
    if (frame->index == 0 && (frame->row->flags & OCI_NOT_EMPTY) != 0 &&
        !read_fault_empty(reader, frame))
        return false;
    if (frame->mode == FRAME_OBJECTS ? !store_structs(reader, frame) : !store_list(reader, frame))
        return false;
    return pop(reader);
}

static bool check_required(struct reader *reader, const struct frame *frame)
{
    const struct oci_table *table = frame->table;

    for (unsigned i = 0; i < table->row_count; i++)
        if ((table->rows[i].flags & OCI_REQUIRED) != 0 && (frame->seen & UINT64_C(1) << i) == 0 &&
            !read_fault_missing(reader, frame, &table->rows[i]))
            return false;
    return true;
}

bool read_object_end(struct reader *reader)
{
    struct frame *frame = reader_top(reader);
    bool single = frame->single;

    reader->depth--;
    switch (frame->mode) {
    case FRAME_SKIP:
        return close_skip(reader, frame);
    case FRAME_OBJECT_MAP:
        return store_structs(reader, frame) && pop(reader);
    case FRAME_STRING_MAP:
        return store_list(reader, frame) && pop(reader);
    default:
        break;
    }
    if (!check_required(reader, frame))
        return false;
    pop(reader);
    return !single || (store_structs(reader, reader_top(reader)) && pop(reader));
}

/* The row of a key.  Documents mostly follow the order of the rows, so begin behind the last. */
static const struct oci_row *find_row(struct frame *frame, const char *key, size_t length)
{
    const struct oci_table *table = frame->table;
    unsigned at = frame->cursor;

    for (unsigned i = 0; i < table->row_count; i++, at++) {
        const struct oci_row *row;

        if (at >= table->row_count)
            at = 0;
        row = &table->rows[at];
        if (row->key_length == length && memcmp(row->key, key, length) == 0) {
            frame->cursor = at + 1;
            return row;
        }
    }
    return NULL;
}

/* A copy of @key unless it stands unescaped in the text. */
static const char *keep_key(struct reader *reader, const char *key, size_t length)
{
    uintptr_t start = (uintptr_t)reader->text;

    if ((uintptr_t)key >= start && (uintptr_t)key < start + reader->length)
        return key;
    return oci_arena_copy(reader->arena, key, length);
}

static bool read_member_key(struct reader *reader, struct frame *frame, const char *key,
                            size_t length)
{
    const struct oci_row *row = find_row(frame, key, length);

    frame->key = row != NULL ? row->key : keep_key(reader, key, length);
    if (frame->key == NULL)
        return reader_fail_memory(reader);
    frame->key_length = length;
    frame->key_row = row;
    if (row != NULL) {
        uint64_t bit = UINT64_C(1) << (row - frame->table->rows);

        if ((frame->seen & bit) != 0) {
            frame->key_row = NULL;
            return read_fault_duplicate(reader, key, length);
        }
        frame->seen |= bit;
        return true;
    }
    return !reader->report->unknown_keys ||
           read_fault_unknown_key(reader, frame->table, key, length);
}

static bool read_map_key(struct reader *reader, struct frame *frame, const char *key, size_t length)
{
    bool strings = frame->mode == FRAME_STRING_MAP;
    size_t stride = strings ? sizeof(struct oci_string_pair) : frame->row->table->size;
    int r;

    frame->key = NULL;
    if (memchr(key, '\0', length) != NULL)
        return read_fault_nul(reader);
    r = key_set_add(&frame->keys, reader->arena, strings ? reader->scratch : frame->items, stride,
                    frame->count, key, length);
    if (r == -EEXIST)
        return read_fault_duplicate(reader, key, length);
    if (r == 0)
        frame->key = oci_arena_copy(reader->arena, key, length);
    frame->key_length = length;
    return frame->key != NULL || reader_fail_memory(reader);
}

bool read_key(struct reader *reader, const char *text, size_t length)
{
    struct frame *frame = reader_top(reader);

    switch (frame->mode) {
    case FRAME_SKIP:
        return true;
    case FRAME_OBJECT:
        return read_member_key(reader, frame, text, length);
    default:
        return read_map_key(reader, frame, text, length);
    }
}

bool read_null(struct reader *reader)
{
    struct slot slot;

    if (reader_top(reader)->mode == FRAME_SKIP)
        return true;
    return finish_value(reader,
                        !find_slot(reader, &slot) || read_fault_type(reader, &slot, "null"));
}

bool read_bool(struct reader *reader, bool value)
{
    struct slot slot;

    if (reader_top(reader)->mode == FRAME_SKIP)
        return true;
    return finish_value(reader,
                        !find_slot(reader, &slot) || read_scalar_bool(reader, &slot, value));
}

bool read_number(struct reader *reader, const char *text, size_t length)
{
    struct slot slot;

    if (reader_top(reader)->mode == FRAME_SKIP)
        return true;
    return finish_value(reader, !find_slot(reader, &slot) ||
                                    read_scalar_number(reader, &slot, text, length));
}

bool read_string(struct reader *reader, const char *text, size_t length)
{
    struct slot slot;

    if (reader_top(reader)->mode == FRAME_SKIP)
        return true;
    return finish_value(reader, !find_slot(reader, &slot) ||
                                    read_scalar_string(reader, &slot, text, length));
}

/* The lexer lets the beginning of a further token pass at the end of the text. */
static bool ends_well(const struct reader *reader)
{
    struct scan scan = {.text = reader->text, .length = reader->length, .at = reader->end};

    scan_blanks(&scan);
    return scan.at == reader->length;
}

/* Not JSON: our own scanner knows the first wrong byte better than the lexer. */
static void report_syntax(struct reader *reader)
{
    const char *error = "malformed";
    size_t offset = reader->length;

    (void)scan_find_error(reader->text, reader->length, &offset, &error);
    read_fault_syntax(reader, offset, error);
}

int reader_run(struct reader *reader, const struct oci_row *row, void *object)
{
    enum lex_result result;
    const char *error;
    size_t offset;

    if (reader->length > OCI_SIZE_LIMIT) {
        read_fault_size(reader);
        return -EINVAL;
    }
    reader->frames[0] = (struct frame){.mode = FRAME_ROOT, .row = row, .object = object};
    reader->frame_count = 1;
    error = text_check(reader->text, reader->length, &offset);
    if (error != NULL) {
        read_fault_syntax(reader, offset, error);
        return -EINVAL;
    }
    result = lex_run(reader, &reader->lexer);
    reader->lexer = NULL;
    if (result == LEX_NO_MEMORY || reader->no_memory)
        return -ENOMEM;
    if (result == LEX_INVALID || (result == LEX_DONE && !ends_well(reader)))
        report_syntax(reader);
    return reader->faults > 0 ? -EINVAL : 0;
}

int oci_parse(const struct oci_table *table, struct oci_arena *arena, const char *text,
              size_t length, void **ret, struct oci_report *report)
{
    const struct oci_row row = {.key = "", .kind = OCI_KIND_OBJECT, .table = table};
    struct reader reader;
    void *object = NULL;
    int r;

    memset(&reader, 0, offsetof(struct reader, frames)); /* the frames are set when pushed */
    reader.arena = arena;
    reader.report = report;
    reader.text = text;
    reader.length = length;
    reader.prefix = "";
    r = reader_run(&reader, &row, &object);
    if (r < 0)
        return r;
    *ret = object;
    return 0;
}
