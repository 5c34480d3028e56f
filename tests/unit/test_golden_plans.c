/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Golden plans: tests/golden/NAME.json must be planned as tests/golden/NAME.plan says, on hosts
 * that are described here, so the result is the same everywhere.
 *
 * DRAY_GOLDEN_UPDATE=1 writes the .plan files anew, to be read before they are committed.
 */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "ocispec/ocispec.h"
#include "plan/plan_print.h"
#include "plan/planner.h"

#define DOCUMENT_LIMIT (1u << 20)

struct golden {
    const char *name;     /* of the .plan */
    const char *document; /* of the .json; NULL: the same */
    enum host_cgroup_layout layout;
    bool selinux; /* of the host, beside AppArmor */
    bool unprivileged;
    bool no_pivot;
    bool no_new_keyring;
    uint32_t kernel_minor; /* of version 6; 0: 12 */
    enum plan_cgroup_manager manager;
    enum plan_purpose purpose;
    uint32_t preserve_fds;
};

/* A host of some years ago and one of today, with everything mounted. */
static void describe_host(struct host *host, const struct golden *golden)
{
    enum host_cgroup_layout layout = golden->layout;

    *host = (struct host){
        .kernel_major = 6,
        .kernel_minor = golden->kernel_minor != 0 ? golden->kernel_minor : 12,
        .last_capability = 40,
        .capabilities = golden->unprivileged ? 0 : UINT64_MAX >> (63 - 40),
        .bounding = UINT64_MAX >> (63 - 40),
        .effective_uid = golden->unprivileged ? 1000 : 0,
        .effective_gid = golden->unprivileged ? 1000 : 0,
        .apparmor = true,
        .selinux = golden->selinux,
        .cgroups = {.layout = layout},
    };
    if (layout == HOST_CGROUP_NONE)
        return;
    if (layout == HOST_CGROUP_V2) {
        host->cgroups.unified_controllers = UINT32_MAX;
        return;
    }
    for (int i = 0; i < HOST_CGROUP_CONTROLLERS; i++) {
        const char *name = host_cgroup_controller_name((enum host_cgroup_controller)i);

        if (name == NULL)
            continue;
        host->cgroups.controllers |= 1u << i;
        snprintf(host->cgroups.directories[i], sizeof(host->cgroups.directories[i]), "%s", name);
    }
}

/* In memory from malloc(); fails when it is not there. */
static char *read_file(const char *name, const char *suffix)
{
    char path[4096], *text = NULL;
    size_t length;

    snprintf(path, sizeof(path), "%s/%s%s", GOLDEN_DIRECTORY, name, suffix);
    if (file_read_all_at(AT_FDCWD, path, DOCUMENT_LIMIT, NULL, &text, &length) < 0 ||
        text == NULL) {
        fail_msg("%s cannot be read", path);
        abort(); /* never reached, as an analyser cannot know */
    }
    return text;
}

static void write_file(const char *name, const char *text)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.plan", GOLDEN_DIRECTORY, name);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The plan as text, or the error that took its place. */
static char *plan_document(const struct golden *golden, const char *text)
{
    struct oci_arena arena;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct plan_builder builder;
    struct error error = {0};
    struct oci_spec *spec;
    struct host host;
    char *printed;

    describe_host(&host, golden);
    oci_arena_init(&arena);
    if (oci_spec_parse(&arena, text, strlen(text), &spec, &report) < 0)
        fail_msg("%s: line %u: %s", golden->name, fault.line, fault.message);
    assert_int_equal(plan_builder_init(&builder, strlen(text), &error), 0);
    {
        const struct plan_input input = {
            .spec = spec,
            .process = spec->process,
            .host = &host,
            .id = "golden",
            .bundle = "/bundle",
            .purpose = golden->purpose,
            .cgroup_manager = golden->manager,
            .privileged = !golden->unprivileged,
            .preserve_fds = golden->preserve_fds,
            .no_pivot = golden->no_pivot,
            .no_new_keyring = golden->no_new_keyring,
        };

        if (plan_build(&input, &builder, &error) < 0)
            fail_msg("%s: %s (%s)", golden->name, error.message, error.pointer);
    }
    printed = plan_print(builder.plan);
    assert_non_null(printed);
    plan_builder_done(&builder);
    oci_arena_done(&arena);
    return printed;
}

/* Fails at the first line that differs. */
static void compare(const char *name, const char *expected, const char *found)
{
    unsigned line = 1;

    for (; *expected != '\0' || *found != '\0'; line++) {
        size_t a = strcspn(expected, "\n"), b = strcspn(found, "\n");

        if (a != b || memcmp(expected, found, a) != 0)
            fail_msg("%s.plan:%u\n  expected: %.*s\n  found:    %.*s", name, line, (int)a, expected,
                     (int)b, found);
        expected += a + (expected[a] == '\n');
        found += b + (found[b] == '\n');
    }
}

static void test_golden(void **state)
{
    const struct golden *golden = *state;
    const char *name = golden->document != NULL ? golden->document : golden->name;
    char *document = read_file(name, ".json"), *expected, *found, *again;

    found = plan_document(golden, document);
    if (getenv("DRAY_GOLDEN_UPDATE") != NULL)
        write_file(golden->name, found);
    expected = read_file(golden->name, ".plan");
    compare(golden->name, expected, found);
    /* and it is the same each time */
    again = plan_document(golden, document);
    assert_string_equal(again, found);
    free(again);
    free(document);
    free(expected);
    free(found);
}

static struct golden all[] = {
    {.name = "default", .layout = HOST_CGROUP_V2},
    {.name = "engine", .layout = HOST_CGROUP_HYBRID},
    {.name = "mounts", .layout = HOST_CGROUP_V2, .no_pivot = true},
    {.name = "user-namespace", .layout = HOST_CGROUP_V2},
    {.name = "resources-v1", .layout = HOST_CGROUP_V1},
    {.name = "resources-v2", .layout = HOST_CGROUP_V2},
    {.name = "namespaces-new", .layout = HOST_CGROUP_V2},
    {.name = "namespaces-new-v1", .document = "namespaces-new", .layout = HOST_CGROUP_V1},
    {.name = "namespaces-new-6.1",
     .document = "namespaces-new",
     .layout = HOST_CGROUP_V2,
     .kernel_minor = 1},
    {.name = "namespaces-joined", .layout = HOST_CGROUP_V2},
    {.name = "namespaces-joined-user", .layout = HOST_CGROUP_V2},
    {.name = "namespaces-joined-before-user", .layout = HOST_CGROUP_V2},
    {.name = "namespaces-of-the-host", .layout = HOST_CGROUP_V2},
    {.name = "detached-tree", .layout = HOST_CGROUP_V2},
    {.name = "sysctl", .layout = HOST_CGROUP_V2},
    {.name = "net-devices", .layout = HOST_CGROUP_V2},
    {.name = "rdt", .layout = HOST_CGROUP_V2},
    {.name = "devices", .layout = HOST_CGROUP_V2},
    {.name = "devices-bound", .layout = HOST_CGROUP_V2},
    {.name = "device-rules", .layout = HOST_CGROUP_V2},
    {.name = "device-rules-all", .layout = HOST_CGROUP_V1},
    {.name = "paths", .layout = HOST_CGROUP_V2},
    {.name = "idmapped-mounts", .layout = HOST_CGROUP_V2},
    {.name = "cgroup-mount", .layout = HOST_CGROUP_V2},
    {.name = "cgroup-mount-v1", .document = "cgroup-mount", .layout = HOST_CGROUP_V1},
    {.name = "cgroup-mount-hybrid", .document = "cgroup-mount", .layout = HOST_CGROUP_HYBRID},
    {.name = "cgroup-mount-shared", .layout = HOST_CGROUP_HYBRID},
    {.name = "process", .layout = HOST_CGROUP_V2, .preserve_fds = 2},
    {.name = "process-of-a-user", .layout = HOST_CGROUP_V2, .no_new_keyring = true},
    {.name = "scheduling", .layout = HOST_CGROUP_V2},
    {.name = "scheduling-nice", .layout = HOST_CGROUP_V2},
    {.name = "labels", .layout = HOST_CGROUP_V2, .selinux = true},
    {.name = "terminal", .layout = HOST_CGROUP_V2},
    {.name = "hooks", .layout = HOST_CGROUP_V2},
    {.name = "cgroup-relative", .layout = HOST_CGROUP_HYBRID},
    {.name = "cgroup-mount-systemd", .layout = HOST_CGROUP_V2},
    {.name = "cgroup-delegated", .layout = HOST_CGROUP_V2},
    {.name = "cgroup-none", .layout = HOST_CGROUP_NONE},
    {.name = "cgroup-disabled",
     .document = "cgroup-none",
     .layout = HOST_CGROUP_V2,
     .manager = PLAN_CGROUP_DISABLED},
    {.name = "resources-zero", .layout = HOST_CGROUP_V1},
    {.name = "resources-unified", .layout = HOST_CGROUP_V2},
    {.name = "rootless", .layout = HOST_CGROUP_V2, .unprivileged = true},
    {.name = "exec", .layout = HOST_CGROUP_V2, .purpose = PLAN_EXEC},
};

int main(void)
{
    struct CMUnitTest tests[sizeof(all) / sizeof(all[0])];

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        tests[i] = (struct CMUnitTest){
            .name = all[i].name, .test_func = test_golden, .initial_state = &all[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
