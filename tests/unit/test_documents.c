/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents that the library makes. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/documents.h"
#include "base/cleanup.h"
#include "ocispec/ocispec.h"

static struct oci_spec *make_spec(bool rootless, struct oci_arena *arena)
{
    _cleanup_free_ char *json = NULL;
    struct oci_fault fault = {0};
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_spec *spec = NULL;
    struct error error = {0};

    report.unknown_keys = true;
    assert_int_equal(spec_document_write(rootless, &json, &error), 0);
    assert_int_equal(oci_spec_parse(arena, json, strlen(json), &spec, &report), 0);
    assert_int_equal(oci_spec_validate(spec, OCI_VALIDATE_RUNNABLE, &report), 0);
    return spec;
}

static const struct oci_mount *find_mount(const struct oci_spec *spec, const char *destination)
{
    for (size_t i = 0; i < spec->mounts_count; i++) {
        if (strcmp(spec->mounts[i].destination, destination) == 0)
            return &spec->mounts[i];
    }
    fail_msg("no mount on %s", destination);
    return NULL;
}

static bool has_option(const struct oci_mount *mount, const char *option)
{
    for (size_t i = 0; i < mount->options.count; i++) {
        if (strcmp(mount->options.items[i], option) == 0)
            return true;
    }
    return false;
}

static bool has_namespace(const struct oci_spec *spec, enum oci_namespace_type type)
{
    for (size_t i = 0; i < spec->linux->namespaces_count; i++) {
        if (spec->linux->namespaces[i].type == type)
            return true;
    }
    return false;
}

static void the_configuration_starts_a_shell(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    const struct oci_spec *spec = make_spec(false, &arena);

    (void)state;
    assert_string_equal(spec->oci_version, "1.3.0");
    assert_string_equal(spec->root->path, "rootfs");
    assert_true(spec->root->readonly);
    assert_true(spec->process->terminal);
    assert_true(spec->process->no_new_privileges);
    assert_string_equal(spec->process->args.items[0], "sh");
    assert_int_equal(spec->process->capabilities->bounding.count, 3);
    assert_int_equal(spec->process->capabilities->inheritable.count, 0);
    assert_string_equal(find_mount(spec, "/sys")->type, "sysfs");
    assert_true(has_option(find_mount(spec, "/dev/pts"), "gid=5"));
    assert_true(has_namespace(spec, OCI_NAMESPACE_NETWORK));
    assert_false(has_namespace(spec, OCI_NAMESPACE_USER));
    assert_int_equal(spec->linux->resources->devices_count, 1);
    assert_false(spec->linux->resources->devices[0].allow);
    assert_true(spec->linux->masked_paths.count > 5);
}

static void without_root_ids_are_mapped(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    const struct oci_spec *spec = make_spec(true, &arena);

    (void)state;
    assert_true(has_namespace(spec, OCI_NAMESPACE_USER));
    assert_false(has_namespace(spec, OCI_NAMESPACE_NETWORK));
    assert_int_equal(spec->linux->uid_mappings_count, 1);
    assert_int_equal(spec->linux->uid_mappings[0].host_id, geteuid());
    assert_int_equal(spec->linux->gid_mappings[0].host_id, getegid());
    assert_null(spec->linux->resources);
    assert_false(has_option(find_mount(spec, "/dev/pts"), "gid=5"));
    assert_true(has_option(find_mount(spec, "/sys"), "rbind"));
}

static bool lists(const struct oci_strings *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], word) == 0)
            return true;
    }
    return false;
}

static void features_come_from_the_tables(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    _cleanup_free_ char *json = NULL;
    struct oci_fault fault = {0};
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_features *features = NULL;
    struct error error = {0};

    (void)state;
    report.unknown_keys = true;
    assert_int_equal(features_document_write(37, &json, &error), 0);
    assert_int_equal(oci_features_parse(&arena, json, strlen(json), &features, &report), 0);
    assert_string_equal(features->oci_version_min, "1.0.0");
    assert_string_equal(features->oci_version_max, "1.3.0");
    assert_int_equal(features->hooks.count, 6);
    assert_true(lists(&features->mount_options, "rbind"));
    assert_true(lists(&features->mount_options, "rro"));
    assert_true(lists(&features->mount_options, "tmpcopyup"));
    assert_int_equal(features->linux->namespaces.count, 8);
    assert_int_equal(features->linux->capabilities.count, 38); /* CAP_AUDIT_READ is 37 */
    assert_string_equal(features->linux->capabilities.items[37], "CAP_AUDIT_READ");
    assert_true(features->linux->cgroup->v1.value && features->linux->cgroup->v2.value);
    assert_true(lists(&features->linux->seccomp->archs, "SCMP_ARCH_X86_64"));
    assert_true(lists(&features->linux->seccomp->archs, "SCMP_ARCH_AARCH64"));
    assert_int_equal(features->linux->seccomp->actions.count, 9);
    assert_int_equal(features->linux->seccomp->operators.count, 7);
    assert_int_equal(features->linux->seccomp->known_flags.count, 4);
    for (size_t i = 0; i < features->linux->seccomp->supported_flags.count; i++)
        assert_true(lists(&features->linux->seccomp->known_flags,
                          features->linux->seccomp->supported_flags.items[i]));
    assert_int_equal(features->linux->memory_policy->modes.count, 7);
    assert_true(features->linux->mount_extensions->idmap->enabled.value);
    assert_true(lists(&features->potentially_unsafe_config_annotations, "org.systemd.property."));
    assert_true(lists(&features->potentially_unsafe_config_annotations, "run.oci.hooks.stdout"));
    assert_true(
        lists(&features->potentially_unsafe_config_annotations, "run.oci.seccomp_bpf_data"));
    assert_false(lists(&features->potentially_unsafe_config_annotations,
                       "io.kubernetes.cri.container-type"));
    assert_non_null(oci_string_map_get(&features->annotations, "run.oci.dray.version"));
}

static void capabilities_beyond_the_known_are_left_out(void **state)
{
    _cleanup_free_ char *json = NULL;
    struct error error = {0};

    (void)state;
    assert_int_equal(features_document_write(63, &json, &error), 0);
    assert_non_null(strstr(json, "\"CAP_CHECKPOINT_RESTORE\""));
    assert_null(strstr(json, "null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configuration_starts_a_shell),
        cmocka_unit_test(without_root_ids_are_mapped),
        cmocka_unit_test(features_come_from_the_tables),
        cmocka_unit_test(capabilities_beyond_the_known_are_left_out),
    };

    return cmocka_run_group_tests_name("documents", tests, NULL, NULL);
}
