/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The buffer a plan is built in. */
#include "plan/builder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define BUILDER_ALIGNMENT 8u
/* fixed part, environment, filters: what does not grow with the text of the config */
#define BUILDER_BASE (4u << 20)
/* a mount of a few bytes of JSON becomes one struct plan_mount */
#define BUILDER_GROWTH 24u
#define BUILDER_MAX    (1u << 31)

int plan_builder_init(struct plan_builder *builder, size_t hint, struct error *error)
{
    size_t capacity = BUILDER_BASE;
    void *memory;

    if (hint > (BUILDER_MAX - BUILDER_BASE) / BUILDER_GROWTH)
        return error_set(error, ERROR_CONFIG_TOO_LARGE, 0,
                         "the configuration is too large to plan");
    capacity += hint * BUILDER_GROWTH;
    memory = mmap(NULL, capacity, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return error_set(error, ERROR_OUT_OF_MEMORY, errno, "cannot reserve memory for the plan");
    *builder = (struct plan_builder){
        .plan = memory, .size = sizeof(struct plan), .capacity = capacity, .error = error};
    oci_arena_init(&builder->scratch);
    builder->plan->magic = PLAN_MAGIC;
    builder->plan->size = (uint32_t)builder->size;
    return 0;
}

void plan_builder_done(struct plan_builder *builder)
{
    if (builder->plan != NULL)
        munmap(builder->plan, builder->capacity);
    oci_arena_done(&builder->scratch);
    *builder = (struct plan_builder){0};
}

/* Takes @length bytes, aligned; NULL when there are no more. */
static void *take_space(struct plan_builder *builder, size_t length, size_t alignment)
{
    size_t start = (builder->size + alignment - 1) & ~(alignment - 1);

    if (length > builder->capacity || start > builder->capacity - length) {
        error_set(builder->error, ERROR_CONFIG_TOO_LARGE, ENOMEM, "the plan has become too large");
        return NULL;
    }
    builder->size = start + length;
    builder->plan->size = (uint32_t)builder->size;
    return (char *)builder->plan + start;
}

void *plan_add_array(struct plan_builder *builder, size_t element_size, size_t count,
                     struct plan_array *ret_array)
{
    size_t length;
    char *first;

    if (count > UINT32_MAX || __builtin_mul_overflow(element_size, count, &length))
        length = SIZE_MAX;
    first = take_space(builder, length, BUILDER_ALIGNMENT);
    if (first == NULL)
        return NULL;
    *ret_array = (struct plan_array){
        .offset = (uint32_t)(first - (char *)builder->plan),
        .count = (uint32_t)count,
    };
    return first;
}

plan_string plan_add_string_length(struct plan_builder *builder, const char *text, size_t length)
{
    char *copy = take_space(builder, length + 1, 1);

    if (copy == NULL)
        return 0;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return (plan_string)(copy - (char *)builder->plan);
}

plan_string plan_add_string(struct plan_builder *builder, const char *text)
{
    return text != NULL ? plan_add_string_length(builder, text, strlen(text)) : 0;
}

int plan_add_strings(struct plan_builder *builder, const char *const *items, size_t count,
                     struct plan_array *ret_array)
{
    plan_string *strings = plan_add_array(builder, sizeof(*strings), count, ret_array);

    if (strings == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        strings[i] = plan_add_string(builder, items[i]);
        if (strings[i] == 0)
            return -ENOMEM;
    }
    return 0;
}

__attribute__((format(printf, 2, 0))) static plan_string
add_format(struct plan_builder *builder, const char *format, va_list arguments)
{
    va_list again;
    char *copy;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    copy = length >= 0 ? take_space(builder, (size_t)length + 1, 1) : NULL;
    if (copy == NULL)
        return 0;
    vsnprintf(copy, (size_t)length + 1, format, arguments);
    return (plan_string)(copy - (char *)builder->plan);
}

plan_string plan_add_format(struct plan_builder *builder, const char *format, ...)
{
    va_list arguments;
    plan_string string;

    va_start(arguments, format);
    string = add_format(builder, format, arguments);
    va_end(arguments);
    return string;
}

void plan_warn(struct plan_builder *builder, enum plan_origin_kind origin, uint32_t index,
               const char *format, ...)
{
    va_list arguments;

    if (builder->warnings_count < PLAN_WARNINGS_MAX) {
        struct plan_warning *warning = &builder->warnings[builder->warnings_count];

        va_start(arguments, format);
        warning->text = add_format(builder, format, arguments);
        va_end(arguments);
        warning->origin = (struct plan_origin){.kind = (uint16_t)origin, .index = index};
    }
    builder->warnings_count++;
}
