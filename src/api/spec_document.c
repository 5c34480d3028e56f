/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A config.json to begin with.  It starts the same container that users of `runc spec` and
 * `crun spec` know: a shell on the terminal, few capabilities, a read-only root.  Runs in dray.
 */
#include <unistd.h>

#include "api/documents.h"
#include "base/cleanup.h"
#include "ocispec/ocispec.h"

#define OPTIONS_MAX 8

struct mount_row {
    const char *destination;
    const char *type;
    const char *source;
    const char *options[OPTIONS_MAX];
    /* For a user who is not root, when it differs. */
    const char *rootless_type;
    const char *rootless_source;
    const char *rootless_options[OPTIONS_MAX];
};

/* Group 5, "tty", is not mapped without root; a sysfs needs a network namespace of one's own. */
static const struct mount_row mount_rows[] = {
    {"/proc", "proc", "proc"},
    {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
    {"/dev/pts",
     "devpts",
     "devpts",
     {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"},
     "devpts",
     "devpts",
     {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
    {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
    {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
    {"/sys",
     "sysfs",
     "sysfs",
     {"nosuid", "noexec", "nodev", "ro"},
     "none",
     "/sys",
     {"rbind", "nosuid", "noexec", "nodev", "ro"}},
    {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
};

static const enum oci_namespace_type root_namespaces[] = {
    OCI_NAMESPACE_PID, OCI_NAMESPACE_NETWORK, OCI_NAMESPACE_IPC,
    OCI_NAMESPACE_UTS, OCI_NAMESPACE_MOUNT,   OCI_NAMESPACE_CGROUP,
};
static const enum oci_namespace_type rootless_namespaces[] = {
    OCI_NAMESPACE_PID,   OCI_NAMESPACE_IPC,    OCI_NAMESPACE_UTS,
    OCI_NAMESPACE_MOUNT, OCI_NAMESPACE_CGROUP, OCI_NAMESPACE_USER,
};

static const char *const arguments[] = {"sh", NULL};
static const char *const environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TERM=xterm",
    NULL,
};
static const char *const capabilities[] = {
    "CAP_AUDIT_WRITE",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    NULL,
};

/* Files of the kernel that speak of, or act on, more than the container. */
static const char *const masked_paths[] = {
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/interrupts",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
    NULL,
};
static const char *const readonly_paths[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

/* Everything that the document consists of. */
struct parts {
    struct oci_spec spec;
    struct oci_root root;
    struct oci_process process;
    struct oci_user user;
    struct oci_capabilities capabilities;
    struct oci_rlimit rlimit;
    struct oci_mount mounts[ARRAY_SIZE(mount_rows)];
    struct oci_linux linux;
    struct oci_linux_namespace namespaces[ARRAY_SIZE(root_namespaces)];
    struct oci_linux_resources resources;
    struct oci_linux_device_rule device_rule;
    struct oci_id_mapping uid_mapping;
    struct oci_id_mapping gid_mapping;
};

_Static_assert(ARRAY_SIZE(root_namespaces) == ARRAY_SIZE(rootless_namespaces), "parts.namespaces");

static void fill_process(struct parts *parts, struct document *document)
{
    const struct oci_strings granted = document_list_of(document, capabilities);

    /* Not inheritable: a program with file capabilities would gain them. */
    parts->capabilities = (struct oci_capabilities){
        .bounding = granted,
        .effective = granted,
        .permitted = granted,
    };
    parts->rlimit = (struct oci_rlimit){.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024};
    parts->process = (struct oci_process){
        .terminal = true,
        .user = &parts->user,
        .args = document_list_of(document, arguments),
        .env = document_list_of(document, environment),
        .cwd = "/",
        .capabilities = &parts->capabilities,
        .rlimits = &parts->rlimit,
        .rlimits_count = 1,
        .no_new_privileges = true,
    };
}

static void fill_mounts(struct parts *parts, bool rootless, struct document *document)
{
    for (size_t i = 0; i < ARRAY_SIZE(mount_rows); i++) {
        const struct mount_row *row = &mount_rows[i];
        bool differs = rootless && row->rootless_type != NULL;
        const char *const *options = differs ? row->rootless_options : row->options;

        parts->mounts[i] = (struct oci_mount){
            .destination = row->destination,
            .type = differs ? row->rootless_type : row->type,
            .source = differs ? row->rootless_source : row->source,
        };
        if (options[0] != NULL)
            parts->mounts[i].options = document_list_of(document, options);
    }
}

static void fill_linux(struct parts *parts, bool rootless, struct document *document)
{
    for (size_t i = 0; i < ARRAY_SIZE(root_namespaces); i++)
        parts->namespaces[i].type = rootless ? rootless_namespaces[i] : root_namespaces[i];
    parts->linux = (struct oci_linux){
        .namespaces = parts->namespaces,
        .namespaces_count = ARRAY_SIZE(root_namespaces),
        .masked_paths = document_list_of(document, masked_paths),
        .readonly_paths = document_list_of(document, readonly_paths),
    };
    if (rootless) {
        parts->uid_mapping = (struct oci_id_mapping){.host_id = geteuid(), .size = 1};
        parts->gid_mapping = (struct oci_id_mapping){.host_id = getegid(), .size = 1};
        parts->linux.uid_mappings = &parts->uid_mapping;
        parts->linux.uid_mappings_count = 1;
        parts->linux.gid_mappings = &parts->gid_mapping;
        parts->linux.gid_mappings_count = 1;
        return;
    }
    /* The default devices are allowed by the runtime. */
    parts->device_rule = (struct oci_linux_device_rule){.access = "rwm"};
    parts->resources.devices = &parts->device_rule;
    parts->resources.devices_count = 1;
    parts->linux.resources = &parts->resources;
}

int spec_document_write(bool rootless, char **ret_json, struct error *error)
{
    struct document document = {0};
    struct parts parts = {0};

    oci_arena_init(&document.arena);
    fill_process(&parts, &document);
    fill_mounts(&parts, rootless, &document);
    fill_linux(&parts, rootless, &document);
    parts.root = (struct oci_root){.path = "rootfs", .readonly = true};
    parts.spec = (struct oci_spec){
        .oci_version = DRAY_SPEC_VERSION,
        .root = &parts.root,
        .process = &parts.process,
        .hostname = "dray",
        .mounts = parts.mounts,
        .mounts_count = ARRAY_SIZE(parts.mounts),
        .linux = &parts.linux,
    };
    return document_finish(&document, &oci_spec_table, &parts.spec, ret_json, error);
}
