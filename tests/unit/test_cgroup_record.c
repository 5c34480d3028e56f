/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of cgroups: what comes back from a damaged journal is refused; /proc/PID/cgroup. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "host/host_cgroups.h"
#include "plan/builder.h"
#include "plan/planner.h"

static struct host_cgroups make_hybrid(void)
{
    struct host_cgroups host = {.layout = HOST_CGROUP_HYBRID};

    host_cgroup_add_directory(&host, "cpu,cpuacct");
    host_cgroup_add_directory(&host, "memory");
    host_cgroup_add_directory(&host, "net_cls,net_prio");
    host_cgroup_add_directory(&host, "systemd");
    host_cgroup_add_directory(&host, "something-else");
    return host;
}

static void describe(const struct host_cgroups *host, const char *path, struct cgroup_record *ret)
{
    struct error error = {0};
    struct plan_builder builder;

    assert_int_equal(plan_builder_init(&builder, 100, &error), 0);
    builder.plan->cgroup.path = plan_add_string(&builder, path);
    if (cgroup_describe(builder.plan, host, ret, &error) < 0)
        fail_msg("%s", error.message);
    plan_builder_done(&builder);
}

static void controllers_mounted_together_are_one(void **state)
{
    struct host_cgroups host = make_hybrid();
    struct cgroup_record record;
    struct cgroup cgroup;
    char path[CGROUP_HOST_PATH_MAX];

    (void)state;
    describe(&host, "/a/b", &record);
    assert_int_equal(cgroup_open_record(&cgroup, &record, record.size), 0);
    assert_int_equal(__builtin_popcount(record.hierarchies), 5);
    assert_int_equal(cgroup_hierarchy_of(&cgroup, HOST_CGROUP_CPUACCT), HOST_CGROUP_CPU);
    assert_int_equal(cgroup_hierarchy_of(&cgroup, HOST_CGROUP_NET_PRIO), HOST_CGROUP_NET_CLS);
    assert_int_equal(cgroup_hierarchy_of(&cgroup, HOST_CGROUP_PIDS), -1);
    assert_int_equal(cgroup_host_path(&record, HOST_CGROUP_CPU, CGROUP_WHOLE_PATH, path), 0);
    assert_string_equal(path, "/sys/fs/cgroup/cpu,cpuacct/a/b");
    assert_int_equal(cgroup_host_path(&record, CGROUP_UNIFIED, 1, path), 0);
    assert_string_equal(path, "/sys/fs/cgroup/unified/a");
    assert_int_equal(cgroup_host_path(&record, CGROUP_UNIFIED, 0, path), 0);
    assert_string_equal(path, "/sys/fs/cgroup/unified");
    assert_int_equal(record.existing[HOST_CGROUP_CPU], 1);
    assert_false(cgroup_is_ours(&cgroup));
}

static void no_cgroup_is_a_record_too(void **state)
{
    struct host_cgroups host = make_hybrid();
    struct error error = {0};
    struct plan_builder builder;
    struct cgroup_record record;
    struct cgroup cgroup;
    uint64_t number;

    (void)state;
    assert_int_equal(plan_builder_init(&builder, 100, &error), 0);
    builder.plan->cgroup.manager = PLAN_CGROUP_DISABLED;
    assert_int_equal(cgroup_describe(builder.plan, &host, &record, &error), 0);
    assert_int_equal(cgroup_open_record(&cgroup, &record, record.size), 0);
    assert_int_equal(cgroup_is_populated(&cgroup), 0);
    assert_int_equal(cgroup_is_frozen(&cgroup), 0);
    assert_int_equal(cgroup_oom_kills(&cgroup, &number), -ENOTSUP);
    assert_int_equal(cgroup_remove(&cgroup, 0, &error), 0);
    assert_int_equal(cgroup_freeze(&cgroup, 0, &error), -ENOTSUP);
    error_clear(&error);
    assert_int_equal(cgroup_kill(&cgroup, 0, &error), -ENOTSUP);
    plan_builder_done(&builder);
}

static void damaged_records_are_refused(void **state)
{
    struct host_cgroups host = make_hybrid();
    struct cgroup_record record, bad;
    struct cgroup cgroup;

    (void)state;
    describe(&host, "/a/b", &record);
    for (size_t size = 0; size < record.size; size++)
        assert_int_equal(cgroup_open_record(&cgroup, &record, size), -EPROTO);
    bad = record;
    memcpy(bad.text + bad.paths[0], "/..", 4);
    assert_int_equal(cgroup_open_record(&cgroup, &bad, bad.size), -EPROTO);
    bad = record;
    bad.text[bad.text_length - 1] = 'x';
    assert_int_equal(cgroup_open_record(&cgroup, &bad, bad.size), -EPROTO);
    bad = record;
    memcpy(bad.text + bad.mounts[0], "../x", 5);
    assert_int_equal(cgroup_open_record(&cgroup, &bad, bad.size), -EPROTO);
    bad = record;
    bad.paths[0] = UINT16_MAX;
    assert_int_equal(cgroup_open_record(&cgroup, &bad, bad.size), -EPROTO);
    bad = record;
    bad.alias[HOST_CGROUP_PIDS] = HOST_CGROUP_PIDS;
    assert_int_equal(cgroup_open_record(&cgroup, &bad, bad.size), -EPROTO);
    /* a refused record leaves a cgroup that does nothing */
    assert_int_equal(cgroup.record.hierarchies, 0);
    cgroup_done(&cgroup);
}

static void random_damage_never_leads_out(void **state)
{
    struct host_cgroups host = make_hybrid();
    struct cgroup_record record;

    (void)state;
    srand(3);
    describe(&host, "/a/b", &record);
    for (int round = 0; round < 50000; round++) {
        struct cgroup_record bad = record;
        struct cgroup cgroup;
        char path[CGROUP_HOST_PATH_MAX];

        for (int i = 0; i < 1 + round % 4; i++)
            ((char *)&bad)[rand() % record.size] = (char)(rand() % 256);
        if (cgroup_open_record(&cgroup, &bad, record.size) < 0)
            continue;
        for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
            if ((cgroup.record.hierarchies & 1u << i) == 0)
                continue;
            if (cgroup_host_path(&cgroup.record, i, CGROUP_WHOLE_PATH, path) == 0)
                assert_null(strstr(path, "/../"));
        }
    }
}

static void proc_cgroup_lines(void **state)
{
    struct proc_cgroup proc;

    (void)state;
    strcpy(proc.text, "9:name=systemd:/user.slice\n"
                      "4:cpu,cpuacct:/a:b\n"
                      "3:memory:/../outside\n"
                      "2:pids:/gone (deleted)\n"
                      "1:unknown:/x\n"
                      "bad line\n"
                      "0::/init.scope");
    cgroup_parse_proc(&proc);
    assert_string_equal(proc.paths[HOST_CGROUP_SYSTEMD], "/user.slice");
    assert_string_equal(proc.paths[HOST_CGROUP_CPU], "/a:b");
    assert_string_equal(proc.paths[HOST_CGROUP_CPUACCT], "/a:b");
    assert_null(proc.paths[HOST_CGROUP_MEMORY]);
    assert_null(proc.paths[HOST_CGROUP_PIDS]);
    assert_string_equal(proc.paths[CGROUP_UNIFIED], "/init.scope");
}

static void controllers_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(host_cgroup_parse_controllers("cpuset cpu io memory pids rdma dmem\n"),
                     1u << HOST_CGROUP_CPUSET | 1u << HOST_CGROUP_CPU | 1u << HOST_CGROUP_BLKIO |
                         1u << HOST_CGROUP_MEMORY | 1u << HOST_CGROUP_PIDS |
                         1u << HOST_CGROUP_RDMA);
    assert_int_equal(host_cgroup_controller_find("name=systemd", 12), HOST_CGROUP_SYSTEMD);
    assert_int_equal(host_cgroup_controller_find("io", 2), -1);
    assert_int_equal(host_cgroup_controller_find_v2("blkio", 5), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controllers_mounted_together_are_one),
        cmocka_unit_test(no_cgroup_is_a_record_too),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(random_damage_never_leads_out),
        cmocka_unit_test(proc_cgroup_lines),
        cmocka_unit_test(controllers_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
