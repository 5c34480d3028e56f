/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of the hooks and of the state document they get. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan_case.h"

static const struct plan_hooks *plan_it(struct fixture *f)
{
    return &assert_plans(f, plan_hooks)->hooks;
}

static void assert_fails(struct fixture *f, enum error_code code, const char *pointer)
{
    assert_plan_fails(f, plan_hooks, code, pointer);
}

static void test_no_hooks(void **state)
{
    struct fixture *f = *state;
    const struct plan_hooks *plan = plan_it(f);

    for (unsigned kind = 0; kind < PLAN_HOOK_KINDS; kind++)
        assert_int_equal(plan->kinds[kind].count, 0);
    assert_int_equal(plan->state_head, 0);
}

static void test_all_kinds(void **state)
{
    struct fixture *f = *state;
    struct oci_hook all[] = {
        {.path = "/0", .args = STRINGS("zero", "a"), .env = STRINGS("A=1"), .timeout = {true, 7}},
        {.path = "/1"},
        {.path = "/2", .env = {.set = true}},
    };
    struct oci_hooks asked = {
        .prestart = all,
        .prestart_count = 3,
        .create_runtime = all,
        .create_runtime_count = 1,
        .create_container = all,
        .create_container_count = 2,
        .start_container = all + 1,
        .start_container_count = 1,
        .poststart = all + 2,
        .poststart_count = 1,
        .poststop = all,
        .poststop_count = 3,
    };
    static const uint32_t counts[PLAN_HOOK_KINDS] = {3, 1, 2, 1, 1, 3};
    const struct plan_hooks *plan;
    const struct plan_hook *hooks;

    f->spec.hooks = &asked;
    plan = plan_it(f);
    for (unsigned kind = 0; kind < PLAN_HOOK_KINDS; kind++)
        assert_int_equal(plan->kinds[kind].count, counts[kind]);
    hooks = plan_items(f->builder.plan, plan->kinds[PLAN_HOOK_PRESTART], struct plan_hook);
    assert_int_equal(hooks[0].timeout, 7);
    assert_string_equal(plan_text_at(f->builder.plan, hooks[0].args, 0), "zero");
    assert_string_equal(plan_text_at(f->builder.plan, hooks[1].args, 0), "/1");
    assert_true(hooks[0].env_set && !hooks[1].env_set && hooks[2].env_set);
    assert_int_equal(hooks[2].origin.index, 2);
    hooks = plan_items(f->builder.plan, plan->kinds[PLAN_HOOK_POSTSTART], struct plan_hook);
    assert_string_equal(plan_text(f->builder.plan, hooks[0].path), "/2");
    assert_int_equal(hooks[0].origin.kind, ORIGIN_HOOK_POSTSTART);

    all[2].path = "relative";
    assert_fails(f, ERROR_CONFIG_VALUE, "/hooks/prestart/2");
    all[0].timeout.value = 0;
    assert_fails(f, ERROR_CONFIG_RANGE, "/hooks/prestart/0");
    all[0].timeout.value = -1;
    assert_fails(f, ERROR_CONFIG_RANGE, "/hooks/prestart/0");
}

static void test_state_document(void **state)
{
    struct fixture *f = *state;
    struct oci_hooks asked = {0};
    struct oci_string_pair annotations[] = {
        {"com.example/key", "a \"quoted\" \\ back\nline\t\x01 \xc3\xa9"},
        {"", ""},
    };
    const struct plan_hooks *plan;

    f->spec.hooks = &asked;
    f->input.bundle = "/b/\"c\"";
    plan = plan_it(f);
    assert_string_equal(plan_text(f->builder.plan, plan->state_head),
                        "{\"ociVersion\":\"1.3.0\",\"id\":\"one\",\"status\":\"");
    assert_string_equal(plan_text(f->builder.plan, plan->state_tail),
                        ",\"bundle\":\"/b/\\\"c\\\"\"}");

    f->spec.annotations = (struct oci_string_map){.items = annotations, .count = 2, .set = true};
    plan = plan_it(f);
    assert_string_equal(plan_text(f->builder.plan, plan->state_tail),
                        ",\"bundle\":\"/b/\\\"c\\\"\",\"annotations\":{\"com.example/key\":"
                        "\"a \\\"quoted\\\" \\\\ back\\nline\\t\\u0001 \xc3\xa9\",\"\":\"\"}}");
}

static void test_outputs(void **state)
{
    struct fixture *f = *state;
    struct oci_hooks asked = {0};
    struct oci_string_pair annotations[] = {
        {"run.oci.hooks.stdout", "/out"},
        {"run.oci.hooks.stderr", "err"},
    };

    f->spec.hooks = &asked;
    f->spec.annotations = (struct oci_string_map){.items = annotations, .count = 2, .set = true};
    assert_fails(f, ERROR_CONFIG_VALUE, "/annotations/run.oci.hooks.stderr");
    annotations[1].value = "/err";
    plan_it(f);
    assert_string_equal(plan_text(f->builder.plan, f->builder.plan->hooks.stderr_path), "/err");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAN_TEST(test_no_hooks),
        PLAN_TEST(test_all_kinds),
        PLAN_TEST(test_state_document),
        PLAN_TEST(test_outputs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
