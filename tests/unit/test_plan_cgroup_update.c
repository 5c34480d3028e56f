/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds after an update: the old resources with the new ones on top. */
#include "cmocka_all.h"

#include <string.h>

#include "base/cleanup.h"
#include "ocispec/ocispec.h"
#include "plan/plan_cgroup.h"

static struct oci_linux_resources *parse(struct oci_arena *arena, const char *text)
{
    struct oci_linux_resources *resources;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);

    assert_int_equal(oci_linux_resources_parse(arena, text, strlen(text), &resources, &report), 0);
    return resources;
}

static void updates_are_laid_on_top(void **state)
{
    static const struct {
        const char *old, *update, *merged;
    } cases[] = {
        {"{}", "{}", "{}"},
        {"{}", "{\"pids\":{\"limit\":0}}", "{\"pids\":{\"limit\":0}}"},
        {"{\"pids\":{\"limit\":5}}", "{\"pids\":{}}", "{\"pids\":{\"limit\":5}}"},
        /* zeros that mean unset, and those that mean zero */
        {"{\"memory\":{\"limit\":9,\"swappiness\":60},\"cpu\":{\"shares\":7,\"idle\":1}}",
         "{\"memory\":{\"limit\":0,\"swappiness\":0},\"cpu\":{\"shares\":0,\"idle\":0}}",
         "{\"memory\":{\"limit\":9,\"swappiness\":0},\"cpu\":{\"shares\":7,\"idle\":0}}"},
        {"{\"cpu\":{\"cpus\":\"0-3\"}}", "{\"cpu\":{\"cpus\":\"\",\"mems\":\"0\"}}",
         "{\"cpu\":{\"cpus\":\"0-3\",\"mems\":\"0\"}}"},
        /* no limit on memory: none on memory and swap */
        {"{\"memory\":{\"limit\":9,\"swap\":12}}", "{\"memory\":{\"limit\":-1}}",
         "{\"memory\":{\"limit\":-1,\"swap\":-1}}"},
        /* lists by their keys */
        {"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
         "{\"major\":8,\"minor\":1,\"rate\":2}]}}",
         "{\"blockIO\":{\"weight\":0,\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,"
         "\"rate\":3},{\"major\":8,\"minor\":2,\"rate\":4}]}}",
         "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
         "{\"major\":8,\"minor\":1,\"rate\":3},{\"major\":8,\"minor\":2,\"rate\":4}]}}"},
        {"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}]}",
         "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0},{\"pageSize\":\"1GB\","
         "\"limit\":2}]}",
         "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0},{\"pageSize\":\"1GB\","
         "\"limit\":2}]}"},
        {"{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":1}]}}",
         "{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":2}]}}",
         "{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":2}]}}"},
        {"{\"rdma\":{\"a\":{\"hcaHandles\":1}}}",
         "{\"rdma\":{\"b\":{\"hcaHandles\":2},\"a\":{\"hcaObjects\":3}}}",
         "{\"rdma\":{\"a\":{\"hcaObjects\":3},\"b\":{\"hcaHandles\":2}}}"},
        {"{\"unified\":{\"memory.high\":\"1\"}}",
         "{\"unified\":{\"memory.high\":\"2\",\"pids.max\":\"3\"}}",
         "{\"unified\":{\"memory.high\":\"2\",\"pids.max\":\"3\"}}"},
        /* device rules are one thing */
        {"{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\"}]}",
         "{\"devices\":[{\"allow\":true}]}", "{\"devices\":[{\"allow\":true}]}"},
        {"{\"devices\":[{\"allow\":true}]}", "{\"devices\":[]}",
         "{\"devices\":[{\"allow\":true}]}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_linux_resources *merged;
        const char *text;
        size_t length;

        oci_arena_init(&arena);
        assert_int_equal(plan_cgroup_merge(parse(&arena, cases[i].old),
                                           parse(&arena, cases[i].update), &arena, &merged),
                         0);
        assert_int_equal(oci_write(&oci_linux_resources_table, merged, OCI_WRITE_COMPACT, &arena,
                                   &text, &length),
                         0);
        assert_string_equal(text, cases[i].merged);
    }
}

static void the_first_update_starts_from_nothing(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_linux_resources *merged;

    (void)state;
    oci_arena_init(&arena);
    assert_int_equal(
        plan_cgroup_merge(NULL, parse(&arena, "{\"cpu\":{\"quota\":5000}}"), &arena, &merged), 0);
    assert_int_equal(merged->cpu->quota.value, 5000);
    assert_null(merged->memory);
}

/* cgroup2 limits swap alone, so it needs both numbers; v1 takes each by itself. */
static void cgroup2_gets_the_other_half_of_memory_and_swap(void **state)
{
    static const struct host_cgroups v1 = {.layout = HOST_CGROUP_V1,
                                           .controllers = 1u << HOST_CGROUP_MEMORY};
    static const struct host_cgroups v2 = {.layout = HOST_CGROUP_V2,
                                           .unified_controllers = 1u << HOST_CGROUP_MEMORY};
    static const struct {
        const struct host_cgroups *host;
        const char *update;
        int64_t limit, swap; /* 0: not set */
    } cases[] = {
        {&v2, "{\"memory\":{\"limit\":50}}", 50, 300},
        {&v2, "{\"memory\":{\"swap\":400}}", 100, 400},
        {&v2, "{\"memory\":{\"limit\":50,\"swap\":60}}", 50, 60},
        {&v2, "{\"memory\":{\"limit\":-1}}", -1, 0},
        {&v2, "{\"memory\":{\"limit\":0,\"swap\":0}}", 0, 0},
        {&v1, "{\"memory\":{\"limit\":50}}", 50, 0},
        {&v1, "{\"memory\":{\"swap\":400}}", 0, 400},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_linux_resources *old, *update, *merged;
        struct oci_linux_memory memory;

        oci_arena_init(&arena);
        old = parse(&arena, "{\"memory\":{\"limit\":100,\"swap\":300}}");
        update = parse(&arena, cases[i].update);
        assert_int_equal(plan_cgroup_merge(old, update, &arena, &merged), 0);
        plan_cgroup_complete_update(update, merged, cases[i].host, &memory);
        assert_int_equal(update->memory->limit.value, cases[i].limit);
        assert_int_equal(update->memory->swap.value, cases[i].swap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_laid_on_top),
        cmocka_unit_test(the_first_update_starts_from_nothing),
        cmocka_unit_test(cgroup2_gets_the_other_half_of_memory_and_swap),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
