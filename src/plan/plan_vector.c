/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays of the plan as argv and envp; runs in the stage and in dray. */
#include "plan/plan_vector.h"

#include <errno.h>
#include <sys/mman.h>

void plan_vector_fill(const struct plan *plan, struct plan_array strings, char **items)
{
    /* execve(2) promises not to write to them */
    for (uint32_t i = 0; i < strings.count; i++)
        items[i] = (char *)plan_text_at(plan, strings, i);
    items[strings.count] = NULL;
}

int plan_vector_make(const struct plan *plan, struct plan_array strings, struct plan_vector *ret,
                     struct error *error)
{
    size_t bytes = ((size_t)strings.count + 1) * sizeof(char *);
    char **items = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (items == MAP_FAILED)
        return error_set(error, ERROR_OUT_OF_MEMORY, errno, "cannot take memory for %u strings",
                         strings.count);
    plan_vector_fill(plan, strings, items);
    *ret = (struct plan_vector){.items = items, .count = strings.count, .bytes = bytes};
    return 0;
}

void plan_vector_free(struct plan_vector *vector)
{
    if (vector->items != NULL)
        munmap(vector->items, vector->bytes);
    *vector = (struct plan_vector){0};
}
