/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shapes that members of documents have.  Everything is owned by the arena that the document
 * was parsed into; nothing is freed one by one.
 *
 *  - strings are `const char *`, NULL when absent; they never hold a NUL of their own (a document
 *    with one is refused);
 *  - a scalar whose absence differs from 0 or false is an optional; otherwise it is a plain number;
 *  - lists of strings and of numbers know whether the key was there at all;
 *  - arrays of objects are `struct x *things; size_t things_count;`, lists of words are
 *    `enum x *things; size_t things_count;`: the pointer is NULL only when the key is absent;
 *  - an optional object is a pointer, NULL when absent;
 *  - maps keep the order of the document; those to objects are arrays whose members have a `key`.
 */
#ifndef OCISPEC_TYPES_H
#define OCISPEC_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* GNU C defines this name as 1; here it is a key of the document. */
#undef linux

struct oci_optional_bool {
    bool set;
    bool value;
};

struct oci_optional_u16 {
    bool set;
    uint16_t value;
};

struct oci_optional_u32 {
    bool set;
    uint32_t value;
};

struct oci_optional_u64 {
    bool set;
    uint64_t value;
};

struct oci_optional_i32 {
    bool set;
    int32_t value;
};

struct oci_optional_i64 {
    bool set;
    int64_t value;
};

/* A list of strings.  When set, items[count] is NULL, so that it can serve as argv or envp. */
struct oci_strings {
    const char **items;
    size_t count;
    bool set;
};

struct oci_u32s {
    uint32_t *items;
    size_t count;
    bool set;
};

struct oci_string_pair {
    const char *key;
    const char *value;
};

/* A map from strings to strings in the order of the document; keys are unique. */
struct oci_string_map {
    struct oci_string_pair *items;
    size_t count;
    bool set;
};

/* The value of @key, or NULL. */
const char *oci_string_map_get(const struct oci_string_map *map, const char *key);

#endif
