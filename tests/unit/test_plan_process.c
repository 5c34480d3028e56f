/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of the process: program, environment, user, labels and what stands alone. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "plan_case.h"

static void assert_fails(struct fixture *f, enum error_code code, const char *pointer)
{
    assert_plan_fails(f, plan_process, code, pointer);
}

static const struct plan_process *plan_it(struct fixture *f)
{
    return &assert_plans(f, plan_process)->process;
}

static void assert_env(const struct fixture *f, const char *const *expected)
{
    struct plan_array env = f->builder.plan->process.env;
    uint32_t i = 0;

    for (; expected[i] != NULL; i++) {
        assert_true(i < env.count);
        assert_string_equal(plan_text_at(f->builder.plan, env, i), expected[i]);
    }
    assert_int_equal(env.count, i);
}

static void test_program(void **state)
{
    struct fixture *f = *state;
    const struct plan_process *plan = plan_it(f);

    assert_int_equal(plan->args.count, 2);
    assert_string_equal(plan_text_at(f->builder.plan, plan->args, 1), "an argument");
    assert_string_equal(plan_text(f->builder.plan, plan->cwd), "/");
    assert_string_equal(plan_text(f->builder.plan, plan->keyring_name), "_ses.one");

    f->process.cwd = "relative";
    assert_fails(f, ERROR_CONFIG_VALUE, "/process/cwd");
    f->process.args = (struct oci_strings){0};
    assert_fails(f, ERROR_CONFIG_MISSING, "/process/args");
    f->input.process = NULL;
    assert_fails(f, ERROR_CONFIG_MISSING, "/process");
}

static void test_env_last_duplicate_wins(void **state)
{
    struct fixture *f = *state;

    f->process.env = STRINGS("A=1", "B=2", "A=3", "AB=4", "A=5", "HOME=/h", "EMPTY=", "X==y");
    plan_it(f);
    assert_env(f, (const char *[]){"B=2", "AB=4", "A=5", "HOME=/h", "EMPTY=", "X==y", NULL});
    assert_false(f->builder.plan->process.needs_home);
    assert_int_equal(f->builder.warnings_count, 0);
}

static void test_env_without_value_is_left_out(void **state)
{
    struct fixture *f = *state;

    f->process.env = STRINGS("SECRET", "*", "=x", "", "A=1");
    plan_it(f);
    assert_env(f, (const char *[]){"A=1", NULL});
    assert_int_equal(f->builder.warnings_count, 4);
    assert_non_null(strstr(fixture_warning(f, 0), "\"SECRET\""));
    assert_int_equal(f->builder.warnings[1].origin.index, 1);
}

static void test_env_path_and_home(void **state)
{
    struct fixture *f = *state;
    const struct plan_process *plan;

    f->process.env = STRINGS("HOME=/a", "HOME=", "PATH=/x:/y", "PATH=/z");
    plan = plan_it(f);
    assert_true(plan->needs_home);
    assert_string_equal(plan_text(f->builder.plan, plan->path_list), "/z");
    assert_env(f, (const char *[]){"PATH=/z", NULL});

    f->process.env = (struct oci_strings){0};
    plan = plan_it(f);
    assert_true(plan->needs_home);
    assert_non_null(strstr(plan_text(f->builder.plan, plan->path_list), ":/bin"));
    assert_int_equal(plan->env.count, 0);
}

static double plan_many(struct fixture *f, size_t count)
{
    const char **items = calloc(count + 1, sizeof(*items));
    struct timespec start, end;

    assert_non_null(items);
    for (size_t i = 0; i < count; i++) {
        /* the names share all but their last characters */
        char entry[64];

        snprintf(entry, sizeof(entry), "A_RATHER_LONG_NAME_%07zu=%zu", i % (count - 1), i);
        items[i] = strdup(entry);
    }
    f->process.env = (struct oci_strings){.items = items, .count = count, .set = true};
    clock_gettime(CLOCK_MONOTONIC, &start);
    plan_it(f);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_int_equal(f->builder.plan->process.env.count, count - 1);
    for (size_t i = 0; i < count; i++)
        free((char *)items[i]);
    free(items);
    return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

static void test_env_is_linear(void **state)
{
    double few = plan_many(*state, 2000), many = plan_many(*state, 40000);

    /* twenty times as many; a quadratic one would need 400 times as long */
    assert_true(many < few * 150 + 0.05);
}

static void test_user(void **state)
{
    struct fixture *f = *state;
    uint32_t gids[] = {7, 5, 7};
    const struct plan_process *plan;

    f->user = (struct oci_user){
        .uid = 1000,
        .gid = 4294967294,
        .umask = {true, 027},
        .additional_gids = {.items = gids, .count = 3, .set = true},
    };
    plan = plan_it(f);
    assert_int_equal(plan->uid, 1000);
    assert_int_equal(plan->gid, 4294967294);
    assert_true(plan->umask_set);
    assert_int_equal(plan->umask, 027);
    assert_int_equal(plan->groups.count, 3);
    assert_int_equal(plan_items(f->builder.plan, plan->groups, uint32_t)[1], 5);
    assert_false(plan->groups_may_be_denied);

    gids[2] = UINT32_MAX;
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/user/additionalGids/2");
    f->user.uid = UINT32_MAX;
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/user/uid");
    f->user.uid = 0;
    f->user.gid = UINT32_MAX;
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/user/gid");
    f->user = (struct oci_user){.umask = {true, 01777}};
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/user/umask");

    f->process.user = NULL;
    plan = plan_it(f);
    assert_int_equal(plan->uid, 0);
    assert_false(plan->umask_set);
}

static void test_user_must_be_mapped(void **state)
{
    struct fixture *f = *state;
    struct oci_linux_namespace namespace = {.type = OCI_NAMESPACE_USER};
    struct oci_id_mapping uids[] = {{0, 1000, 1}, {1, 100000, 10}}, gids[] = {{0, 1000, 3}};
    uint32_t groups[] = {2, 3};

    f->linux.namespaces = &namespace;
    f->linux.namespaces_count = 1;
    f->linux.uid_mappings = uids;
    f->linux.uid_mappings_count = 2;
    f->linux.gid_mappings = gids;
    f->linux.gid_mappings_count = 1;
    f->user.uid = 10;
    assert_true(plan_it(f)->groups_may_be_denied);
    f->user.uid = 11;
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/process/user/uid");
    f->user.uid = 0;
    f->user.additional_gids = (struct oci_u32s){.items = groups, .count = 2, .set = true};
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/process/user/additionalGids/1");
    f->user.gid = 3;
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/process/user/gid");
    /* what a joined one maps is not in the config */
    namespace.path = "/proc/1/ns/user";
    assert_int_equal(plan_it(f)->gid, 3);
}

static void test_keep_groups(void **state)
{
    struct fixture *f = *state;
    struct oci_string_pair pair = {"run.oci.keep_original_groups", "1"};

    assert_false(plan_it(f)->keep_groups);
    f->spec.annotations = (struct oci_string_map){.items = &pair, .count = 1, .set = true};
    assert_true(plan_it(f)->keep_groups);
    pair.value = "0";
    assert_false(plan_it(f)->keep_groups);
    pair.value = "maybe";
    assert_fails(f, ERROR_CONFIG_VALUE, "/annotations/run.oci.keep_original_groups");
}

static void test_labels(void **state)
{
    struct fixture *f = *state;

    f->process.apparmor_profile = "";
    f->process.selinux_label = "";
    assert_int_equal(plan_it(f)->apparmor, 0);
    f->process.apparmor_profile = "unconfined";
    assert_int_equal(plan_it(f)->apparmor, 0);
    f->process.apparmor_profile = "profile";
    assert_fails(f, ERROR_APPARMOR_FAILED, "/process/apparmorProfile");
    f->host.apparmor = true;
    plan_it(f);
    assert_string_equal(plan_text(f->builder.plan, f->builder.plan->process.apparmor), "profile");
    f->process.selinux_label = "a:b:c:s0";
    assert_fails(f, ERROR_SELINUX_FAILED, "/process/selinuxLabel");
    f->host.selinux = true;
    plan_it(f);
    assert_string_equal(plan_text(f->builder.plan, f->builder.plan->process.selinux), "a:b:c:s0");
}

static void test_terminal_and_the_rest(void **state)
{
    struct fixture *f = *state;
    struct oci_console_size size = {.height = 40, .width = 65536};
    const struct plan_process *plan;

    f->process.terminal = true;
    f->process.console_size = &size;
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/consoleSize/width");
    size.width = 100;
    f->process.oom_score_adj = (struct oci_optional_i32){true, -1001};
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/oomScoreAdj");
    f->process.oom_score_adj.value = 0;
    f->process.no_new_privileges = true;
    f->input.no_new_keyring = true;
    f->input.preserve_fds = 3;
    plan = plan_it(f);
    assert_true(plan->terminal && plan->no_new_privileges && plan->oom_score_adj_set);
    assert_int_equal(plan->console_height, 40);
    assert_int_equal(plan->console_width, 100);
    assert_int_equal(plan->preserve_fds, 3);
    assert_false(plan->new_keyring);
    assert_int_equal(plan->keyring_name, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAN_TEST(test_program),
        PLAN_TEST(test_env_last_duplicate_wins),
        PLAN_TEST(test_env_without_value_is_left_out),
        PLAN_TEST(test_env_path_and_home),
        PLAN_TEST(test_env_is_linear),
        PLAN_TEST(test_user),
        PLAN_TEST(test_user_must_be_mapped),
        PLAN_TEST(test_keep_groups),
        PLAN_TEST(test_labels),
        PLAN_TEST(test_terminal_and_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
