/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists such as "0-3,7": CPUs and memory nodes, as cpuset(7) writes them.  Runs in dray. */
#ifndef DRAY_PLAN_NUMBER_LIST_H
#define DRAY_PLAN_NUMBER_LIST_H

#include "plan/builder.h"

/*
 * Appends the list as a mask of uint64_t words, long enough for its largest number.
 *
 * @limit: numbers must be below it.
 * Returns 0, -EINVAL when @text is not such a list, -ERANGE when a number is too large, or -ENOMEM
 * with the builder's error set; the others set no error.
 */
int plan_add_number_list(struct plan_builder *builder, const char *text, uint32_t limit,
                         struct plan_array *ret_mask);

#endif
