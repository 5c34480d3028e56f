/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources as plans, for hosts that need not be this one. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/plan_cgroup.h"

#define ALL_V2                                                                      \
    (1u << HOST_CGROUP_CPU | 1u << HOST_CGROUP_CPUSET | 1u << HOST_CGROUP_MEMORY |  \
     1u << HOST_CGROUP_BLKIO | 1u << HOST_CGROUP_PIDS | 1u << HOST_CGROUP_HUGETLB | \
     1u << HOST_CGROUP_RDMA)

static const struct host_cgroups v1 = {.layout = HOST_CGROUP_V1,
                                       .controllers = (1u << HOST_CGROUP_CONTROLLERS) - 1};
static const struct host_cgroups v2 = {.layout = HOST_CGROUP_V2, .unified_controllers = ALL_V2};
static const struct host_cgroups hybrid = {.layout = HOST_CGROUP_HYBRID,
                                           .controllers = 1u << HOST_CGROUP_MEMORY,
                                           .unified_controllers = 1u << HOST_CGROUP_HUGETLB};

struct fixture {
    struct error error;
    struct plan_builder builder;
    char text[8192];
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    assert_int_equal(plan_builder_init(&f->builder, 4096, &f->error), 0);
}

/* One line per write: flags, controller, file = value, JSON pointer. */
static const char *render(struct fixture *f, struct plan_array writes)
{
    const struct plan *plan = f->builder.plan;
    size_t length = 0;

    f->text[0] = '\0';
    plan_for_each(write, plan, writes, struct plan_cgroup_write)
    {
        const char *name = write->controller < HOST_CGROUP_CONTROLLERS
                               ? host_cgroup_controller_name(write->controller)
                               : "-";
        struct error where = {0};

        plan_origin_explain(plan, write->origin, &where);
        length += (size_t)snprintf(
            f->text + length, sizeof(f->text) - length, "%s%s%s%s%s%s%s %s=%s %s\n", name,
            (write->flags & PLAN_CGROUP_V2) != 0 ? "2" : "1",
            (write->flags & PLAN_CGROUP_LINKED) != 0 ? "+" : "",
            (write->flags & PLAN_CGROUP_ALTERNATIVE) != 0 ? "|" : "",
            (write->flags & PLAN_CGROUP_OPTIONAL) != 0 ? "?" : "",
            (write->flags & PLAN_CGROUP_CHECK_USAGE) != 0 ? "<" : "",
            (write->flags & PLAN_CGROUP_KEEP_FIRST) != 0 ? "_" : "", plan_text(plan, write->file),
            plan_text(plan, write->value), where.pointer);
        assert_true(length < sizeof(f->text));
    }
    return f->text;
}

static void expect(const struct oci_linux_resources *resources, const struct host_cgroups *host,
                   uint32_t flags, const char *wanted)
{
    struct plan_array writes = {0};
    struct fixture f;

    begin(&f);
    if (plan_cgroup_resources(resources, host, flags, &f.builder, &writes) < 0)
        fail_msg("%s %s", f.error.message, f.error.pointer);
    assert_string_equal(render(&f, writes), wanted);
    plan_builder_done(&f.builder);
}

static void expect_error(const struct oci_linux_resources *resources,
                         const struct host_cgroups *host, enum error_code code, const char *pointer,
                         const char *words)
{
    struct plan_array writes = {0};
    struct fixture f;

    begin(&f);
    assert_true(plan_cgroup_resources(resources, host, 0, &f.builder, &writes) < 0);
    assert_string_equal(error_code_name(f.error.code), error_code_name(code));
    assert_string_equal(f.error.pointer, pointer);
    if (strstr(f.error.message, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f.error.message, words);
    plan_builder_done(&f.builder);
}

#define SET(number)  \
    {                \
        true, number \
    }

static void memory_fields(void **state)
{
    struct oci_linux_memory memory = {
        .limit = SET(1 << 20), .swap = SET(3 << 20), .reservation = SET(4096)};
    struct oci_linux_resources resources = {.memory = &memory};

    (void)state;
    expect(&resources, &v1, 0,
           "memory1+ memory.limit_in_bytes=1048576 /linux/resources/memory/limit\n"
           "memory1 memory.memsw.limit_in_bytes=3145728 /linux/resources/memory/swap\n"
           "memory1 memory.soft_limit_in_bytes=4096 /linux/resources/memory/reservation\n");
    expect(&resources, &v2, 0,
           "memory2+ memory.max=1048576 /linux/resources/memory/limit\n"
           "memory2 memory.swap.max=2097152 /linux/resources/memory/swap\n"
           "memory2 memory.low=4096 /linux/resources/memory/reservation\n");
    memory.swap.value = 1 << 20;
    expect(&resources, &v2, PLAN_CGROUP_UPDATE,
           "memory2+ memory.max=1048576 /memory/limit\n"
           "memory2? memory.swap.max=0 /memory/swap\n"
           "memory2 memory.low=4096 /memory/reservation\n");
    memory.check_before_update = (struct oci_optional_bool)SET(true);
    memory.swap.value = -1;
    memory.reservation.value = 0;
    expect(&resources, &v2, PLAN_CGROUP_UPDATE,
           "memory2+< memory.max=1048576 /memory/limit\n"
           "memory2? memory.swap.max=max /memory/swap\n");
    memory.swap.value = 4096;
    expect_error(&resources, &v1, ERROR_CONFIG_CONFLICT, "/linux/resources/memory/swap",
                 "below that on memory alone");
    memory.limit.set = false;
    expect_error(&resources, &v2, ERROR_CONFIG_CONFLICT, "/linux/resources/memory/swap",
                 "needs one on memory");
    expect(&resources, &v1, 0,
           "memory1 memory.memsw.limit_in_bytes=4096 /linux/resources/memory/swap\n");
    memory.swap.value = -2;
    expect_error(&resources, &v1, ERROR_CONFIG_RANGE, "/linux/resources/memory/swap", "-1");
}

static void unlimited_memory_lifts_swap_too(void **state)
{
    struct oci_linux_memory memory = {.limit = SET(-1)};
    struct oci_linux_resources resources = {.memory = &memory};

    (void)state;
    expect(&resources, &v1, 0,
           "memory1+? memory.memsw.limit_in_bytes=-1 /linux/resources/memory/limit\n"
           "memory1? memory.limit_in_bytes=-1 /linux/resources/memory/limit\n");
    expect(&resources, &v2, 0,
           "memory2+? memory.swap.max=max /linux/resources/memory/limit\n"
           "memory2? memory.max=max /linux/resources/memory/limit\n");
}

static void v1_memory_fields(void **state)
{
    struct oci_linux_memory memory = {
        .kernel = SET(4096),
        .kernel_tcp = SET(8192),
        .swappiness = SET(60),
        .disable_oom_killer = SET(true),
        .use_hierarchy = SET(true),
    };
    struct oci_linux_resources resources = {.memory = &memory};

    (void)state;
    expect(&resources, &v1, 0,
           "memory1 memory.use_hierarchy=1 /linux/resources/memory/useHierarchy\n"
           "memory1 memory.kmem.limit_in_bytes=4096 /linux/resources/memory/kernel\n"
           "memory1 memory.kmem.tcp.limit_in_bytes=8192 /linux/resources/memory/kernelTCP\n"
           "memory1 memory.swappiness=60 /linux/resources/memory/swappiness\n"
           "memory1 memory.oom_control=1 /linux/resources/memory/disableOOMKiller\n");
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/memory/kernel",
                 "\"memory.kmem.limit_in_bytes\" of the v1 controller \"memory\"");
    memory.kernel.value = -1;
    memory.kernel_tcp.value = 0;
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/memory/swappiness",
                 "\"memory.swappiness\"");
    memory.swappiness.set = false;
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER,
                 "/linux/resources/memory/disableOOMKiller", "\"memory.oom_control\"");
    memory.disable_oom_killer.value = false;
    expect(&resources, &v2, 0, "");
    memory.use_hierarchy.value = false;
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/memory/useHierarchy",
                 "\"memory.use_hierarchy\"");
    expect(&(struct oci_linux_resources){.memory = &(struct oci_linux_memory){.disable_oom_killer =
                                                                                  SET(false)}},
           &v1, PLAN_CGROUP_UPDATE, "memory1? memory.oom_control=0 /memory/disableOOMKiller\n");
    memory.swappiness = (struct oci_optional_u64)SET(101);
    expect_error(&resources, &v1, ERROR_CONFIG_RANGE, "/linux/resources/memory/swappiness", "100");
}

static void zeros_of_docker_mean_unset(void **state)
{
    struct oci_linux_memory memory = {.limit = SET(0),
                                      .swap = SET(0),
                                      .reservation = SET(0),
                                      .kernel = SET(0),
                                      .kernel_tcp = SET(0),
                                      .disable_oom_killer = SET(false)};
    struct oci_linux_cpu cpu = {.shares = SET(0),
                                .quota = SET(0),
                                .period = SET(0),
                                .burst = SET(0),
                                .idle = SET(0),
                                .realtime_runtime = SET(0),
                                .realtime_period = SET(0),
                                .cpus = "",
                                .mems = ""};
    struct oci_linux_block_io block_io = {.weight = SET(0), .leaf_weight = SET(0)};
    struct oci_linux_network network = {.class_id = SET(0)};
    struct oci_linux_resources resources = {
        .memory = &memory, .cpu = &cpu, .block_io = &block_io, .network = &network};
    static const struct host_cgroups nothing = {.layout = HOST_CGROUP_V1};

    (void)state;
    expect(&resources, &v1, 0, "");
    expect(&resources, &v2, 0, "");
    expect(&resources, &nothing, 0, "");
}

static void cpu_fields(void **state)
{
    struct oci_linux_cpu cpu = {.shares = SET(2048),
                                .quota = SET(50000),
                                .period = SET(200000),
                                .burst = SET(1000),
                                .idle = SET(1),
                                .cpus = "0-1",
                                .mems = "0"};
    struct oci_linux_resources resources = {.cpu = &cpu};

    (void)state;
    expect(&resources, &v1, 0,
           "cpuset1 cpuset.cpus=0-1 /linux/resources/cpu/cpus\n"
           "cpuset1 cpuset.mems=0 /linux/resources/cpu/mems\n"
           "cpu1+ cpu.shares=2048 /linux/resources/cpu/shares\n"
           "cpu1 cpu.idle=1 /linux/resources/cpu/idle\n"
           "cpu1+ cpu.cfs_period_us=200000 /linux/resources/cpu/period\n"
           "cpu1+ cpu.cfs_quota_us=50000 /linux/resources/cpu/quota\n"
           "cpu1 cpu.cfs_burst_us=1000 /linux/resources/cpu/burst\n");
    expect(&resources, &v2, 0,
           "cpuset2 cpuset.cpus=0-1 /linux/resources/cpu/cpus\n"
           "cpuset2 cpuset.mems=0 /linux/resources/cpu/mems\n"
           "cpu2+ cpu.weight=174 /linux/resources/cpu/shares\n"
           "cpu2 cpu.idle=1 /linux/resources/cpu/idle\n"
           "cpu2+ cpu.max=50000 200000 /linux/resources/cpu/quota\n"
           "cpu2 cpu.max.burst=1000 /linux/resources/cpu/burst\n");
    cpu = (struct oci_linux_cpu){.quota = SET(-1), .idle = SET(0), .burst = SET(0)};
    expect(&resources, &v1, PLAN_CGROUP_UPDATE,
           "cpu1? cpu.idle=0 /cpu/idle\n"
           "cpu1+? cpu.cfs_quota_us=-1 /cpu/quota\n"
           "cpu1? cpu.cfs_burst_us=0 /cpu/burst\n");
    expect(&resources, &v2, 0, "cpu2? cpu.max=max /linux/resources/cpu/quota\n");
    cpu = (struct oci_linux_cpu){.period = SET(1000)};
    expect(&resources, &v2, 0, "cpu2_ cpu.max=1000 /linux/resources/cpu/period\n");
    cpu = (struct oci_linux_cpu){.realtime_period = SET(1000000), .realtime_runtime = SET(950000)};
    expect(&resources, &v1, 0,
           "cpu1+ cpu.rt_period_us=1000000 /linux/resources/cpu/realtimePeriod\n"
           "cpu1 cpu.rt_runtime_us=950000 /linux/resources/cpu/realtimeRuntime\n");
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/cpu/realtimePeriod",
                 "\"cpu.rt_period_us\" of the v1 controller \"cpu\"");
    cpu = (struct oci_linux_cpu){.quota = SET(1000), .burst = SET(1001)};
    expect_error(&resources, &v1, ERROR_CONFIG_CONFLICT, "/linux/resources/cpu/burst",
                 "above the quota");
    cpu = (struct oci_linux_cpu){.idle = SET(2)};
    expect_error(&resources, &v2, ERROR_CONFIG_RANGE, "/linux/resources/cpu/idle", "0 to 1");
    cpu = (struct oci_linux_cpu){.shares = SET(UINT64_MAX)};
    expect_error(&resources, &v1, ERROR_CONFIG_RANGE, "/linux/resources/cpu/shares", "not from");
}

static void shares_become_weights(void **state)
{
    static const uint64_t pairs[][2] = {{1, 1},          {2, 1},
                                        {3, 2},          {10, 4},
                                        {100, 17},       {256, 35},
                                        {512, 59},       {1024, 100},
                                        {2048, 174},     {4096, 303},
                                        {102400, 4429},  {262143, 10000},
                                        {262144, 10000}, {UINT64_MAX, 10000}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
        assert_int_equal(plan_cgroup_weight_of_shares(pairs[i][0]), pairs[i][1]);
    for (uint64_t shares = 2; shares < 262144; shares++)
        assert_true(plan_cgroup_weight_of_shares(shares) <=
                    plan_cgroup_weight_of_shares(shares + 1));
}

static void pids_limits(void **state)
{
    static const struct {
        int64_t limit;
        const char *wanted[2];
    } cases[] = {
        {20,
         {"pids1 pids.max=20 /linux/resources/pids/limit\n",
          "pids2 pids.max=20 /linux/resources/pids/limit\n"}},
        {0,
         {"pids1 pids.max=1 /linux/resources/pids/limit\n",
          "pids2 pids.max=1 /linux/resources/pids/limit\n"}},
        {-1,
         {"pids1? pids.max=max /linux/resources/pids/limit\n",
          "pids2? pids.max=max /linux/resources/pids/limit\n"}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_linux_pids pids = {.limit = SET(cases[i].limit)};
        struct oci_linux_resources resources = {.pids = &pids};

        expect(&resources, &v1, 0, cases[i].wanted[0]);
        expect(&resources, &v2, 0, cases[i].wanted[1]);
    }
}

/* Podman writes 0 for --pids-limit=-1. */
static void pids_limit_zero_before_1_3(void **state)
{
    static const struct {
        const char *version;
        const char *wanted;
    } cases[] = {
        {"1.0.2-dev", "pids2? pids.max=max /linux/resources/pids/limit\n"},
        {"1.1.0+dev", "pids2? pids.max=max /linux/resources/pids/limit\n"},
        {"1.2.1", "pids2? pids.max=max /linux/resources/pids/limit\n"},
        {"1.3.0", "pids2 pids.max=1 /linux/resources/pids/limit\n"},
        {"1.20.0", "pids2 pids.max=1 /linux/resources/pids/limit\n"},
    };
    struct oci_linux_pids pids = {.limit = SET(0)};
    struct oci_linux_resources resources = {.pids = &pids};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_spec spec = {.oci_version = cases[i].version};

        expect(&resources, &v2, plan_cgroup_spec_flags(&spec), cases[i].wanted);
    }
}

static void block_io(void **state)
{
    struct oci_linux_weight_device weights[] = {{8, 0, SET(500), SET(300)}, {8, 16, SET(10), {0}}};
    struct oci_linux_throttle_device bps[] = {{8, 0, SET(600)}}, iops[] = {{8, 16, SET(0)}};
    struct oci_linux_block_io io = {
        .weight = SET(100),
        .leaf_weight = SET(20),
        .weight_device = weights,
        .weight_device_count = 2,
        .throttle_read_bps_device = bps,
        .throttle_read_bps_device_count = 1,
        .throttle_write_iops_device = iops,
        .throttle_write_iops_device_count = 1,
    };
    struct oci_linux_resources resources = {.block_io = &io};

    (void)state;
    expect(&resources, &v1, 0,
           "blkio1| blkio.weight=100 /linux/resources/blockIO/weight\n"
           "blkio1 blkio.bfq.weight=100 /linux/resources/blockIO/weight\n"
           "blkio1 blkio.leaf_weight=20 /linux/resources/blockIO/leafWeight\n"
           "blkio1| blkio.weight_device=8:0 500 /linux/resources/blockIO/weightDevice/0\n"
           "blkio1 blkio.bfq.weight_device=8:0 500 /linux/resources/blockIO/weightDevice/0\n"
           "blkio1 blkio.leaf_weight_device=8:0 300 /linux/resources/blockIO/weightDevice/0\n"
           "blkio1| blkio.weight_device=8:16 10 /linux/resources/blockIO/weightDevice/1\n"
           "blkio1 blkio.bfq.weight_device=8:16 10 /linux/resources/blockIO/weightDevice/1\n"
           "blkio1 blkio.throttle.read_bps_device=8:0 600 "
           "/linux/resources/blockIO/throttleReadBpsDevice/0\n"
           "blkio1 blkio.throttle.write_iops_device=8:16 0 "
           "/linux/resources/blockIO/throttleWriteIOPSDevice/0\n");
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/blockIO/leafWeight",
                 "blkio.leaf_weight");
    io.leaf_weight.set = false;
    weights[0].leaf_weight.set = false;
    weights[0].leaf_weight.value = 0;
    expect(&resources, &v2, 0,
           "blkio2| io.bfq.weight=100 /linux/resources/blockIO/weight\n"
           "blkio2 io.weight=910 /linux/resources/blockIO/weight\n"
           "blkio2| io.bfq.weight=8:0 500 /linux/resources/blockIO/weightDevice/0\n"
           "blkio2 io.weight=8:0 4950 /linux/resources/blockIO/weightDevice/0\n"
           "blkio2| io.bfq.weight=8:16 10 /linux/resources/blockIO/weightDevice/1\n"
           "blkio2 io.weight=8:16 1 /linux/resources/blockIO/weightDevice/1\n"
           "blkio2 io.max=8:0 rbps=600 /linux/resources/blockIO/throttleReadBpsDevice/0\n"
           "blkio2 io.max=8:16 wiops=max /linux/resources/blockIO/throttleWriteIOPSDevice/0\n");
    bps[0].major = -1;
    expect_error(&resources, &v2, ERROR_CONFIG_RANGE,
                 "/linux/resources/blockIO/throttleReadBpsDevice/0", "-1:0");
}

static void hugepages_network_rdma(void **state)
{
    struct oci_linux_hugepage_limit hugepages[] = {{"2MB", 4194304}};
    struct oci_linux_interface_priority priorities[] = {{"eth0", 5}};
    struct oci_linux_network network = {
        .class_id = SET(1048577), .priorities = priorities, .priorities_count = 1};
    struct oci_linux_rdma rdma[] = {{"mlx5_1", SET(3), SET(10000)}, {"rxe3", {0}, SET(7)}};
    struct oci_linux_resources resources = {.hugepage_limits = hugepages,
                                            .hugepage_limits_count = 1,
                                            .network = &network,
                                            .rdma = rdma,
                                            .rdma_count = 2};

    (void)state;
    expect(&resources, &v1, 0,
           "net_cls1 net_cls.classid=1048577 /linux/resources/network/classID\n"
           "hugetlb1 hugetlb.2MB.limit_in_bytes=4194304 /linux/resources/hugepageLimits/0\n"
           "hugetlb1? hugetlb.2MB.rsvd.limit_in_bytes=4194304 /linux/resources/hugepageLimits/0\n"
           "net_prio1 net_prio.ifpriomap=eth0 5 /linux/resources/network/priorities/0\n"
           "rdma1 rdma.max=mlx5_1 hca_handle=3 hca_object=10000 /linux/resources/rdma\n"
           "rdma1 rdma.max=rxe3 hca_object=7 /linux/resources/rdma\n");
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/network/classID",
                 "net_cls.classid");
    network.class_id.set = false;
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/network/priorities/0",
                 "net_prio.ifpriomap");
    resources.network = NULL;
    expect(&resources, &v2, 0,
           "hugetlb2 hugetlb.2MB.max=4194304 /linux/resources/hugepageLimits/0\n"
           "hugetlb2? hugetlb.2MB.rsvd.max=4194304 /linux/resources/hugepageLimits/0\n"
           "rdma2 rdma.max=mlx5_1 hca_handle=3 hca_object=10000 /linux/resources/rdma\n"
           "rdma2 rdma.max=rxe3 hca_object=7 /linux/resources/rdma\n");
    resources.rdma_count = 0;
    expect(&resources, &hybrid, 0,
           "hugetlb2 hugetlb.2MB.max=4194304 /linux/resources/hugepageLimits/0\n"
           "hugetlb2? hugetlb.2MB.rsvd.max=4194304 /linux/resources/hugepageLimits/0\n");
    hugepages[0].page_size = "2MB/../x";
    expect_error(&resources, &v2, ERROR_CONFIG_VALUE, "/linux/resources/hugepageLimits/0",
                 "huge pages");
}

static void unified_is_verbatim(void **state)
{
    struct oci_string_pair pairs[] = {
        {"memory.high", "1000"}, {"io.max", "8:0 rbps=1\n8:16 wiops=2"}, {"new.thing", "x y"}};
    struct oci_linux_resources resources = {.unified = {pairs, 3, true}};

    (void)state;
    expect(&resources, &v2, 0,
           "memory2 memory.high=1000 /linux/resources/unified/memory.high\n"
           "blkio2 io.max=8:0 rbps=1 /linux/resources/unified/io.max\n"
           "blkio2 io.max=8:16 wiops=2 /linux/resources/unified/io.max\n"
           "-2 new.thing=x y /linux/resources/unified/new.thing\n");
    expect_error(&resources, &v1, ERROR_CGROUP_HOST, "/linux/resources/unified",
                 "invalid configuration");
    expect_error(&resources, &hybrid, ERROR_CGROUP_HOST, "/linux/resources/unified",
                 "invalid configuration");
    pairs[0].key = "misc.max";
    expect_error(&resources, &v2, ERROR_CGROUP_CONTROLLER, "/linux/resources/unified",
                 "no controller \"misc\"");
    pairs[0].key = "memory.x/../cgroup.procs";
    expect_error(&resources, &v2, ERROR_CONFIG_VALUE, "/linux/resources/unified", "not a name");
    pairs[0].key = "cgroup.procs";
    expect_error(&resources, &v2, ERROR_CONFIG_VALUE, "/linux/resources/unified",
                 "controls processes");
}

static void missing_controllers_are_named(void **state)
{
    struct oci_linux_pids pids = {.limit = SET(5)};
    struct oci_linux_resources resources = {.pids = &pids};
    static const struct host_cgroups bare = {.layout = HOST_CGROUP_V2};

    (void)state;
    expect_error(&resources, &hybrid, ERROR_CGROUP_CONTROLLER, "/linux/resources/pids/limit",
                 "cannot write \"5\" to \"pids.max\": this host has no cgroup controller \"pids\"");
    expect_error(&resources, &bare, ERROR_CGROUP_CONTROLLER, "/linux/resources/pids/limit",
                 "\"pids\"");
    pids.limit.value = -1;
    expect(&resources, &bare, 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_fields),
        cmocka_unit_test(unlimited_memory_lifts_swap_too),
        cmocka_unit_test(v1_memory_fields),
        cmocka_unit_test(zeros_of_docker_mean_unset),
        cmocka_unit_test(cpu_fields),
        cmocka_unit_test(shares_become_weights),
        cmocka_unit_test(pids_limits),
        cmocka_unit_test(pids_limit_zero_before_1_3),
        cmocka_unit_test(block_io),
        cmocka_unit_test(hugepages_network_rdma),
        cmocka_unit_test(unified_is_verbatim),
        cmocka_unit_test(missing_controllers_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
