/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* features.md: what this build can do, from the tables that do it.  Runs in dray. */
#include "config.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/documents.h"
#include "base/cleanup.h"
#include "ocispec/ocispec.h"
#include "plan/capability_names.h"
#include "plan/mount_options.h"
#include "security/seccomp_arch.h"

static const char *const hooks[] = {
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop", NULL,
};

/*
 * Annotations that change how a container is set up: an engine must not pass them on from an image
 * unasked.  A "." at the end means all that begin so.
 */
static const char *const unsafe_annotations[] = {
    "org.criu.config",
    "org.systemd.property.",
    "run.oci.",
    NULL,
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

static struct oci_strings all_architectures(struct document *document)
{
    struct oci_strings list = document_list(document, OCI_ARCH_COUNT);

    for (unsigned value = 1; value < OCI_ARCH_COUNT; value++) {
        struct filter_arch arch;

        if (filter_arch_find((enum oci_seccomp_arch)value, &arch) == 0)
            document_list_add(&list, oci_seccomp_arch_name((enum oci_seccomp_arch)value));
    }
    return list;
}

/*
 * The kernel looks at the flags before it looks at the filter: EFAULT for the missing filter says
 * that it knows them, EINVAL that it does not (seccomp(2)).
 */
static bool kernel_knows(unsigned flags)
{
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static struct oci_strings supported_flags(struct document *document)
{
    static const struct {
        enum oci_seccomp_flag word;
        unsigned flags;
    } rows[] = {
        {OCI_SECCOMP_FLAG_TSYNC, SECCOMP_FILTER_FLAG_TSYNC},
        {OCI_SECCOMP_FLAG_LOG, SECCOMP_FILTER_FLAG_LOG},
        {OCI_SECCOMP_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
        /* Makes sense with a listener alone, and is refused without one. */
        {OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV,
         SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER},
    };
    struct oci_strings list = document_list(document, ARRAY_SIZE(rows));

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (kernel_knows(rows[i].flags))
            document_list_add(&list, oci_seccomp_flag_name(rows[i].word));
    }
    return list;
}

static void fill_seccomp(struct parts *parts, struct document *document)
{
    parts->seccomp = (struct oci_features_seccomp){
        .enabled = answer(true),
        .actions = all_words(document, &oci_seccomp_action_words),
        .operators = all_words(document, &oci_seccomp_operator_words),
        .archs = all_architectures(document),
        .known_flags = all_words(document, &oci_seccomp_flag_words),
        .supported_flags = supported_flags(document),
    };
}

static void fill_linux(struct parts *parts, uint32_t last_capability, struct document *document)
{
    parts->cgroup = (struct oci_features_cgroup){
        .v1 = answer(true),
        .v2 = answer(true),
        .systemd = answer(false),
        .systemd_user = answer(false),
        .rdma = answer(true),
    };
    fill_seccomp(parts, document);
    parts->apparmor.enabled = answer(true);
    parts->selinux.enabled = answer(true);
    parts->intel_rdt.enabled = answer(false);
    parts->idmap.enabled = answer(true);
    parts->mount_extensions.idmap = &parts->idmap;
    parts->net_devices.enabled = answer(false);
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

static void fill_annotations(struct parts *parts, struct document *document)
{
    const struct scmp_version *version = seccomp_version();
    const char *text = oci_arena_format(&document->arena, "%u.%u.%u", version->major,
                                        version->minor, version->micro);

    if (text == NULL)
        document->failed = true;
    parts->annotations[0] = (struct oci_string_pair){"io.github.seccomp.libseccomp.version", text};
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
        .potentially_unsafe_config_annotations = document_list_of(&document, unsafe_annotations),
    };
    fill_annotations(&parts, &document);
    return document_finish(&document, &oci_features_table, &parts.features, ret_json, error);
}
