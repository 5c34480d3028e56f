/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding a key that occurs twice without comparing each with each.  The keys themselves stand in
 * an array of structs whose first member is the key; the set holds only positions.
 */
#ifndef OCISPEC_KEY_SET_H
#define OCISPEC_KEY_SET_H

#include <stddef.h>
#include <stdint.h>

#include "ocispec/arena.h"

struct key_set {
    uint32_t *slots; /* position plus one; 0: free */
    uint32_t size;   /* a power of two, or 0 while a plain search will do */
    uint32_t used;   /* of the slots; also by keys that never became an entry */
};

/*
 * Adds @key, which is to become entry @count of @items (@stride bytes each), unless its value turns
 * out to be at fault: then the next key becomes that.
 * Returns 0, -EEXIST when it is there, -ENOMEM.
 */
int key_set_add(struct key_set *set, struct oci_arena *arena, const char *items, size_t stride,
                size_t count, const char *key, size_t length);

#endif
