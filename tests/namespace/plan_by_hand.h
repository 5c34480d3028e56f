/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans made without a config, for tests of what executes them.  Needs harness.h before it. */
#ifndef DRAY_TESTS_NAMESPACE_PLAN_BY_HAND_H
#define DRAY_TESTS_NAMESPACE_PLAN_BY_HAND_H

#include "plan/builder.h"

static struct plan_builder builder;
static struct error error;

/* An empty plan; to be called first in each case. */
__attribute__((unused)) static struct plan *new_plan(void)
{
    CHECK(plan_builder_init(&builder, 1 << 20, &error) == 0);
    builder.plan->id = plan_add_string(&builder, "one");
    builder.plan->bundle = plan_add_string(&builder, "/");
    return builder.plan;
}

/* The strings up to a NULL. */
__attribute__((unused)) static struct plan_array strings(const char *const *items)
{
    struct plan_array array = {0};
    size_t count = 0;

    while (items[count] != NULL)
        count++;
    CHECK(plan_add_strings(&builder, items, count, &array) == 0);
    return array;
}

#define STRINGS(...) strings((const char *const[]){__VA_ARGS__, NULL})

#define CHECK_SUCCESS(call) CHECK_SAYING((call) == 0, "%s (%s)", error.message, strerror(errno))

#define CHECK_ERROR(call, wanted_code, wanted_message)                                         \
    do {                                                                                       \
        error_clear(&error);                                                                   \
        CHECK((call) < 0);                                                                     \
        CHECK_SAYING(error.code == ERROR_##wanted_code, "%s: %s", error_code_name(error.code), \
                     error.message);                                                           \
        CHECK_SAYING(strcmp(error.message, wanted_message) == 0, "%s", error.message);         \
    } while (0)

#endif
