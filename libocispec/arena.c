/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arena: chunks each twice as large as the one before up to a bound.
 *
 * They come from mmap(2), zeroed, and nobody touches a page before something lies on it: getting
 * and clearing a page is what costs, whether at once (MAP_POPULATE) or by a fault.
 */
#include "ocispec/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* gcc defines the first, clang has the second. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#define ALIGNMENT   16u
#define CHUNK_FIRST 16384u
#define CHUNK_MAX   (1024u * 1024u)

struct oci_arena_chunk {
    struct oci_arena_chunk *older;
    size_t size; /* of the whole chunk */
    bool mapped; /* from mmap, else from calloc */
} __attribute__((aligned(ALIGNMENT)));

void oci_arena_init(struct oci_arena *arena)
{
    *arena = (struct oci_arena){0};
    arena->separate = SANITIZED;
}

void oci_arena_done(struct oci_arena *arena)
{
    int saved_errno = errno;
    struct oci_arena_chunk *chunk = arena->chunks;

    while (chunk != NULL) {
        struct oci_arena_chunk *older = chunk->older;

        if (chunk->mapped)
            munmap(chunk, chunk->size);
        else
            free(chunk);
        chunk = older;
    }
    arena->chunks = NULL;
    arena->next = NULL;
    arena->end = NULL;
    arena->allocated = 0;
    errno = saved_errno;
}

static struct oci_arena_chunk *add_chunk(struct oci_arena *arena, size_t size)
{
    struct oci_arena_chunk *chunk = arena->separate ? calloc(1, size)
                                                    : mmap(NULL, size, PROT_READ | PROT_WRITE,
                                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (chunk == NULL || chunk == MAP_FAILED)
        return NULL;
    chunk->mapped = !arena->separate;
    chunk->size = size;
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

/* Objects that would waste a good part of a chunk get one of their own behind the current one. */
static void *allocate_alone(struct oci_arena *arena, size_t size)
{
    struct oci_arena_chunk *current = arena->chunks;
    struct oci_arena_chunk *chunk = add_chunk(arena, sizeof(*chunk) + size);

    if (chunk == NULL)
        return NULL;
    if (current != NULL && !arena->separate) {
        chunk->older = current->older;
        current->older = chunk;
        arena->chunks = current;
    }
    return chunk + 1;
}

/* Zeroed, as no memory is handed out twice, and aligned to @alignment (1 or ALIGNMENT). */
static void *allocate(struct oci_arena *arena, size_t size, size_t alignment)
{
    size_t padding = -(uintptr_t)arena->next & (alignment - 1);
    struct oci_arena_chunk *chunk;
    size_t chunk_size;
    void *object;

    if (size > PTRDIFF_MAX / 2 || (arena->limit != 0 && size > arena->limit - arena->allocated)) {
        errno = ENOMEM;
        return NULL;
    }
    if (!arena->separate && size + padding <= (size_t)(arena->end - arena->next)) {
        object = arena->next + padding;
        arena->next += padding + size;
        arena->allocated += size;
        return object;
    }
    chunk_size = arena->chunks == NULL ? CHUNK_FIRST : arena->chunks->size * 2;
    if (chunk_size > CHUNK_MAX)
        chunk_size = CHUNK_MAX;
    if (arena->separate || size > chunk_size / 4) {
        object = allocate_alone(arena, size);
        if (object != NULL)
            arena->allocated += size;
        return object;
    }
    chunk = add_chunk(arena, chunk_size);
    if (chunk == NULL)
        return NULL;
    object = chunk + 1;
    arena->next = (char *)object + size;
    arena->end = (char *)chunk + chunk_size;
    arena->allocated += size;
    return object;
}

void *oci_arena_alloc(struct oci_arena *arena, size_t size)
{
    return allocate(arena, size, ALIGNMENT);
}

void *oci_arena_alloc_array(struct oci_arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return oci_arena_alloc(arena, total);
}

char *oci_arena_copy(struct oci_arena *arena, const char *text, size_t length)
{
    char *copy = length == SIZE_MAX ? NULL : allocate(arena, length + 1, 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *oci_arena_strdup(struct oci_arena *arena, const char *text)
{
    return text == NULL ? NULL : oci_arena_copy(arena, text, strlen(text));
}

char *oci_arena_format(struct oci_arena *arena, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0)
        text = allocate(arena, (size_t)length + 1, 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}
