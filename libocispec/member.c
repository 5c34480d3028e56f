/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members seen through their rows. */
#include "member.h"

static struct member_number from_signed(int64_t value)
{
    return (struct member_number){value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value};
}

static struct member_number from_unsigned(uint64_t value)
{
    return (struct member_number){false, value};
}

struct member_number member_number(enum oci_kind kind, const void *place)
{
    switch (kind) {
    case OCI_KIND_U32:
        return from_unsigned(*(const uint32_t *)place);
    case OCI_KIND_U64:
        return from_unsigned(*(const uint64_t *)place);
    case OCI_KIND_I32:
        return from_signed(*(const int32_t *)place);
    case OCI_KIND_I64:
        return from_signed(*(const int64_t *)place);
    case OCI_KIND_OPTIONAL_U16:
        return from_unsigned(((const struct oci_optional_u16 *)place)->value);
    case OCI_KIND_OPTIONAL_U32:
        return from_unsigned(((const struct oci_optional_u32 *)place)->value);
    case OCI_KIND_OPTIONAL_U64:
        return from_unsigned(((const struct oci_optional_u64 *)place)->value);
    case OCI_KIND_OPTIONAL_I32:
        return from_signed(((const struct oci_optional_i32 *)place)->value);
    case OCI_KIND_OPTIONAL_I64:
        return from_signed(((const struct oci_optional_i64 *)place)->value);
    default:
        return from_unsigned(0);
    }
}

bool member_bool(enum oci_kind kind, const void *place)
{
    return kind == OCI_KIND_BOOL ? *(const bool *)place
                                 : ((const struct oci_optional_bool *)place)->value;
}

bool member_present(const struct oci_row *row, const void *object)
{
    const void *place = member_place(row, object);
    const struct oci_strings *strings = place;
    const struct oci_u32s *numbers = place;
    const struct oci_string_map *map = place;

    switch ((enum oci_kind)row->kind) {
    case OCI_KIND_STRING:
    case OCI_KIND_RAW:
    case OCI_KIND_OBJECT:
        return member_pointer(row, object) != NULL;
    case OCI_KIND_OBJECTS:
    case OCI_KIND_OBJECT_MAP:
    case OCI_KIND_ENUMS:
        return member_pointer(row, object) != NULL;
    case OCI_KIND_BOOL:
        return (row->flags & (OCI_REQUIRED | OCI_ALWAYS)) != 0 || *(const bool *)place;
    case OCI_KIND_U32:
    case OCI_KIND_U64:
    case OCI_KIND_I32:
    case OCI_KIND_I64:
        return (row->flags & (OCI_REQUIRED | OCI_ALWAYS)) != 0 ||
               member_number(row->kind, place).magnitude != 0;
    case OCI_KIND_OPTIONAL_BOOL:
        return ((const struct oci_optional_bool *)place)->set;
    case OCI_KIND_OPTIONAL_U16:
        return ((const struct oci_optional_u16 *)place)->set;
    case OCI_KIND_OPTIONAL_U32:
        return ((const struct oci_optional_u32 *)place)->set;
    case OCI_KIND_OPTIONAL_U64:
        return ((const struct oci_optional_u64 *)place)->set;
    case OCI_KIND_OPTIONAL_I32:
        return ((const struct oci_optional_i32 *)place)->set;
    case OCI_KIND_OPTIONAL_I64:
        return ((const struct oci_optional_i64 *)place)->set;
    case OCI_KIND_ENUM:
        return member_enum(place) != 0;
    case OCI_KIND_STRINGS: /* structs made by hand may leave `set` out when there are entries */
        return strings->set || strings->count > 0;
    case OCI_KIND_U32S:
        return numbers->set || numbers->count > 0;
    case OCI_KIND_STRING_MAP:
        return map->set || map->count > 0;
    }
    return false;
}
