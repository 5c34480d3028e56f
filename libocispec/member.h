/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at the members of a struct through their rows. */
#ifndef OCISPEC_MEMBER_H
#define OCISPEC_MEMBER_H

#include <string.h>

#include "ocispec/table.h"

/* A number's sign and size. */
struct member_number {
    bool negative;
    uint64_t magnitude;
};

static inline const void *member_place(const struct oci_row *row, const void *object)
{
    return (const char *)object + row->offset;
}

/* The pointer that a STRING, RAW, OBJECT, OBJECTS, OBJECT_MAP or ENUMS member holds. */
static inline const void *member_pointer(const struct oci_row *row, const void *object)
{
    const void *pointer;

    memcpy(&pointer, member_place(row, object), sizeof(pointer));
    return pointer;
}

/* The count beside the pointer of OBJECTS, OBJECT_MAP and ENUMS. */
static inline size_t member_count(const struct oci_row *row, const void *object)
{
    size_t count;

    memcpy(&count, (const char *)object + row->count_offset, sizeof(count));
    return count;
}

static inline unsigned member_enum(const void *place)
{
    unsigned value;

    memcpy(&value, place, sizeof(value));
    return value;
}

/* Whether the document has (or gets) the key. */
bool member_present(const struct oci_row *row, const void *object);

/* Of an integer kind; for optionals that are set. */
struct member_number member_number(enum oci_kind kind, const void *place);

/* Of BOOL and OPTIONAL_BOOL. */
bool member_bool(enum oci_kind kind, const void *place);

#endif
