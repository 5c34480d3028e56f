/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as text, one operation a line: for people, and for tests to compare. */
#ifndef DRAY_PLAN_PLAN_PRINT_H
#define DRAY_PLAN_PLAN_PRINT_H

#include "plan/plan.h"

/* Returns the text in memory from malloc(), or NULL when there is none left. */
char *plan_print(const struct plan *plan);

#endif
