/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device rules: what the config and the default list together allow. */
#include "cmocka_all.h"

#include <string.h>

#include "base/cleanup.h"
#include "plan/plan_cgroup.h"

#define R         PLAN_CGROUP_READ
#define W         PLAN_CGROUP_WRITE
#define M         PLAN_CGROUP_MKNOD
#define MAX_RULES 8

struct question {
    char type;
    int64_t major, minor;
    uint32_t access;
    bool allowed;
};

static struct oci_linux_device_rule rule(bool allow, enum oci_device_rule_type type, int64_t major,
                                         int64_t minor, const char *access)
{
    return (struct oci_linux_device_rule){
        .allow = allow,
        .type = type,
        .major = {major >= 0, major},
        .minor = {minor >= 0, minor},
        .access = access,
    };
}

/* Plans the rules on v1 (unless @only_v2) and v2 and asks the same of both. */
static void ask(const struct oci_linux_device_rule *rules, size_t count, bool only_v2,
                const struct question *questions, size_t questions_count)
{
    struct oci_linux_device_rule copy[MAX_RULES];
    struct oci_linux_resources resources = {.devices = copy, .devices_count = count};

    if (count > 0)
        memcpy(copy, rules, count * sizeof(*rules));
    for (int v1 = only_v2 ? 0 : 1; v1 >= 0; v1--) {
        struct error error = {0};
        struct plan_builder builder;
        struct plan_array array = {0};

        assert_int_equal(plan_builder_init(&builder, 4096, &error), 0);
        if (plan_cgroup_devices(&resources, v1 == 1, 0, &builder, &array) < 0)
            fail_msg("%s", error.message);
        for (size_t i = 0; i < questions_count; i++) {
            const struct question *q = &questions[i];

            if (plan_cgroup_device_allowed(
                    plan_items(builder.plan, array, struct plan_cgroup_device), array.count,
                    q->type, q->major, q->minor, q->access) != q->allowed)
                fail_msg("v1 %d, question %zu: %c %d:%d %u is not %d", v1, i, q->type,
                         (int)q->major, (int)q->minor, q->access, q->allowed);
        }
        plan_builder_done(&builder);
    }
}

static const struct question default_list[] = {
    {'c', 1, 3, R | W | M, true},  {'c', 1, 5, R | W | M, true},    {'c', 1, 7, R | W | M, true},
    {'c', 1, 8, R | W | M, true},  {'c', 1, 9, R | W | M, true},    {'c', 5, 0, R | W | M, true},
    {'c', 5, 1, R | W | M, true},  {'c', 5, 2, R | W | M, true},    {'c', 136, 0, R | W | M, true},
    {'c', 136, 9999, R | W, true}, {'c', 10, 200, R | W | M, true}, {'c', 9, 9, M, true},
    {'b', 8, 0, M, true},          {'b', 8, 0, R, false},           {'b', 8, 0, R | M, false},
    {'c', 1, 1, R, false},         {'c', 1, 4, W, false},           {'c', 4, 0, R, false},
    {'b', 1, 3, R, false},         {'c', 10, 201, R, false},        {'c', 137, 0, W, false},
};

static void default_rules(void **state)
{
    struct oci_linux_device_rule deny = rule(false, OCI_DEVICE_RULE_NONE, -1, -1, "rwm");
    struct oci_linux_device_rule bare = {.allow = false};

    (void)state;
    ask(NULL, 0, false, default_list, ARRAY_SIZE(default_list));
    ask(&deny, 1, false, default_list, ARRAY_SIZE(default_list));
    ask(&bare, 1, false, default_list, ARRAY_SIZE(default_list));
}

static void privileged_allows_all(void **state)
{
    struct oci_linux_device_rule rules[] = {
        rule(false, OCI_DEVICE_RULE_ALL, -1, -1, "rwm"),
        rule(true, OCI_DEVICE_RULE_NONE, -1, -1, "rwm"),
        rule(false, OCI_DEVICE_RULE_CHARACTER, 1, 3, "w"),
    };
    static const struct question questions[] = {
        {'c', 1, 3, R, true},         {'c', 1, 3, W, false},          {'c', 1, 3, R | W, false},
        {'b', 8, 0, R | W | M, true}, {'c', 200, 7, R | W | M, true},
    };

    (void)state;
    ask(rules, 3, false, questions, ARRAY_SIZE(questions));
}

static void later_rules_override(void **state)
{
    struct oci_linux_device_rule rules[] = {
        rule(true, OCI_DEVICE_RULE_ALL, -1, -1, "rwm"), /* forgotten at the next */
        rule(false, OCI_DEVICE_RULE_ALL, -1, -1, "rwm"),
        rule(true, OCI_DEVICE_RULE_BLOCK, 8, 0, "rw"),
        rule(true, OCI_DEVICE_RULE_BLOCK, 8, 16, "rwm"),
        rule(false, OCI_DEVICE_RULE_BLOCK, 8, 0, "w"),
        rule(true, OCI_DEVICE_RULE_CHARACTER, 10, 229, NULL),
        rule(false, OCI_DEVICE_RULE_BLOCK, 8, -1, "m"), /* but the default rules allow mknod */
    };
    static const struct question questions[] = {
        {'b', 8, 0, R, true},     {'b', 8, 0, W, false},           {'b', 8, 16, R | W, true},
        {'b', 8, 16, M, true},    {'c', 10, 229, R | W | M, true}, {'b', 8, 1, R, false},
        {'c', 10, 230, R, false}, {'c', 8, 0, R, false},
    };

    (void)state;
    ask(rules, ARRAY_SIZE(rules), false, questions, ARRAY_SIZE(questions));
}

static void rules_of_all_types_with_limits(void **state)
{
    struct oci_linux_device_rule rules[] = {
        rule(false, OCI_DEVICE_RULE_ALL, -1, -1, "rwm"),
        rule(true, OCI_DEVICE_RULE_ALL, -1, -1, "r"),
    };
    static const struct question questions[] = {
        {'b', 8, 0, R, true}, {'b', 8, 0, W, false}, {'c', 99, 1, R, true}, {'c', 99, 1, W, false}};

    (void)state;
    ask(rules, 2, false, questions, ARRAY_SIZE(questions));
}

static void holes_in_wildcards(void **state)
{
    struct oci_linux_device_rule rules[] = {
        rule(true, OCI_DEVICE_RULE_CHARACTER, 10, -1, "rw"),
        rule(false, OCI_DEVICE_RULE_CHARACTER, 10, 229, "w"),
    };
    static const struct question questions[] = {{'c', 10, 228, R | W, true},
                                                {'c', 10, 229, R, true},
                                                {'c', 10, 229, W, false},
                                                {'c', 10, 229, R | W, false}};
    struct oci_linux_resources resources = {.devices = rules, .devices_count = 2};
    struct error error = {0};
    struct plan_builder builder;
    struct plan_array array;

    (void)state;
    ask(rules, 2, true, questions, ARRAY_SIZE(questions));
    assert_int_equal(plan_builder_init(&builder, 4096, &error), 0);
    assert_true(plan_cgroup_devices(&resources, true, 0, &builder, &array) < 0);
    assert_int_equal(error.code, ERROR_CGROUP_DEVICES);
    assert_string_equal(error.pointer, "/linux/resources/devices/1");
    plan_builder_done(&builder);
}

static void bad_rules(void **state)
{
    struct oci_linux_device_rule rules[] = {
        rule(true, OCI_DEVICE_RULE_CHARACTER, 1, 3, "rwx"),
        {.allow = true, .type = OCI_DEVICE_RULE_BLOCK, .major = {true, -2}},
        {.allow = true, .type = OCI_DEVICE_RULE_BLOCK, .minor = {true, 1ll << 40}},
    };
    static const enum error_code codes[] = {ERROR_CONFIG_VALUE, ERROR_CONFIG_RANGE,
                                            ERROR_CONFIG_RANGE};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        struct oci_linux_resources resources = {.devices = &rules[i], .devices_count = 1};
        struct error error = {0};
        struct plan_builder builder;
        struct plan_array array;

        assert_int_equal(plan_builder_init(&builder, 4096, &error), 0);
        assert_true(plan_cgroup_devices(&resources, false, 0, &builder, &array) < 0);
        assert_int_equal(error.code, codes[i]);
        assert_string_equal(error.pointer, "/linux/resources/devices/0");
        plan_builder_done(&builder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_rules),        cmocka_unit_test(privileged_allows_all),
        cmocka_unit_test(later_rules_override), cmocka_unit_test(rules_of_all_types_with_limits),
        cmocka_unit_test(holes_in_wildcards),   cmocka_unit_test(bad_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
