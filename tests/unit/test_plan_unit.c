/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The unit of the systemd manager: annotations and limits as properties, names. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "ocispec/spec.h"
#include "plan/plan_unit.h"
#include "plan_fixture.h"

static struct oci_string_pair pair;

static void ask(struct fixture *f, const char *name, const char *value)
{
    static char key[128];

    snprintf(key, sizeof(key), "org.systemd.property.%s", name);
    pair.key = key;
    pair.value = value;
    f->spec.annotations.items = &pair;
    f->spec.annotations.count = 1;
}

static void begin(struct fixture *f)
{
    fixture_init(f);
    f->input.cgroup_manager = PLAN_CGROUP_SYSTEMD;
    f->host.cgroups.layout = HOST_CGROUP_V2;
    f->host.cgroups.unified_controllers = (1u << HOST_CGROUP_CONTROLLERS) - 1;
}

static const struct plan_unit_property *find(const struct fixture *f, const char *name)
{
    const struct plan *plan = f->builder.plan;

    plan_for_each(property, plan, plan->cgroup.properties, struct plan_unit_property)
    {
        if (strcmp(plan_text(plan, property->name), name) == 0)
            return property;
    }
    return NULL;
}

static uint64_t number_of(const struct fixture *f, const char *name)
{
    const struct plan_unit_property *property = find(f, name);
    uint64_t number;

    assert_non_null(property);
    assert_int_equal(property->value.count, sizeof(number));
    memcpy(&number, plan_items(f->builder.plan, property->value, char), sizeof(number));
    return number;
}

static void annotation_numbers(void **state)
{
    static const struct {
        const char *name, *value, *property, *signature;
        uint64_t number;
    } cases[] = {
        {"KillSignal", "15", "KillSignal", "i", 15},
        {"KillSignal", "int32 9", "KillSignal", "i", 9},
        {"TimeoutStopUSec", "uint64 10000000", "TimeoutStopUSec", "t", 10000000},
        {"TimeoutStopUSec", " @t  5 ", "TimeoutStopUSec", "t", 5},
        {"TimeoutStopUSec", "18446744073709551615", "TimeoutStopUSec", "t", UINT64_MAX},
        {"TimeoutStopSec", "uint64 7", "TimeoutStopUSec", "t", 7000000},
        {"TimeoutStopSec", "1.5", "TimeoutStopUSec", "t", 1500000},
        {"RuntimeMaxSec", "int32 0", "RuntimeMaxUSec", "t", 0},
        {"SendSIGHUP", "true", "SendSIGHUP", "b", 1},
        {"DefaultDependencies", "boolean false", "DefaultDependencies", "b", 0},
        {"IOWeight", "uint64 200", "IOWeight", "t", 200},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fixture f;

        begin(&f);
        ask(&f, cases[i].name, cases[i].value);
        assert_int_equal(fixture_plan(&f, plan_cgroup), 0);
        assert_int_equal(number_of(&f, cases[i].property), cases[i].number);
        assert_string_equal(plan_text(f.builder.plan, find(&f, cases[i].property)->signature),
                            cases[i].signature);
        plan_builder_done(&f.builder);
    }
}

static void annotation_texts(void **state)
{
    static const struct {
        const char *name, *value, *signature;
        size_t length;
        const char *bytes;
    } cases[] = {
        {"Description", "'a \\'b'", "s", 8, "\4\0\0\0a 'b"},
        {"CollectMode", "\"inactive-or-failed\"", "s", 22, "\22\0\0\0inactive-or-failed"},
        {"After", "['a.service', \"b\"]", "as", 22, "\2\0\0\0\11\0\0\0a.service\1\0\0\0b"},
        {"After", "@as []", "as", 4, "\0\0\0\0"},
        {"IOReadBandwidthMax", "[('/dev/x', uint64 1)]", "a(st)", 22,
         "\1\0\0\0\6\0\0\0/dev/x\1\0\0\0\0\0\0\0"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct plan_unit_property *property;
        struct fixture f;

        begin(&f);
        ask(&f, cases[i].name, cases[i].value);
        assert_int_equal(fixture_plan(&f, plan_cgroup), 0);
        property = find(&f, cases[i].name);
        assert_non_null(property);
        assert_string_equal(plan_text(f.builder.plan, property->signature), cases[i].signature);
        assert_int_equal(property->value.count, cases[i].length);
        assert_memory_equal(plan_items(f.builder.plan, property->value, char), cases[i].bytes,
                            cases[i].length);
        plan_builder_done(&f.builder);
    }
}

static void annotations_that_are_refused(void **state)
{
    static const struct {
        const char *name, *value;
        enum error_code code;
    } cases[] = {
        {"ExecStart", "'/bin/sh'", ERROR_NOT_SUPPORTED},
        {"ExecStopPost", "['/bin/sh']", ERROR_NOT_SUPPORTED},
        {"User", "'root'", ERROR_NOT_SUPPORTED},
        {"BindPaths", "'/'", ERROR_NOT_SUPPORTED},
        {"Slice", "'x.slice'", ERROR_NOT_SUPPORTED},
        {"Delegate", "false", ERROR_NOT_SUPPORTED},
        {"PIDs", "[1]", ERROR_NOT_SUPPORTED},
        {"DeviceAllow", "[('/dev/sda', 'rw')]", ERROR_NOT_SUPPORTED},
        {"DevicePolicy", "'auto'", ERROR_NOT_SUPPORTED},
        {"Wants", "['poweroff.target']", ERROR_NOT_SUPPORTED},
        {"Requires", "['x']", ERROR_NOT_SUPPORTED},
        {"Conflicts", "['x']", ERROR_NOT_SUPPORTED},
        {"OnFailure", "['x']", ERROR_NOT_SUPPORTED},
        {"FailureAction", "'reboot'", ERROR_NOT_SUPPORTED},
        {"SuccessAction", "'exit-force'", ERROR_NOT_SUPPORTED},
        {"JobTimeoutAction", "'reboot'", ERROR_NOT_SUPPORTED},
        {"BPFProgram", "[('device', '/x')]", ERROR_NOT_SUPPORTED},
        {"NoSuchSec", "5", ERROR_NOT_SUPPORTED},
        {"", "1", ERROR_CONFIG_VALUE},
        {"Kill Signal", "1", ERROR_CONFIG_VALUE},
        {"Kill_Signal", "1", ERROR_CONFIG_VALUE},
        {"Kill\nSignal", "1", ERROR_CONFIG_VALUE},
        {"KillSignal", "", ERROR_CONFIG_TYPE},
        {"KillSignal", "'15'", ERROR_CONFIG_TYPE},
        {"KillSignal", "uint64 15", ERROR_CONFIG_TYPE},
        {"KillSignal", "15 16", ERROR_CONFIG_TYPE},
        {"KillSignal", "0x1", ERROR_CONFIG_TYPE},
        {"KillSignal", "4294967296", ERROR_CONFIG_RANGE},
        {"TimeoutStopUSec", "-1", ERROR_CONFIG_RANGE},
        {"TimeoutStopUSec", "99999999999999999999", ERROR_CONFIG_RANGE},
        {"TimeoutStopSec", "'5'", ERROR_CONFIG_TYPE},
        {"TimeoutStopSec", "-5", ERROR_CONFIG_TYPE},
        {"TimeoutStopSec", "1e3", ERROR_CONFIG_TYPE},
        {"TimeoutStopSec", "99999999999999", ERROR_CONFIG_RANGE},
        {"Description", "'a", ERROR_CONFIG_TYPE},
        {"Description", "'a\\", ERROR_CONFIG_TYPE},
        {"Description", "a", ERROR_CONFIG_TYPE},
        {"Description", "'a\nb'", ERROR_CONFIG_TYPE},
        {"After", "'a'", ERROR_CONFIG_TYPE},
        {"After", "['a'", ERROR_CONFIG_TYPE},
        {"After", "['a',]", ERROR_CONFIG_TYPE},
        {"After", "[1]", ERROR_CONFIG_TYPE},
        {"After", "@s []", ERROR_CONFIG_TYPE},
        {"After", "[[[[[[[[[[[[[[[[[[[[", ERROR_CONFIG_TYPE},
        {"IOReadBandwidthMax", "[('/dev/x')]", ERROR_CONFIG_TYPE},
        {"IOReadBandwidthMax", "[('/dev/x', 1, 2)]", ERROR_CONFIG_TYPE},
        {"SendSIGHUP", "1", ERROR_CONFIG_TYPE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fixture f;

        begin(&f);
        ask(&f, cases[i].name, cases[i].value);
        assert_true(fixture_plan(&f, plan_cgroup) < 0);
        if (f.error.code != cases[i].code)
            print_error("%s = %s: %s\n", cases[i].name, cases[i].value, f.error.message);
        assert_int_equal(f.error.code, cases[i].code);
        assert_memory_equal(f.error.pointer, "/annotations/org.systemd.property.", 34);
        plan_builder_done(&f.builder);
    }
}

static void limits(void **state)
{
    struct oci_linux_cpu cpu = {
        .shares = {true, 1024}, .quota = {true, 12345}, .period = {true, 50000}, .cpus = "0-2,9"};
    struct oci_linux_memory memory = {
        .limit = {true, 1 << 20}, .swap = {true, 3 << 20}, .reservation = {true, 4096}};
    struct oci_linux_pids pids = {.limit = {true, -1}};
    struct oci_linux_resources resources = {.cpu = &cpu, .memory = &memory, .pids = &pids};
    const struct plan_unit_property *mask;
    uint64_t bytes[2];
    struct fixture f;
    uint32_t count;

    (void)state;
    begin(&f);
    f.linux.resources = &resources;
    ask(&f, "MemoryMax", "uint64 1");
    assert_int_equal(fixture_plan(&f, plan_cgroup), 0);
    assert_int_equal(number_of(&f, "CPUWeight"), 100);
    assert_int_equal(number_of(&f, "CPUQuotaPeriodUSec"), 50000);
    assert_int_equal(number_of(&f, "CPUQuotaPerSecUSec"), 250000); /* 246900, in percent */
    assert_int_equal(number_of(&f, "MemoryMax"), 1 << 20);         /* the config wins */
    assert_int_equal(number_of(&f, "MemorySwapMax"), 2 << 20);
    assert_int_equal(number_of(&f, "MemoryLow"), 4096);
    assert_int_equal(number_of(&f, "TasksMax"), UINT64_MAX);
    assert_null(find(&f, "DevicePolicy"));
    mask = find(&f, "AllowedCPUs");
    assert_non_null(mask);
    assert_int_equal(mask->value.count, 4 + sizeof(bytes));
    memcpy(&count, plan_items(f.builder.plan, mask->value, char), 4);
    memcpy(bytes, plan_items(f.builder.plan, mask->value, char) + 4, sizeof(bytes));
    assert_int_equal(count, 2);
    assert_int_equal(bytes[0], 7);
    assert_int_equal(bytes[1], 2);
    plan_builder_done(&f.builder);
}

static void devices_of_v1(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.host.cgroups = (struct host_cgroups){.layout = HOST_CGROUP_V1,
                                           .controllers = (1u << HOST_CGROUP_CONTROLLERS) - 1};
    assert_int_equal(fixture_plan(&f, plan_cgroup), 0);
    assert_non_null(find(&f, "DeviceAllow"));
    assert_memory_equal(plan_items(f.builder.plan, find(&f, "DevicePolicy")->value, char),
                        "\6\0\0\0strict", 10);
    plan_builder_done(&f.builder);
}

static void long_ids(void **state)
{
    char id[1025];
    struct fixture f;

    (void)state;
    begin(&f);
    memset(id, '+', sizeof(id));
    id[1024] = '\0';
    f.input.id = id;
    f.input.user_manager = true;
    assert_int_equal(fixture_plan(&f, plan_cgroup), 0);
    assert_true(strlen(plan_text(f.builder.plan, f.builder.plan->cgroup.scope)) < 256);
    assert_string_equal(plan_text(f.builder.plan, f.builder.plan->cgroup.slice), "user.slice");
    plan_builder_done(&f.builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(annotation_numbers),
        cmocka_unit_test(annotation_texts),
        cmocka_unit_test(annotations_that_are_refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(devices_of_v1),
        cmocka_unit_test(long_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
