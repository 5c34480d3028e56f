/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of capabilities, rlimits, scheduling, memory policy and number lists. */
#include "cmocka_all.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "plan/capability_names.h"
#include "plan/number_list.h"
#include "plan_case.h"

#define BIT(number) ((uint64_t)1 << (number))

static void assert_fails(struct fixture *f, enum error_code code, const char *pointer)
{
    assert_plan_fails(f, plan_process, code, pointer);
}

static const struct plan_process *plan_it(struct fixture *f)
{
    return &assert_plans(f, plan_process)->process;
}

/* libcap is the oracle for the names. */
static void test_capability_names(void **state)
{
    (void)state;
    for (int i = 0; i < CAPABILITIES_KNOWN; i++) {
        char *name = cap_to_name(i);

        assert_non_null(name);
        assert_int_equal(strcasecmp(name, capability_name((unsigned)i)), 0);
        assert_int_equal(capability_from_name(name), i);
        cap_free(name);
    }
    assert_null(capability_name(CAPABILITIES_KNOWN));
    assert_int_equal(capability_from_name("CAP_"), -1);
    assert_int_equal(capability_from_name("CHOWN"), -1);
    assert_int_equal(capability_from_name("12"), -1);
}

static void test_capabilities(void **state)
{
    struct fixture *f = *state;
    struct oci_capabilities asked = {
        .bounding = STRINGS("CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"),
        .permitted = STRINGS("CAP_CHOWN", "CAP_KILL"),
        .effective = STRINGS("CAP_CHOWN"),
        .inheritable = STRINGS("CAP_KILL"),
        .ambient = STRINGS("CAP_KILL"),
    };
    const struct plan_capabilities *sets;

    sets = &plan_it(f)->capabilities;
    assert_int_equal(sets->bounding | sets->permitted | sets->effective, 0);
    f->process.capabilities = &asked;
    sets = &plan_it(f)->capabilities;
    assert_int_equal(sets->bounding, BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_RAW));
    assert_int_equal(sets->permitted, BIT(CAP_CHOWN) | BIT(CAP_KILL));
    assert_int_equal(sets->effective, BIT(CAP_CHOWN));
    assert_int_equal(sets->inheritable, BIT(CAP_KILL));
    assert_int_equal(sets->ambient, BIT(CAP_KILL));
    assert_int_equal(f->builder.warnings_count, 0);
}

static void test_capabilities_that_cannot_be(void **state)
{
    struct fixture *f = *state;
    struct oci_capabilities asked = {
        .bounding = STRINGS("CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_TYPO", "CAP_BPF"),
        .permitted = STRINGS("CAP_CHOWN", "CAP_SYS_RESOURCE"),
        .effective = STRINGS("CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_KILL"),
        .ambient = STRINGS("CAP_CHOWN"),
    };
    struct oci_linux_namespace namespace = {.type = OCI_NAMESPACE_USER};
    const struct plan_capabilities *sets;

    f->process.capabilities = &asked;
    f->host.last_capability = CAP_BPF - 1;
    f->host.capabilities &= ~BIT(CAP_SYS_RESOURCE);
    f->host.bounding &= ~BIT(CAP_SYS_RESOURCE);
    sets = &plan_it(f)->capabilities;
    assert_int_equal(sets->bounding, BIT(CAP_CHOWN));
    assert_int_equal(sets->permitted, BIT(CAP_CHOWN));
    assert_int_equal(sets->effective, BIT(CAP_CHOWN));
    assert_int_equal(sets->ambient, 0);
    assert_int_equal(f->builder.warnings_count, 5);
    assert_non_null(strstr(fixture_warning(f, 0), "\"CAP_TYPO\""));
    assert_non_null(strstr(fixture_warning(f, 1), "\"CAP_BPF\""));
    assert_non_null(strstr(fixture_warning(f, 2), "CAP_SYS_RESOURCE"));
    assert_non_null(strstr(fixture_warning(f, 3), "CAP_KILL"));
    assert_non_null(strstr(fixture_warning(f, 4), "ambient"));
    assert_int_equal(f->builder.warnings[0].origin.kind, ORIGIN_CAPABILITIES);

    /* the caller's sets do not matter in a user namespace of its own */
    f->linux.namespaces = &namespace;
    f->linux.namespaces_count = 1;
    sets = &plan_it(f)->capabilities;
    assert_int_equal(sets->permitted, BIT(CAP_CHOWN) | BIT(CAP_SYS_RESOURCE));
}

static void test_rlimits(void **state)
{
    struct fixture *f = *state;
    struct oci_rlimit asked[] = {
        {"RLIMIT_NOFILE", 10, UINT64_MAX}, {"RLIMIT_CORE", 0, 0}, {"RLIMIT_NOFILE", 1, 1}};
    const struct plan_rlimit *limits;

    f->process.rlimits = asked;
    f->process.rlimits_count = 2;
    plan_it(f);
    limits = plan_items(f->builder.plan, f->builder.plan->process.rlimits, struct plan_rlimit);
    assert_int_equal(limits[0].resource, RLIMIT_NOFILE);
    assert_int_equal(limits[0].soft, 10);
    assert_int_equal(limits[0].hard, UINT64_MAX);
    assert_int_equal(limits[1].resource, RLIMIT_CORE);
    assert_string_equal(plan_text(f->builder.plan, limits[1].name), "RLIMIT_CORE");
    assert_int_equal(limits[1].origin.index, 1);

    f->process.rlimits_count = 3;
    assert_fails(f, ERROR_CONFIG_DUPLICATE, "/process/rlimits/2");
    asked[1].soft = 1;
    assert_fails(f, ERROR_CONFIG_VALUE, "/process/rlimits/1");
    asked[0].type = "RLIMIT_NOFILES";
    assert_fails(f, ERROR_CONFIG_VALUE, "/process/rlimits/0");
    assert_non_null(strstr(f->error.message, "did you mean \"RLIMIT_NOFILE\"?"));
    asked[0].type = NULL;
    assert_fails(f, ERROR_CONFIG_VALUE, "/process/rlimits/0");
}

static void test_scheduler(void **state)
{
    struct fixture *f = *state;
    enum oci_scheduler_flag flags[] = {OCI_SCHED_FLAG_RESET_ON_FORK, OCI_SCHED_FLAG_DL_OVERRUN};
    struct oci_scheduler asked = {
        .policy = OCI_SCHED_BATCH, .nice = -20, .flags = flags, .flags_count = 2};
    const struct plan_scheduler *plan;

    assert_false(plan_it(f)->scheduler.set);
    f->process.scheduler = &asked;
    plan = &plan_it(f)->scheduler;
    assert_true(plan->set);
    assert_int_equal(plan->policy, SCHED_BATCH);
    assert_int_equal(plan->nice, -20);
    assert_int_equal(plan->flags, 5);

    asked.nice = 20;
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/scheduler/nice");
    asked = (struct oci_scheduler){.policy = OCI_SCHED_FIFO};
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/scheduler/priority");
    asked.priority = 99;
    assert_int_equal(plan_it(f)->scheduler.priority, 99);
    asked.runtime = 5000;
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/process/scheduler");
    asked = (struct oci_scheduler){.policy = OCI_SCHED_OTHER, .priority = 1};
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/process/scheduler/priority");
    asked = (struct oci_scheduler){.policy = OCI_SCHED_IDLE, .nice = 1};
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/process/scheduler/nice");
    asked = (struct oci_scheduler){.policy = OCI_SCHED_ISO};
    assert_fails(f, ERROR_NOT_SUPPORTED, "/process/scheduler/policy");
    asked = (struct oci_scheduler){0};
    assert_fails(f, ERROR_CONFIG_MISSING, "/process/scheduler/policy");
}

static void test_scheduler_deadline(void **state)
{
    struct fixture *f = *state;
    struct oci_scheduler asked = {
        .policy = OCI_SCHED_DEADLINE, .runtime = 5000, .deadline = 10000, .period = 20000};

    f->process.scheduler = &asked;
    assert_int_equal(plan_it(f)->scheduler.period, 20000);
    asked.period = 0; /* as long as the deadline */
    assert_int_equal(plan_it(f)->scheduler.deadline, 10000);
    asked.period = 9999;
    assert_fails(f, ERROR_CONFIG_VALUE, "/process/scheduler");
    asked.period = 20000;
    asked.runtime = 10001;
    assert_fails(f, ERROR_CONFIG_VALUE, "/process/scheduler");
    asked.runtime = 1023;
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/scheduler/runtime");
}

static void test_io_priority(void **state)
{
    struct fixture *f = *state;
    struct oci_io_priority asked = {.class = OCI_IOPRIO_BEST_EFFORT, .priority = 7};

    assert_false(plan_it(f)->io_priority_set);
    f->process.io_priority = &asked;
    assert_int_equal(plan_it(f)->io_priority, 2 << 13 | 7);
    asked.priority = 8;
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/ioPriority/priority");
    asked.class = OCI_IOPRIO_NONE;
    assert_fails(f, ERROR_CONFIG_MISSING, "/process/ioPriority/class");
}

static void test_affinity(void **state)
{
    struct fixture *f = *state;
    struct oci_exec_cpu_affinity asked = {.initial = "0", .final = "1-2,64"};
    const struct plan_process *plan;

    f->process.exec_cpu_affinity = &asked;
    assert_int_equal(plan_it(f)->affinity_final.count, 0); /* not for the first process */
    f->input.purpose = PLAN_EXEC;
    plan = plan_it(f);
    assert_int_equal(plan_items(f->builder.plan, plan->affinity_initial, uint64_t)[0], 1);
    assert_int_equal(plan->affinity_final.count, 2);
    assert_int_equal(plan_items(f->builder.plan, plan->affinity_final, uint64_t)[0], 6);
    assert_int_equal(plan_items(f->builder.plan, plan->affinity_final, uint64_t)[1], 1);
    asked.final = "8192";
    assert_fails(f, ERROR_CONFIG_RANGE, "/process/execCPUAffinity/final");
    asked.initial = "all";
    assert_fails(f, ERROR_CONFIG_VALUE, "/process/execCPUAffinity/initial");
}

static void test_memory_policy(void **state)
{
    struct fixture *f = *state;
    enum oci_memory_policy_flag flags[] = {OCI_MEMORY_POLICY_FLAG_STATIC_NODES,
                                           OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES};
    struct oci_linux_memory_policy asked = {
        .mode = OCI_MEMORY_POLICY_BIND, .nodes = "0,2", .flags = flags, .flags_count = 1};
    const struct plan_memory_policy *plan;

    f->linux.memory_policy = &asked;
    plan = &plan_it(f)->memory_policy;
    assert_true(plan->set);
    assert_int_equal(plan->mode, 2 | 1 << 15);
    assert_int_equal(plan->nodes_bits, 64);
    assert_int_equal(plan_items(f->builder.plan, plan->nodes, uint64_t)[0], 5);
    asked.flags_count = 2;
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/linux/memoryPolicy/flags");
    asked.flags_count = 0;
    asked.nodes = "0-";
    assert_fails(f, ERROR_CONFIG_VALUE, "/linux/memoryPolicy/nodes");
    asked.nodes = "1024";
    assert_fails(f, ERROR_CONFIG_RANGE, "/linux/memoryPolicy/nodes");
    asked.nodes = NULL;
    assert_fails(f, ERROR_CONFIG_MISSING, "/linux/memoryPolicy/nodes");
    asked.mode = OCI_MEMORY_POLICY_LOCAL;
    assert_int_equal(plan_it(f)->memory_policy.mode, 4);
    asked.nodes = "0";
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/linux/memoryPolicy/nodes");
}

static void test_personality(void **state)
{
    struct fixture *f = *state;
    struct oci_linux_personality asked = {.domain = OCI_PERSONALITY_LINUX32};

    assert_false(plan_it(f)->personality_set);
    f->linux.personality = &asked;
    assert_int_equal(plan_it(f)->personality, 8);
    asked.flags = STRINGS("ADDR_NO_RANDOMIZE");
    assert_fails(f, ERROR_NOT_SUPPORTED, "/linux/personality/flags/0");
}

static void test_number_lists(void **state)
{
    static const struct {
        const char *text;
        int result;
        uint64_t first;
    } cases[] = {
        {"0", 0, 1},        {"63", 0, BIT(63)},    {"0-63", 0, UINT64_MAX},
        {"1,1,1-2", 0, 6},  {"", -EINVAL, 0},      {",", -EINVAL, 0},
        {"1,", -EINVAL, 0}, {",1", -EINVAL, 0},    {"2-1", -EINVAL, 0},
        {"1-", -EINVAL, 0}, {"-1", -EINVAL, 0},    {"1 ", -EINVAL, 0},
        {" 1", -EINVAL, 0}, {"1-2-3", -EINVAL, 0}, {"0x1", -EINVAL, 0},
        {"64", -ERANGE, 0}, {"0-64", -ERANGE, 0},  {"18446744073709551616", -ERANGE, 0},
    };
    struct fixture *f = *state;

    plan_it(f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plan_array mask;
        int r = plan_add_number_list(&f->builder, cases[i].text, 64, &mask);

        assert_int_equal(r, cases[i].result);
        if (r == 0)
            assert_int_equal(plan_items(f->builder.plan, mask, uint64_t)[0], cases[i].first);
    }
}

static const struct plan_rdt_line *rdt_line(struct fixture *f, uint32_t index)
{
    return &plan_items(f->builder.plan, f->builder.plan->rdt.lines, struct plan_rdt_line)[index];
}

static void test_rdt(void **state)
{
    const char *schemata[] = {"L2:0=f", "MB:1=20"};
    struct fixture *f = *state;
    struct oci_linux_intel_rdt rdt = {0};
    const struct plan *plan;

    assert_int_equal(fixture_plan(f, plan_rdt), 0);
    plan = f->builder.plan;
    assert_false(plan->rdt.set);
    f->linux.intel_rdt = &rdt;
    assert_int_equal(fixture_plan(f, plan_rdt), 0);
    plan = f->builder.plan;
    assert_true(plan->rdt.set);
    assert_false(plan->rdt.named);
    assert_string_equal(plan_text(plan, plan->rdt.group), f->input.id);
    assert_int_equal(plan->rdt.lines.count, 0);
    rdt = (struct oci_linux_intel_rdt){.clos_id = "/",
                                       .schemata = {.items = schemata, .count = 2, .set = true},
                                       .l3_cache_schema = "L3:0=ff",
                                       .mem_bw_schema = "MB:0=10",
                                       .enable_monitoring = true};
    assert_int_equal(fixture_plan(f, plan_rdt), 0);
    plan = f->builder.plan;
    assert_true(plan->rdt.named && plan->rdt.monitor);
    assert_null(plan_text(plan, plan->rdt.group));
    assert_int_equal(plan->rdt.lines.count, 4);
    assert_string_equal(plan_text(plan, rdt_line(f, 0)->text), "L3:0=ff");
    assert_string_equal(plan_text(plan, rdt_line(f, 1)->text), "MB:0=10");
    assert_string_equal(plan_text(plan, rdt_line(f, 3)->text), "MB:1=20");
    assert_true(rdt_line(f, 1)->must_match);
    assert_false(rdt_line(f, 2)->must_match);
    assert_int_equal(rdt_line(f, 3)->origin.index, 1);
}

static void test_net_devices(void **state)
{
    struct fixture *f = *state;
    struct oci_linux_net_device device = {.key = "eth1"};
    const struct plan_net_device *planned;

    assert_int_equal(fixture_plan(f, plan_net_devices), 0);
    f->linux.net_devices = &device;
    f->linux.net_devices_count = 1;
    f->input.privileged = true;
    f->host.capabilities = UINT64_C(1) << 12;
    assert_int_equal(fixture_plan(f, plan_net_devices), 0);
    assert_int_equal(f->builder.plan->net_devices.count, 1);
    planned = plan_items(f->builder.plan, f->builder.plan->net_devices, struct plan_net_device);
    assert_string_equal(plan_text(f->builder.plan, planned->new_name), "eth1");
    f->host.capabilities = 0;
    assert_int_equal(fixture_plan(f, plan_net_devices), -EPERM);
    assert_string_equal(f->error.pointer, "/linux/netDevices");
    f->host.capabilities = UINT64_MAX;
    f->input.privileged = false;
    assert_int_equal(fixture_plan(f, plan_net_devices), -EPERM);
    assert_int_equal(f->error.code, ERROR_NET_DEVICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAN_TEST(test_capability_names),
        PLAN_TEST(test_net_devices),
        PLAN_TEST(test_capabilities),
        PLAN_TEST(test_capabilities_that_cannot_be),
        PLAN_TEST(test_rlimits),
        PLAN_TEST(test_scheduler),
        PLAN_TEST(test_scheduler_deadline),
        PLAN_TEST(test_io_priority),
        PLAN_TEST(test_affinity),
        PLAN_TEST(test_memory_policy),
        PLAN_TEST(test_personality),
        PLAN_TEST(test_number_lists),
        PLAN_TEST(test_rdt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
