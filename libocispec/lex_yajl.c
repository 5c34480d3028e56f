/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens from yajl.  Its memory comes from the reader's arena.  yajl does not look whether it got
 * any, so running out leaves it by longjmp; there is nothing to clean up.  Its UTF-8 check is off,
 * since it is lax; text_check() has been over the text before.
 */
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "lex.h"
#include "read.h"

struct lexer {
    yajl_handle handle;
    struct reader *reader;
    size_t base; /* of the piece of text that yajl is at: it counts from there */
    jmp_buf no_memory;
};

/* yajl frees and grows by pointer alone, so each block carries its size. */
struct block {
    size_t size;
    char data[] __attribute__((aligned(16)));
};

static void *block_allocate(void *context, size_t size)
{
    struct lexer *lexer = context;
    struct block *block = oci_arena_alloc(lexer->reader->arena, sizeof(*block) + size);

    if (block == NULL)
        longjmp(lexer->no_memory, 1);
    block->size = size;
    return block->data;
}

static void *block_grow(void *context, void *data, size_t size)
{
    struct block *block;
    void *grown;

    if (data == NULL)
        return block_allocate(context, size);
    block = (struct block *)((char *)data - offsetof(struct block, data));
    if (size <= block->size)
        return data;
    grown = block_allocate(context, size);
    return memcpy(grown, data, block->size);
}

static void block_free(void *context, void *data)
{
    (void)context;
    (void)data;
}

static int on_null(void *context)
{
    return read_null(context);
}

static int on_boolean(void *context, int value)
{
    return read_bool(context, value != 0);
}

static int on_number(void *context, const char *text, size_t length)
{
    return read_number(context, text, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    return read_string(context, (const char *)text, length);
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
    return read_key(context, (const char *)text, length);
}

static int on_object_start(void *context)
{
    return read_object_start(context);
}

static int on_object_end(void *context)
{
    return read_object_end(context);
}

static int on_array_start(void *context)
{
    return read_array_start(context);
}

static int on_array_end(void *context)
{
    return read_array_end(context);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object_start,
    .yajl_map_key = on_key,
    .yajl_end_map = on_object_end,
    .yajl_start_array = on_array_start,
    .yajl_end_array = on_array_end,
};

size_t lex_offset(const struct lexer *lexer)
{
    size_t offset = lexer->base + yajl_get_bytes_consumed(lexer->handle);

    return offset < lexer->reader->length ? offset : lexer->reader->length;
}

enum lex_result lex_run(struct reader *reader, struct lexer **ret_lexer)
{
    struct lexer lexer = {.reader = reader};
    yajl_alloc_funcs functions = {block_allocate, block_grow, block_free, &lexer};
    yajl_status status;

    if (setjmp(lexer.no_memory) != 0)
        return LEX_NO_MEMORY;
    lexer.handle = yajl_alloc(&callbacks, &functions, reader);
    yajl_config(lexer.handle, yajl_dont_validate_strings, 1);
    *ret_lexer = &lexer;
    status = yajl_parse(lexer.handle, (const unsigned char *)reader->text, reader->length);
    if (status == yajl_status_ok) {
        lexer.base = reader->length; /* what it calls now was waiting for more text */
        status = yajl_complete_parse(lexer.handle);
    }
    if (status == yajl_status_client_canceled)
        return LEX_STOPPED;
    return status == yajl_status_ok ? LEX_DONE : LEX_INVALID;
}
