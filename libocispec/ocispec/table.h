/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One const table of rows describes one struct: which JSON key goes to which member and how.  The
 * reader, the writer, copying, comparing and access by JSON pointer all work from the same rows.
 * Anybody can declare a table for a document of their own:
 *
 *     struct note { const char *id; uint32_t size; struct oci_strings tags; };
 *     static const struct oci_row note_rows[] = {
 *         OCI_ROW_STRING(struct note, "id", id, OCI_REQUIRED),
 *         OCI_ROW_U32(struct note, "size", size, OCI_ALWAYS),
 *         OCI_ROW_STRINGS(struct note, "tags", tags, 0),
 *     };
 *     const struct oci_table note_table = OCI_TABLE(struct note, "note", note_rows);
 *
 * A row does not compile when the member's type is not the one that its kind needs.  Rows are
 * written out in their order.  At most 64 rows per table.
 */
#ifndef OCISPEC_TABLE_H
#define OCISPEC_TABLE_H

#include "ocispec/types.h"
#include "ocispec/words.h"

enum oci_kind {
    OCI_KIND_STRING,
    OCI_KIND_BOOL, /* plain scalars: absent is 0 or false */
    OCI_KIND_U32,
    OCI_KIND_U64,
    OCI_KIND_I32,
    OCI_KIND_I64,
    OCI_KIND_OPTIONAL_BOOL,
    OCI_KIND_OPTIONAL_U16,
    OCI_KIND_OPTIONAL_U32,
    OCI_KIND_OPTIONAL_U64,
    OCI_KIND_OPTIONAL_I32,
    OCI_KIND_OPTIONAL_I64,
    OCI_KIND_ENUM,  /* a word of a closed set */
    OCI_KIND_ENUMS, /* a list of them */
    OCI_KIND_STRINGS,
    OCI_KIND_U32S,
    OCI_KIND_STRING_MAP,
    OCI_KIND_OBJECT,     /* pointer to a struct */
    OCI_KIND_OBJECTS,    /* array of structs */
    OCI_KIND_OBJECT_MAP, /* JSON object; array of structs with a `key` member */
    OCI_KIND_RAW,        /* any JSON object, kept as text */
};

enum oci_row_flags {
    OCI_REQUIRED = 1,    /* its absence is a fault; a required scalar is always written */
    OCI_ALWAYS = 2,      /* written even when 0 or false */
    OCI_NOT_EMPTY = 4,   /* a list needs at least one entry */
    OCI_ONE_OR_MANY = 8, /* OBJECTS: a single object counts as an array of one */
};

/* Limits of an integer beyond those of its type. */
struct oci_range {
    int64_t min;
    uint64_t max;
};

/* A form that a string must have. */
struct oci_form {
    bool (*matches)(const char *text, size_t length);
    const char *expected; /* "\"RLIMIT_\" and capital letters" */
};

struct oci_table;

struct oci_row {
    const char *key;
    uint16_t key_length;
    uint16_t offset;       /* of the member */
    uint16_t count_offset; /* of member_count, for arrays and lists of words */
    uint8_t kind;          /* enum oci_kind */
    uint8_t flags;         /* enum oci_row_flags */
    union {
        const struct oci_table *table; /* of the object */
        const struct oci_words *words; /* of the enum */
        const struct oci_range *range; /* of a number; NULL: its type's */
        const struct oci_form *form;   /* of a string or of every string of a list; NULL: any */
    };
};

struct oci_table {
    const char *name; /* for people: "mount" */
    const struct oci_row *rows;
    uint16_t row_count;
    uint16_t size; /* of the struct */
};

/* 0, and proof that `member` of `type` has the type `wanted`. */
#define OCI_PROVE_(type, member, wanted)                                                          \
    (0 * sizeof(struct {                                                                          \
         _Static_assert(__builtin_types_compatible_p(__typeof__(((type *)NULL)->member), wanted), \
                        "the kind of the row does not fit the type of " #member);                 \
         char dummy;                                                                              \
     }))

#define OCI_ROW_(type, key_, member, kind_, wanted, flags_, ...)                              \
    {                                                                                         \
        .key = key_, .key_length = sizeof(key_) - 1,                                          \
        .offset = offsetof(type, member) + OCI_PROVE_(type, member, wanted), .kind = (kind_), \
        .flags = (flags_), __VA_ARGS__                                                        \
    }

#define OCI_ROW_STRING(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_STRING, const char *, flags)
#define OCI_ROW_BOOL(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_BOOL, bool, flags)
#define OCI_ROW_U32(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_U32, uint32_t, flags)
#define OCI_ROW_U64(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_U64, uint64_t, flags)
#define OCI_ROW_I32(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_I32, int32_t, flags)
#define OCI_ROW_I64(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_I64, int64_t, flags)
#define OCI_ROW_OPTIONAL_BOOL(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_OPTIONAL_BOOL, struct oci_optional_bool, flags)
#define OCI_ROW_OPTIONAL_U16(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_OPTIONAL_U16, struct oci_optional_u16, flags)
#define OCI_ROW_OPTIONAL_U32(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_OPTIONAL_U32, struct oci_optional_u32, flags)
#define OCI_ROW_OPTIONAL_U64(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_OPTIONAL_U64, struct oci_optional_u64, flags)
#define OCI_ROW_OPTIONAL_I32(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_OPTIONAL_I32, struct oci_optional_i32, flags)
#define OCI_ROW_OPTIONAL_I64(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_OPTIONAL_I64, struct oci_optional_i64, flags)
#define OCI_ROW_STRINGS(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_STRINGS, struct oci_strings, flags)
#define OCI_ROW_U32S(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_U32S, struct oci_u32s, flags)
#define OCI_ROW_STRING_MAP(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_STRING_MAP, struct oci_string_map, flags)
#define OCI_ROW_RAW(type, key, member, flags) \
    OCI_ROW_(type, key, member, OCI_KIND_RAW, const char *, flags)

/* A number with limits of its own: OCI_ROW_RANGE(OPTIONAL_U32, struct x, "key", member, 0, &r). */
#define OCI_ROW_RANGE(kind, type, key, member, flags, range_) \
    OCI_ROW_(type, key, member, OCI_KIND_##kind, OCI_TYPE_##kind, flags, .range = (range_))
#define OCI_TYPE_U32          uint32_t
#define OCI_TYPE_U64          uint64_t
#define OCI_TYPE_I32          int32_t
#define OCI_TYPE_I64          int64_t
#define OCI_TYPE_OPTIONAL_U16 struct oci_optional_u16
#define OCI_TYPE_OPTIONAL_U32 struct oci_optional_u32
#define OCI_TYPE_OPTIONAL_U64 struct oci_optional_u64
#define OCI_TYPE_OPTIONAL_I32 struct oci_optional_i32
#define OCI_TYPE_OPTIONAL_I64 struct oci_optional_i64

/* A string of a given form. */
#define OCI_ROW_FORM(type, key, member, flags, form_) \
    OCI_ROW_(type, key, member, OCI_KIND_STRING, const char *, flags, .form = (form_))

/* Words: `set` is the name in OCI_WORD_SETS, the member an `enum oci_SET` or a pointer to them. */
#define OCI_ROW_ENUM(type, key, member, flags, set) \
    OCI_ROW_(type, key, member, OCI_KIND_ENUM, enum oci_##set, flags, .words = &oci_##set##_words)
#define OCI_ROW_ENUMS(type, key, member, flags, set)                     \
    OCI_ROW_(type, key, member, OCI_KIND_ENUMS, enum oci_##set *, flags, \
             .words = &oci_##set##_words, OCI_COUNT_(type, member))

/* Structs of C type `of`, described by `table_`. */
#define OCI_ROW_OBJECT(type, key, member, flags, of, table_) \
    OCI_ROW_(type, key, member, OCI_KIND_OBJECT, of *, flags, .table = (table_))
#define OCI_ROW_OBJECTS(type, key, member, flags, of, table_)                     \
    OCI_ROW_(type, key, member, OCI_KIND_OBJECTS, of *, flags, .table = (table_), \
             OCI_COUNT_(type, member))
#define OCI_ROW_OBJECT_MAP(type, key_, member, flags, of, table_)                     \
    OCI_ROW_(type, key_, member, OCI_KIND_OBJECT_MAP, of *, flags, .table = (table_), \
             OCI_COUNT_(type, member) + OCI_PROVE_(of, key, const char *) +           \
                 0 * sizeof(char[offsetof(of, key) == 0 ? 1 : -1]))
#define OCI_COUNT_(type, member) \
    .count_offset = offsetof(type, member##_count) + OCI_PROVE_(type, member##_count, size_t)

#define OCI_TABLE(type, name_, rows_)                                                     \
    {                                                                                     \
        .name = name_, .rows = rows_,                                                     \
        .row_count = sizeof(rows_) / sizeof((rows_)[0]) +                                 \
                     0 * sizeof(char[sizeof(rows_) / sizeof((rows_)[0]) <= 64 ? 1 : -1]), \
        .size = sizeof(type)                                                              \
    }

#endif
