/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the cgroup is, who manages it and who owns it. */
#include "cmocka_all.h"

#include <string.h>

#include "base/cleanup.h"
#include "plan/plan_cgroup.h"
#include "plan/plan_cgroup_resources.h"
#include "plan/planner.h"

static const struct host_cgroups v1 = {.layout = HOST_CGROUP_V1,
                                       .controllers = (1u << HOST_CGROUP_CONTROLLERS) - 1};
static const struct host_cgroups v2 = {.layout = HOST_CGROUP_V2,
                                       .unified_controllers = 1u << HOST_CGROUP_PIDS};

struct fixture {
    struct error error;
    struct plan_builder builder;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    assert_int_equal(plan_builder_init(&f->builder, 4096, &f->error), 0);
}

#define SET(number)  \
    {                \
        true, number \
    }

static const char *plan_path_on(struct fixture *f, const struct host *host, const char *path,
                                enum plan_cgroup_manager manager,
                                const struct oci_linux_resources *resources, const char *id)
{
    struct oci_linux config = {.cgroups_path = path,
                               .resources = (struct oci_linux_resources *)resources};
    struct oci_spec spec = {.linux = &config};
    struct plan_input input = {
        .spec = &spec, .host = host, .id = id, .cgroup_manager = manager, .purpose = PLAN_CREATE};

    begin(f);
    if (plan_cgroup(&input, &f->builder) < 0)
        return NULL;
    return f->builder.plan->cgroup.path != 0
               ? plan_text(f->builder.plan, f->builder.plan->cgroup.path)
               : "none";
}

static const char *plan_path(struct fixture *f, const char *path, enum plan_cgroup_manager manager,
                             const struct oci_linux_resources *resources, const char *id)
{
    const struct host host = {.cgroups = v1, .capabilities = UINT64_MAX};

    return plan_path_on(f, &host, path, manager, resources, id);
}

/* Who may not make cgroups everywhere looks near its own one, and does without device rules. */
static void callers_who_are_not_root(void **state)
{
    const struct host hosts[] = {
        {.cgroups = v1, .effective_uid = 1000},
        {.cgroups = v1, .capabilities = UINT64_MAX, .in_user_namespace = true},
    };
    struct oci_linux_device_rule rule = {.access = "rwm"};
    const struct oci_linux_resources resources = {.devices = &rule, .devices_count = 1};
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        assert_string_equal(
            plan_path_on(&f, &hosts[i], NULL, PLAN_CGROUP_CGROUPFS, &resources, "c1"), "dray-c1");
        assert_true(f.builder.plan->cgroup.by_user);
        assert_int_equal(f.builder.plan->cgroup.caller, i == 0 ? 1000 : UINT32_MAX);
        assert_false(f.builder.plan->cgroup.devices_asked);
        assert_int_equal(f.builder.warnings_count, 1);
        plan_builder_done(&f.builder);
    }
    plan_path(&f, NULL, PLAN_CGROUP_CGROUPFS, &resources, "c1");
    assert_false(f.builder.plan->cgroup.by_user);
    assert_true(f.builder.plan->cgroup.devices_asked);
    plan_builder_done(&f.builder);
}

static void cgroups_paths(void **state)
{
    static const struct {
        const char *path, *wanted;
    } cases[] = {
        {"/a/b", "/a/b"},
        {"//a/./b/", "/a/b"},
        {"a/b", "a/b"},
        {"./a", "a"},
        {NULL, "/dray-c1"},
        {"", "/dray-c1"},
        {"/machine.slice:libpod:x", "/machine.slice:libpod:x"},
        {"/a/..b/...", "/a/..b/..."},
        {"..", NULL},
        {"/a/../b", NULL},
        {"a/..", NULL},
        {"/", NULL},
        {"/./.", NULL},
        {"/a\nb", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fixture f;
        const char *path = plan_path(&f, cases[i].path, PLAN_CGROUP_CGROUPFS, NULL, "c1");

        if (cases[i].wanted == NULL) {
            assert_null(path);
            assert_string_equal(f.error.pointer, "/linux/cgroupsPath");
            assert_int_equal(f.error.code, ERROR_CGROUP_PATH);
        } else {
            assert_non_null(path);
            assert_string_equal(path, cases[i].wanted);
            assert_int_equal(f.builder.plan->cgroup.default_path,
                             cases[i].path == NULL || cases[i].path[0] == '\0');
        }
        plan_builder_done(&f.builder);
    }
}

static void long_names(void **state)
{
    char component[400], deep[600], id[1025];
    struct fixture f;

    (void)state;
    memset(component, 'x', 399);
    component[0] = '/';
    component[399] = '\0';
    assert_null(plan_path(&f, component, PLAN_CGROUP_CGROUPFS, NULL, "c1"));
    plan_builder_done(&f.builder);
    for (size_t i = 0; i < 300; i++)
        memcpy(deep + 2 * i, "/x", 2);
    deep[599] = '\0';
    assert_null(plan_path(&f, deep, PLAN_CGROUP_CGROUPFS, NULL, "c1"));
    plan_builder_done(&f.builder);
    memset(id, 'i', 1024);
    id[1024] = '\0';
    assert_int_equal(strlen(plan_path(&f, NULL, PLAN_CGROUP_CGROUPFS, NULL, id)), 6 + 200 + 17);
    plan_builder_done(&f.builder);
}

static void other_managers(void **state)
{
    struct oci_linux_pids pids = {.limit = SET(5)};
    struct oci_linux_resources resources = {.pids = &pids};
    struct fixture f;

    (void)state;
    assert_string_equal(plan_path(&f, "a.slice:b:c", PLAN_CGROUP_SYSTEMD, NULL, "c1"), "none");
    assert_string_equal(plan_text(f.builder.plan, f.builder.plan->cgroup.scope), "b-c.scope");
    assert_string_equal(plan_text(f.builder.plan, f.builder.plan->cgroup.slice), "a.slice");
    plan_builder_done(&f.builder);
    assert_string_equal(plan_path(&f, "/a", PLAN_CGROUP_DISABLED, NULL, "c1"), "none");
    assert_int_equal(f.builder.plan->cgroup.manager, PLAN_CGROUP_DISABLED);
    assert_int_equal(f.builder.plan->cgroup.devices.count, 0);
    plan_builder_done(&f.builder);
    assert_null(plan_path(&f, "/a", PLAN_CGROUP_DISABLED, &resources, "c1"));
    assert_string_equal(f.error.pointer, "/linux/resources/pids/limit");
    assert_non_null(strstr(f.error.message, "the cgroup manager is disabled"));
    plan_builder_done(&f.builder);
    pids.limit.value = -1;
    assert_string_equal(plan_path(&f, "/a", PLAN_CGROUP_DISABLED, &resources, "c1"), "none");
    plan_builder_done(&f.builder);
}

static void owners(void **state)
{
    struct oci_linux_namespace namespaces[] = {{.type = OCI_NAMESPACE_CGROUP}};
    struct oci_id_mapping mappings[] = {{0, 100000, 10}, {10, 200000, 10}};
    const char *options[] = {"nosuid", "ro", NULL};
    struct oci_mount mount = {
        .source = "cgroup", .destination = "/sys/fs/cgroup", .options = {options, 1, true}};
    struct oci_user user = {.uid = 12};
    struct oci_process process = {.user = &user};
    struct oci_linux config = {.namespaces = namespaces,
                               .namespaces_count = 1,
                               .uid_mappings = mappings,
                               .uid_mappings_count = 2};
    struct oci_spec spec = {
        .linux = &config, .process = &process, .mounts = &mount, .mounts_count = 1};
    struct plan_cgroup cgroup = {0};

    (void)state;
    plan_cgroup_owner(&spec, &v2, &cgroup);
    assert_true(cgroup.delegated);
    assert_int_equal(cgroup.owner, 200002);
    cgroup.delegated = false;
    plan_cgroup_owner(&spec, &v1, &cgroup);
    mount.options.count = 2; /* ro */
    plan_cgroup_owner(&spec, &v2, &cgroup);
    mount.options.count = 1;
    namespaces[0].path = "/proc/1/ns/cgroup";
    plan_cgroup_owner(&spec, &v2, &cgroup);
    namespaces[0].path = NULL;
    user.uid = 20; /* not mapped */
    plan_cgroup_owner(&spec, &v2, &cgroup);
    mount.destination = "/cgroup";
    plan_cgroup_owner(&spec, &v2, &cgroup);
    assert_false(cgroup.delegated);
}

static const char *plan_below(struct fixture *f, const struct host *host, const char *name,
                              const char *subgroup, enum plan_cgroup_manager manager)
{
    struct oci_string_pair items[] = {{"run.oci.delegate-cgroup", name},
                                      {"run.oci.systemd.subgroup", subgroup}};
    struct oci_id_mapping mappings[] = {{5, 5000, 1}, {0, 100000, 1}};
    struct oci_linux config = {.uid_mappings = mappings, .uid_mappings_count = 2};
    struct oci_spec spec = {.linux = &config, .annotations = {.items = items, .count = 2}};
    struct plan_input input = {
        .spec = &spec, .host = host, .id = "c1", .cgroup_manager = manager, .purpose = PLAN_CREATE};

    if (subgroup == NULL)
        spec.annotations.count = 1;
    begin(f);
    if (plan_cgroup(&input, &f->builder) < 0)
        return NULL;
    return f->builder.plan->cgroup.delegate != 0
               ? plan_text(f->builder.plan, f->builder.plan->cgroup.delegate)
               : "none";
}

/* Below the cgroup with the limits and nowhere else, for the container's root user. */
static void delegated_below(void **state)
{
    static const char *const bad[] = {"..", "a/..", "../a", "a/../../b", "/", "//.", "a\nb"};
    const struct host host = {.cgroups = v2, .capabilities = UINT64_MAX};
    const struct host old = {.cgroups = v1, .capabilities = UINT64_MAX};
    struct fixture f;

    (void)state;
    assert_string_equal(plan_below(&f, &host, "/a//./b/", NULL, PLAN_CGROUP_CGROUPFS), "a/b");
    assert_true(f.builder.plan->cgroup.delegated);
    assert_int_equal(f.builder.plan->cgroup.owner, 100000);
    plan_builder_done(&f.builder);
    assert_string_equal(plan_below(&f, &host, "a/..b", "inner", PLAN_CGROUP_SYSTEMD), "a/..b");
    assert_string_equal(plan_text(f.builder.plan, f.builder.plan->cgroup.subgroup), "inner");
    plan_builder_done(&f.builder);
    assert_string_equal(plan_below(&f, &host, "", NULL, PLAN_CGROUP_CGROUPFS), "none");
    assert_false(f.builder.plan->cgroup.delegated);
    plan_builder_done(&f.builder);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_null(plan_below(&f, &host, bad[i], NULL, PLAN_CGROUP_CGROUPFS));
        assert_int_equal(f.error.code, ERROR_CONFIG_VALUE);
        plan_builder_done(&f.builder);
    }
    assert_null(plan_below(&f, &old, "a", NULL, PLAN_CGROUP_CGROUPFS));
    assert_int_equal(f.error.code, ERROR_NOT_SUPPORTED);
    plan_builder_done(&f.builder);
    assert_null(plan_below(&f, &host, "a", NULL, PLAN_CGROUP_DISABLED));
    assert_int_equal(f.error.code, ERROR_NOT_SUPPORTED);
    plan_builder_done(&f.builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cgroups_paths), cmocka_unit_test(callers_who_are_not_root),
        cmocka_unit_test(long_names),    cmocka_unit_test(other_managers),
        cmocka_unit_test(owners),        cmocka_unit_test(delegated_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
