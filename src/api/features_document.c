/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* features.md: what this build can do, from the tables that do it.  Runs in dray. */
#include "config.h"

#include "api/documents.h"
#include "base/cleanup.h"
#include "ocispec/ocispec.h"
#include "plan/annotations.h"
#include "plan/capability_names.h"
#include "plan/mount_options.h"
#include "security/seccomp_kernel.h"
#include "security/seccomp_table.h"

static const char *const hooks[] = {
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop", NULL,
};

/* Everything that the document consists of. */
struct parts {
    struct oci_features features;
    struct oci_features_linux linux;
    struct oci_features_cgroup cgroup;
    struct oci_features_seccomp seccomp;
    struct oci_features_enabled apparmor;
    struct oci_features_enabled selinux;
    struct oci_features_intel_rdt intel_rdt;
    struct oci_features_memory_policy memory_policy;
    struct oci_features_mount_extensions mount_extensions;
    struct oci_features_enabled idmap;
    struct oci_features_enabled net_devices;
    struct oci_string_pair annotations[3];
};

static struct oci_optional_bool answer(bool value)
{
    return (struct oci_optional_bool){.set = true, .value = value};
}

static struct oci_strings all_words(struct document *document, const struct oci_words *set)
{
    struct oci_strings list = document_list(document, set->count);

    for (unsigned value = 1; value < set->count; value++)
        document_list_add(&list, oci_word_name(set, value));
    return list;
}

static struct oci_strings all_mount_options(struct document *document)
{
    struct oci_strings list;
    size_t count = 0;

    while (mount_option_at(count) != NULL)
        count++;
    list = document_list(document, count);
    for (size_t i = 0; i < count; i++)
        document_list_add(&list, mount_option_at(i)->name);
    return list;
}

/* Those that both this program and the kernel know. */
static struct oci_strings all_capabilities(struct document *document, uint32_t last)
{
    struct oci_strings list = document_list(document, CAPABILITIES_KNOWN);

    for (unsigned number = 0; number <= last && number < CAPABILITIES_KNOWN; number++)
        document_list_add(&list, capability_name(number));
    return list;
}

static struct oci_strings unsafe_annotations(struct document *document)
{
    struct oci_strings list = document_list(document, ANNOTATION_COUNT);

    for (size_t i = 0; i < ANNOTATION_COUNT; i++) {
        if (annotation_rows[i].unsafe)
            document_list_add(&list, annotation_rows[i].name);
    }
    return list;
}

static void fill_linux(struct parts *parts, uint32_t last_capability, struct document *document)
{
    parts->cgroup = (struct oci_features_cgroup){
        .v1 = answer(true),
        .v2 = answer(true),
        .systemd = answer(true),
        .systemd_user = answer(true),
        .rdma = answer(true),
    };
    if (seccomp_describe(&document->arena, &parts->seccomp) < 0)
        document->failed = true;
    parts->apparmor.enabled = answer(true);
    parts->selinux.enabled = answer(true);
    parts->intel_rdt = (struct oci_features_intel_rdt){
        .enabled = answer(true), .schemata = answer(true), .monitoring = answer(true)};
    parts->idmap.enabled = answer(true);
    parts->mount_extensions.idmap = &parts->idmap;
    parts->net_devices.enabled = answer(true);
    parts->memory_policy = (struct oci_features_memory_policy){
        .modes = all_words(document, &oci_memory_policy_mode_words),
        .flags = all_words(document, &oci_memory_policy_flag_words),
    };
    parts->linux = (struct oci_features_linux){
        .namespaces = all_words(document, &oci_namespace_type_words),
        .capabilities = all_capabilities(document, last_capability),
        .cgroup = &parts->cgroup,
        .seccomp = &parts->seccomp,
        .apparmor = &parts->apparmor,
        .selinux = &parts->selinux,
        .intel_rdt = &parts->intel_rdt,
        .memory_policy = &parts->memory_policy,
        .mount_extensions = &parts->mount_extensions,
        .net_devices = &parts->net_devices,
    };
}

static void fill_annotations(struct parts *parts)
{
    parts->annotations[0] =
        (struct oci_string_pair){"io.github.seccomp.libseccomp.version", filter_table_library};
    parts->annotations[1] = (struct oci_string_pair){"run.oci.dray.commit", GIT_COMMIT};
    parts->annotations[2] = (struct oci_string_pair){"run.oci.dray.version", PACKAGE_VERSION};
    parts->features.annotations = (struct oci_string_map){
        .items = parts->annotations,
        .count = ARRAY_SIZE(parts->annotations),
        .set = true,
    };
}

int features_document_write(uint32_t last_capability, char **ret_json, struct error *error)
{
    struct document document = {0};
    struct parts parts = {0};

    oci_arena_init(&document.arena);
    fill_linux(&parts, last_capability, &document);
    parts.features = (struct oci_features){
        .oci_version_min = DRAY_SPEC_VERSION_MIN,
        .oci_version_max = DRAY_SPEC_VERSION,
        .hooks = document_list_of(&document, hooks),
        .mount_options = all_mount_options(&document),
        .linux = &parts.linux,
        .potentially_unsafe_config_annotations = unsafe_annotations(&document),
    };
    fill_annotations(&parts);
    return document_finish(&document, &oci_features_table, &parts.features, ret_json, error);
}
