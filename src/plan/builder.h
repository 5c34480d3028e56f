/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds a plan: an append-only buffer whose start never moves, so that pointers into it stay good
 * while it grows.  Runs in dray only.
 */
#ifndef DRAY_PLAN_BUILDER_H
#define DRAY_PLAN_BUILDER_H

#include <stddef.h>

#include "ocispec/arena.h"
#include "plan/plan.h"

/* Things that were ignored or limited, to be shown at warning level; not part of the plan. */
#define PLAN_WARNINGS_MAX 64

struct plan_warning {
    plan_string text; /* in the plan's buffer */
    struct plan_origin origin;
};

struct plan_builder {
    struct plan *plan;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes of address space reserved */
    struct error *error;
    struct oci_arena scratch; /* what planning needs in between */
    uint32_t warnings_count;  /* may be above PLAN_WARNINGS_MAX: those were dropped */
    struct plan_warning warnings[PLAN_WARNINGS_MAX];
};

/*
 * Reserves address space for a plan (memory is taken as it is used) and makes the header.
 * @hint: bytes of text the plan is made from; sets the capacity.
 * The builder is released by plan_builder_done().
 */
int plan_builder_init(struct plan_builder *builder, size_t hint, struct error *error);
void plan_builder_done(struct plan_builder *builder);

/*
 * Appends an array of @count zeroed elements; stores where it is into *@ret_array and returns its
 * first element, or NULL when out of space (the error is set).  A count of 0 gives an empty array
 * and a non-NULL pointer that must not be used.
 */
void *plan_add_array(struct plan_builder *builder, size_t element_size, size_t count,
                     struct plan_array *ret_array);

/* Appends a copy of a string; 0 when @text is NULL, or when out of space (the error is set). */
plan_string plan_add_string(struct plan_builder *builder, const char *text);
plan_string plan_add_string_length(struct plan_builder *builder, const char *text, size_t length);

/* Appends all of @strings as an array of plan_string. */
int plan_add_strings(struct plan_builder *builder, const char *const *items, size_t count,
                     struct plan_array *ret_array);

/* Appends one formatted string. */
plan_string plan_add_format(struct plan_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes a warning: what was ignored, named and quoted. */
void plan_warn(struct plan_builder *builder, enum plan_origin_kind origin, uint32_t index,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
