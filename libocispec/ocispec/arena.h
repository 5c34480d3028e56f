/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An arena: many small allocations that live and die together.  Used in dray and by libocispec;
 * the stage has none.  Running out of memory is a NULL return, never an exit.
 *
 * With `separate` every object is an allocation of its own, so that AddressSanitizer and valgrind
 * see overruns between neighbours; that is the default in sanitizer builds.
 */
#ifndef OCISPEC_ARENA_H
#define OCISPEC_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oci_arena_chunk;

/* All zero is an empty arena that is ready for use (in chunks); oci_arena_init() is the same
 * except for the default of `separate`. */
struct oci_arena {
    struct oci_arena_chunk *chunks; /* the newest first */
    char *next;
    char *end;
    size_t allocated; /* bytes handed out */
    size_t limit;     /* refuse to hand out more than this; 0: no limit */
    bool separate;
};

#define _cleanup_oci_arena_ __attribute__((cleanup(oci_arena_done)))

void oci_arena_init(struct oci_arena *arena);

/* Frees everything; the arena is empty and can be used again.  Keeps errno. */
void oci_arena_done(struct oci_arena *arena);

/* @size zeroed bytes aligned for any type (16), or NULL. */
void *oci_arena_alloc(struct oci_arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));

/* @count zeroed objects of @size bytes; NULL also when the product overflows. */
void *oci_arena_alloc_array(struct oci_arena *arena, size_t count, size_t size)
    __attribute__((malloc, alloc_size(2, 3)));

/* Copies @length bytes and adds a NUL; or NULL. */
char *oci_arena_copy(struct oci_arena *arena, const char *text, size_t length)
    __attribute__((malloc));

/* Copies a string; NULL when there is no memory, and for NULL. */
char *oci_arena_strdup(struct oci_arena *arena, const char *text) __attribute__((malloc));

/* A formatted string, or NULL. */
char *oci_arena_format(struct oci_arena *arena, const char *format, ...)
    __attribute__((malloc, format(printf, 2, 3)));

/* One zeroed object of a type. */
#define oci_arena_new(arena, type) ((type *)oci_arena_alloc((arena), sizeof(type)))

#endif
