/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the state, the features and the message to a seccomp agent. */
#include "tables.h"

static const struct oci_range pid_range = {0, INT32_MAX};

static const struct oci_row state_rows[] = {
    OCI_ROW_STRING(struct oci_state, "ociVersion", oci_version, OCI_REQUIRED),
    OCI_ROW_STRING(struct oci_state, "id", id, OCI_REQUIRED),
    OCI_ROW_STRING(struct oci_state, "status", status, OCI_REQUIRED),
    OCI_ROW_RANGE(OPTIONAL_I32, struct oci_state, "pid", pid, 0, &pid_range),
    OCI_ROW_STRING(struct oci_state, "bundle", bundle, OCI_REQUIRED),
    OCI_ROW_STRING_MAP(struct oci_state, "annotations", annotations, 0),
};
const struct oci_table oci_state_table = OCI_TABLE(struct oci_state, "state", state_rows);

static const struct oci_row container_process_state_rows[] = {
    OCI_ROW_STRING(struct oci_container_process_state, "ociVersion", oci_version, OCI_REQUIRED),
    OCI_ROW_STRINGS(struct oci_container_process_state, "fds", fds, OCI_REQUIRED),
    OCI_ROW_RANGE(I32, struct oci_container_process_state, "pid", pid, OCI_REQUIRED, &pid_range),
    OCI_ROW_STRING(struct oci_container_process_state, "metadata", metadata, 0),
    OCI_ROW_OBJECT(struct oci_container_process_state, "state", state, OCI_REQUIRED,
                   struct oci_state, &oci_state_table),
};
const struct oci_table oci_container_process_state_table = OCI_TABLE(
    struct oci_container_process_state, "container process state", container_process_state_rows);

static const struct oci_row features_cgroup_rows[] = {
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_cgroup, "v1", v1, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_cgroup, "v2", v2, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_cgroup, "systemd", systemd, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_cgroup, "systemdUser", systemd_user, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_cgroup, "rdma", rdma, 0),
};
static const struct oci_table oci_features_cgroup_table =
    OCI_TABLE(struct oci_features_cgroup, "cgroup", features_cgroup_rows);

static const struct oci_row features_seccomp_rows[] = {
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_seccomp, "enabled", enabled, 0),
    OCI_ROW_STRINGS(struct oci_features_seccomp, "actions", actions, 0),
    OCI_ROW_STRINGS(struct oci_features_seccomp, "operators", operators, 0),
    OCI_ROW_STRINGS(struct oci_features_seccomp, "archs", archs, 0),
    OCI_ROW_STRINGS(struct oci_features_seccomp, "knownFlags", known_flags, 0),
    OCI_ROW_STRINGS(struct oci_features_seccomp, "supportedFlags", supported_flags, 0),
};
static const struct oci_table oci_features_seccomp_table =
    OCI_TABLE(struct oci_features_seccomp, "seccomp", features_seccomp_rows);

static const struct oci_row features_enabled_rows[] = {
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_enabled, "enabled", enabled, 0),
};
static const struct oci_table oci_features_enabled_table =
    OCI_TABLE(struct oci_features_enabled, "feature", features_enabled_rows);

static const struct oci_row features_intel_rdt_rows[] = {
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_intel_rdt, "enabled", enabled, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_intel_rdt, "schemata", schemata, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_features_intel_rdt, "monitoring", monitoring, 0),
};
static const struct oci_table oci_features_intel_rdt_table =
    OCI_TABLE(struct oci_features_intel_rdt, "intelRdt", features_intel_rdt_rows);

static const struct oci_row features_memory_policy_rows[] = {
    OCI_ROW_STRINGS(struct oci_features_memory_policy, "modes", modes, 0),
    OCI_ROW_STRINGS(struct oci_features_memory_policy, "flags", flags, 0),
};
static const struct oci_table oci_features_memory_policy_table =
    OCI_TABLE(struct oci_features_memory_policy, "memoryPolicy", features_memory_policy_rows);

static const struct oci_row features_mount_extensions_rows[] = {
    OCI_ROW_OBJECT(struct oci_features_mount_extensions, "idmap", idmap, 0,
                   struct oci_features_enabled, &oci_features_enabled_table),
};
static const struct oci_table oci_features_mount_extensions_table = OCI_TABLE(
    struct oci_features_mount_extensions, "mountExtensions", features_mount_extensions_rows);

static const struct oci_row features_linux_rows[] = {
    OCI_ROW_STRINGS(struct oci_features_linux, "namespaces", namespaces, 0),
    OCI_ROW_STRINGS(struct oci_features_linux, "capabilities", capabilities, 0),
    OCI_ROW_OBJECT(struct oci_features_linux, "cgroup", cgroup, 0, struct oci_features_cgroup,
                   &oci_features_cgroup_table),
    OCI_ROW_OBJECT(struct oci_features_linux, "seccomp", seccomp, 0, struct oci_features_seccomp,
                   &oci_features_seccomp_table),
    OCI_ROW_OBJECT(struct oci_features_linux, "apparmor", apparmor, 0, struct oci_features_enabled,
                   &oci_features_enabled_table),
    OCI_ROW_OBJECT(struct oci_features_linux, "selinux", selinux, 0, struct oci_features_enabled,
                   &oci_features_enabled_table),
    OCI_ROW_OBJECT(struct oci_features_linux, "intelRdt", intel_rdt, 0,
                   struct oci_features_intel_rdt, &oci_features_intel_rdt_table),
    OCI_ROW_OBJECT(struct oci_features_linux, "memoryPolicy", memory_policy, 0,
                   struct oci_features_memory_policy, &oci_features_memory_policy_table),
    OCI_ROW_OBJECT(struct oci_features_linux, "mountExtensions", mount_extensions, 0,
                   struct oci_features_mount_extensions, &oci_features_mount_extensions_table),
    OCI_ROW_OBJECT(struct oci_features_linux, "netDevices", net_devices, 0,
                   struct oci_features_enabled, &oci_features_enabled_table),
};
static const struct oci_table oci_features_linux_table =
    OCI_TABLE(struct oci_features_linux, "linux", features_linux_rows);

static const struct oci_row features_rows[] = {
    OCI_ROW_STRING(struct oci_features, "ociVersionMin", oci_version_min, OCI_REQUIRED),
    OCI_ROW_STRING(struct oci_features, "ociVersionMax", oci_version_max, OCI_REQUIRED),
    OCI_ROW_STRINGS(struct oci_features, "hooks", hooks, 0),
    OCI_ROW_STRINGS(struct oci_features, "mountOptions", mount_options, 0),
    OCI_ROW_OBJECT(struct oci_features, "linux", linux, 0, struct oci_features_linux,
                   &oci_features_linux_table),
    OCI_ROW_STRING_MAP(struct oci_features, "annotations", annotations, 0),
    OCI_ROW_STRINGS(struct oci_features, "potentiallyUnsafeConfigAnnotations",
                    potentially_unsafe_config_annotations, 0),
};
const struct oci_table oci_features_table =
    OCI_TABLE(struct oci_features, "features", features_rows);
