/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scalars: from token to member or list entry. */
#include <string.h>

#include "number.h"
#include "read.h"

bool kind_is_integer(enum oci_kind kind)
{
    switch (kind) {
    case OCI_KIND_U32:
    case OCI_KIND_U64:
    case OCI_KIND_I32:
    case OCI_KIND_I64:
    case OCI_KIND_OPTIONAL_U16:
    case OCI_KIND_OPTIONAL_U32:
    case OCI_KIND_OPTIONAL_U64:
    case OCI_KIND_OPTIONAL_I32:
    case OCI_KIND_OPTIONAL_I64:
        return true;
    default:
        return false;
    }
}

struct oci_range row_range(const struct oci_row *row, enum oci_kind kind)
{
    if (row->range != NULL && row->kind == kind)
        return *row->range;
    switch (kind) {
    case OCI_KIND_OPTIONAL_U16:
        return (struct oci_range){0, UINT16_MAX};
    case OCI_KIND_U32:
    case OCI_KIND_OPTIONAL_U32:
        return (struct oci_range){0, UINT32_MAX};
    case OCI_KIND_I32:
    case OCI_KIND_OPTIONAL_I32:
        return (struct oci_range){INT32_MIN, INT32_MAX};
    case OCI_KIND_I64:
    case OCI_KIND_OPTIONAL_I64:
        return (struct oci_range){INT64_MIN, INT64_MAX};
    default:
        return (struct oci_range){0, UINT64_MAX};
    }
}

static void store_integer(enum oci_kind kind, void *place, uint64_t value)
{
    switch (kind) {
    case OCI_KIND_U32:
        *(uint32_t *)place = (uint32_t)value;
        break;
    case OCI_KIND_U64:
        *(uint64_t *)place = value;
        break;
    case OCI_KIND_I32:
        *(int32_t *)place = (int32_t)value;
        break;
    case OCI_KIND_I64:
        *(int64_t *)place = (int64_t)value;
        break;
    case OCI_KIND_OPTIONAL_U16:
        *(struct oci_optional_u16 *)place = (struct oci_optional_u16){true, (uint16_t)value};
        break;
    case OCI_KIND_OPTIONAL_U32:
        *(struct oci_optional_u32 *)place = (struct oci_optional_u32){true, (uint32_t)value};
        break;
    case OCI_KIND_OPTIONAL_U64:
        *(struct oci_optional_u64 *)place = (struct oci_optional_u64){true, value};
        break;
    case OCI_KIND_OPTIONAL_I32:
        *(struct oci_optional_i32 *)place = (struct oci_optional_i32){true, (int32_t)value};
        break;
    default:
        *(struct oci_optional_i64 *)place = (struct oci_optional_i64){true, (int64_t)value};
        break;
    }
}

/* Appends an entry of @size bytes to the list that is open. */
static bool append(struct reader *reader, const void *entry, size_t size)
{
    struct frame *frame = reader_top(reader);
    char *place = reader_reserve(reader, frame->count * size, size);

    if (place == NULL)
        return false;
    memcpy(place, entry, size);
    frame->count++;
    return true;
}

bool read_scalar_bool(struct reader *reader, const struct slot *slot, bool value)
{
    void *place = slot->object + slot->row->offset;

    switch (slot->kind) {
    case OCI_KIND_BOOL:
        *(bool *)place = value;
        return true;
    case OCI_KIND_OPTIONAL_BOOL:
        *(struct oci_optional_bool *)place = (struct oci_optional_bool){true, value};
        return true;
    default:
        return read_fault_type(reader, slot, value ? "true" : "false");
    }
}

bool read_scalar_number(struct reader *reader, const struct slot *slot, const char *text,
                        size_t length)
{
    struct oci_range range;
    uint64_t magnitude = 0;
    bool negative = false;

    if (!kind_is_integer(slot->kind))
        return read_fault_type(reader, slot, "a number");
    range = row_range(slot->row, slot->kind);
    switch (number_parse(text, length, &negative, &magnitude)) {
    case NUMBER_OK:
        break;
    case NUMBER_NOT_INTEGER:
    case NUMBER_OUT_OF_RANGE:
        return read_fault_value(reader, slot, OCI_FAULT_RANGE, text, length);
    }
    if (negative)
        magnitude = -magnitude;
    if (negative ? (int64_t)magnitude < range.min
                 : magnitude > range.max || (range.min > 0 && magnitude < (uint64_t)range.min))
        return read_fault_value(reader, slot, OCI_FAULT_RANGE, text, length);
    if (reader_top(reader)->mode == FRAME_U32S) {
        uint32_t entry = (uint32_t)magnitude;

        return append(reader, &entry, sizeof(entry));
    }
    store_integer(slot->kind, slot->object + slot->row->offset, magnitude);
    return true;
}

static bool read_word(struct reader *reader, const struct slot *slot, const char *text,
                      size_t length)
{
    unsigned value = oci_word_value(slot->row->words, text, length);

    if (value == 0)
        return read_fault_value(reader, slot, OCI_FAULT_VALUE, text, length);
    if (reader_top(reader)->mode == FRAME_ENUMS)
        return append(reader, &value, sizeof(value));
    memcpy(slot->object + slot->row->offset, &value, sizeof(value));
    return true;
}

bool read_scalar_string(struct reader *reader, const struct slot *slot, const char *text,
                        size_t length)
{
    struct frame *frame = reader_top(reader);
    const char *copy;

    if (slot->kind != OCI_KIND_STRING && slot->kind != OCI_KIND_ENUM)
        return read_fault_type(reader, slot, "a string");
    if (memchr(text, '\0', length) != NULL)
        return read_fault_nul(reader);
    if (slot->kind == OCI_KIND_ENUM)
        return read_word(reader, slot, text, length);
    if (slot->row->form != NULL && frame->mode != FRAME_STRING_MAP &&
        !slot->row->form->matches(text, length))
        return read_fault_value(reader, slot, OCI_FAULT_VALUE, text, length);
    copy = oci_arena_copy(reader->arena, text, length);
    if (copy == NULL)
        return reader_fail_memory(reader);
    if (frame->mode == FRAME_STRING_MAP) {
        struct oci_string_pair pair = {frame->key, copy};

        return append(reader, &pair, sizeof(pair));
    }
    if (frame->mode == FRAME_STRINGS)
        return append(reader, &copy, sizeof(copy));
    memcpy(slot->object + slot->row->offset, &copy, sizeof(copy));
    return true;
}
