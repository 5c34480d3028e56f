/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hash set of positions: open addressing, at most half full. */
#include "key_set.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PLAIN_SEARCH_MAX 8
#define FIRST_SIZE       64

static const char *key_at(const char *items, size_t stride, size_t position)
{
    const char *key;

    memcpy(&key, items + position * stride, sizeof(key));
    return key;
}

static bool key_is(const char *candidate, const char *key, size_t length)
{
    return strncmp(candidate, key, length) == 0 && candidate[length] == '\0';
}

/* FNV-1a with a final mix, so that the low bits depend on every byte. */
static uint32_t hash(const char *key, size_t length)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(value ^ value >> 32);
}

static void insert(struct key_set *set, const char *key, size_t length, size_t position)
{
    uint32_t slot = hash(key, length);

    while (set->slots[slot & (set->size - 1)] != 0)
        slot++;
    set->slots[slot & (set->size - 1)] = (uint32_t)position + 1;
    set->used++;
}

static int grow(struct key_set *set, struct oci_arena *arena, const char *items, size_t stride,
                size_t count)
{
    struct key_set grown = {.size = set->size == 0 ? FIRST_SIZE : set->size * 4};

    if (grown.size < set->size)
        return -ENOMEM;
    grown.slots = oci_arena_alloc_array(arena, grown.size, sizeof(*grown.slots));
    if (grown.slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const char *key = key_at(items, stride, i);

        insert(&grown, key, strlen(key), i);
    }
    *set = grown;
    return 0;
}

int key_set_add(struct key_set *set, struct oci_arena *arena, const char *items, size_t stride,
                size_t count, const char *key, size_t length)
{
    if (set->size == 0 && count < PLAIN_SEARCH_MAX) {
        for (size_t i = 0; i < count; i++)
            if (key_is(key_at(items, stride, i), key, length))
                return -EEXIST;
        return 0;
    }
    if (set->used >= set->size / 2) {
        int r = grow(set, arena, items, stride, count);

        if (r < 0)
            return r;
    }
    for (uint32_t slot = hash(key, length);; slot++) {
        uint32_t position = set->slots[slot & (set->size - 1)];

        if (position == 0)
            break;
        /* what was to become this entry did not */
        if (position > count)
            continue;
        if (key_is(key_at(items, stride, position - 1), key, length))
            return -EEXIST;
    }
    insert(set, key, length, count);
    return 0;
}
