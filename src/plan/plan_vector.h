/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays of the plan as argv and envp: execve(2) wants pointers, the plan has offsets.  Used by the
 * stage and dray; no malloc.
 */
#ifndef DRAY_PLAN_PLAN_VECTOR_H
#define DRAY_PLAN_PLAN_VECTOR_H

#include <stddef.h>

#include "plan/plan.h"

/*
 * A NULL terminated array of pointers to the strings of @strings.  Its memory comes from mmap(2),
 * is released by plan_vector_free() and must not outlive the plan.
 */
struct plan_vector {
    char **items;
    size_t count; /* without the NULL */
    size_t bytes;
};

int plan_vector_make(const struct plan *plan, struct plan_array strings, struct plan_vector *ret,
                     struct error *error);

/* Writes the pointers and their NULL to memory of the caller: one more than there are strings. */
void plan_vector_fill(const struct plan *plan, struct plan_array strings, char **items);
void plan_vector_free(struct plan_vector *vector);

#endif
