/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Test cases of one part of the planner each, on a fixture of their own. */
#ifndef DRAY_TESTS_UNIT_PLAN_CASE_H
#define DRAY_TESTS_UNIT_PLAN_CASE_H

#include "plan_fixture.h"

typedef int planner(const struct plan_input *, struct plan_builder *);

static inline int plan_setup(void **state)
{
    static struct fixture fixture;

    fixture_init(&fixture);
    *state = &fixture;
    return 0;
}

static inline int plan_teardown(void **state)
{
    fixture_done(*state);
    return 0;
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, plan_setup, plan_teardown)

static inline const struct plan *assert_plans(struct fixture *f, planner *function)
{
    int r = fixture_plan(f, function);

    assert_string_equal(f->error.message, "");
    assert_int_equal(r, 0);
    return f->builder.plan;
}

static inline void assert_plan_fails(struct fixture *f, planner *function, enum error_code code,
                                     const char *pointer)
{
    assert_true(fixture_plan(f, function) < 0);
    assert_string_equal(error_code_name(f->error.code), error_code_name(code));
    assert_string_equal(f->error.pointer, pointer);
}

#endif
