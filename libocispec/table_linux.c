/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of config.json's "linux" but for the resources. */
#include <string.h>

#include "tables.h"

static bool is_mem_bw(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "MB:", 3) == 0 && memchr(text, '\n', length) == NULL;
}

static const struct oci_form mem_bw_form = {is_mem_bw, "one line that begins with MB:"};

/* The schema stops at 0777, but engines put whole st_mode values here. */
static const struct oci_range file_mode_range = {0, 0xffff};

static const struct oci_row linux_namespace_rows[] = {
    OCI_ROW_ENUM(struct oci_linux_namespace, "type", type, OCI_REQUIRED, namespace_type),
    OCI_ROW_STRING(struct oci_linux_namespace, "path", path, 0),
};
static const struct oci_table oci_linux_namespace_table =
    OCI_TABLE(struct oci_linux_namespace, "namespace", linux_namespace_rows);

static const struct oci_row linux_device_rows[] = {
    OCI_ROW_STRING(struct oci_linux_device, "path", path, OCI_REQUIRED),
    OCI_ROW_ENUM(struct oci_linux_device, "type", type, OCI_REQUIRED, device_type),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_device, "major", major, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_device, "minor", minor, 0),
    OCI_ROW_RANGE(OPTIONAL_U32, struct oci_linux_device, "fileMode", file_mode, 0,
                  &file_mode_range),
    OCI_ROW_OPTIONAL_U32(struct oci_linux_device, "uid", uid, 0),
    OCI_ROW_OPTIONAL_U32(struct oci_linux_device, "gid", gid, 0),
};
static const struct oci_table oci_linux_device_table =
    OCI_TABLE(struct oci_linux_device, "device", linux_device_rows);

static const struct oci_row linux_net_device_rows[] = {
    OCI_ROW_STRING(struct oci_linux_net_device, "name", name, 0),
};
static const struct oci_table oci_linux_net_device_table =
    OCI_TABLE(struct oci_linux_net_device, "net device", linux_net_device_rows);

static const struct oci_row linux_seccomp_arg_rows[] = {
    OCI_ROW_U32(struct oci_linux_seccomp_arg, "index", index, OCI_REQUIRED),
    OCI_ROW_U64(struct oci_linux_seccomp_arg, "value", value, OCI_REQUIRED),
    OCI_ROW_U64(struct oci_linux_seccomp_arg, "valueTwo", value_two, 0),
    OCI_ROW_ENUM(struct oci_linux_seccomp_arg, "op", op, OCI_REQUIRED, seccomp_operator),
};
static const struct oci_table oci_linux_seccomp_arg_table =
    OCI_TABLE(struct oci_linux_seccomp_arg, "seccomp argument", linux_seccomp_arg_rows);

static const struct oci_row linux_seccomp_syscall_rows[] = {
    OCI_ROW_STRINGS(struct oci_linux_seccomp_syscall, "names", names, OCI_REQUIRED | OCI_NOT_EMPTY),
    OCI_ROW_ENUM(struct oci_linux_seccomp_syscall, "action", action, OCI_REQUIRED, seccomp_action),
    OCI_ROW_OPTIONAL_U32(struct oci_linux_seccomp_syscall, "errnoRet", errno_ret, 0),
    OCI_ROW_OBJECTS(struct oci_linux_seccomp_syscall, "args", args, 0, struct oci_linux_seccomp_arg,
                    &oci_linux_seccomp_arg_table),
};
static const struct oci_table oci_linux_seccomp_syscall_table =
    OCI_TABLE(struct oci_linux_seccomp_syscall, "seccomp rule", linux_seccomp_syscall_rows);

static const struct oci_row linux_seccomp_rows[] = {
    OCI_ROW_ENUM(struct oci_linux_seccomp, "defaultAction", default_action, OCI_REQUIRED,
                 seccomp_action),
    OCI_ROW_OPTIONAL_U32(struct oci_linux_seccomp, "defaultErrnoRet", default_errno_ret, 0),
    OCI_ROW_ENUMS(struct oci_linux_seccomp, "architectures", architectures, 0, seccomp_arch),
    OCI_ROW_ENUMS(struct oci_linux_seccomp, "flags", flags, 0, seccomp_flag),
    OCI_ROW_STRING(struct oci_linux_seccomp, "listenerPath", listener_path, 0),
    OCI_ROW_STRING(struct oci_linux_seccomp, "listenerMetadata", listener_metadata, 0),
    OCI_ROW_OBJECTS(struct oci_linux_seccomp, "syscalls", syscalls, 0,
                    struct oci_linux_seccomp_syscall, &oci_linux_seccomp_syscall_table),
};
static const struct oci_table oci_linux_seccomp_table =
    OCI_TABLE(struct oci_linux_seccomp, "seccomp", linux_seccomp_rows);

static const struct oci_row linux_intel_rdt_rows[] = {
    OCI_ROW_STRING(struct oci_linux_intel_rdt, "closID", clos_id, 0),
    OCI_ROW_STRINGS(struct oci_linux_intel_rdt, "schemata", schemata, 0),
    OCI_ROW_STRING(struct oci_linux_intel_rdt, "l3CacheSchema", l3_cache_schema, 0),
    OCI_ROW_FORM(struct oci_linux_intel_rdt, "memBwSchema", mem_bw_schema, 0, &mem_bw_form),
    OCI_ROW_BOOL(struct oci_linux_intel_rdt, "enableMonitoring", enable_monitoring, 0),
};
static const struct oci_table oci_linux_intel_rdt_table =
    OCI_TABLE(struct oci_linux_intel_rdt, "intelRdt", linux_intel_rdt_rows);

static const struct oci_row linux_memory_policy_rows[] = {
    OCI_ROW_ENUM(struct oci_linux_memory_policy, "mode", mode, 0, memory_policy_mode),
    OCI_ROW_STRING(struct oci_linux_memory_policy, "nodes", nodes, 0),
    OCI_ROW_ENUMS(struct oci_linux_memory_policy, "flags", flags, 0, memory_policy_flag),
};
static const struct oci_table oci_linux_memory_policy_table =
    OCI_TABLE(struct oci_linux_memory_policy, "memoryPolicy", linux_memory_policy_rows);

static const struct oci_row linux_personality_rows[] = {
    OCI_ROW_ENUM(struct oci_linux_personality, "domain", domain, 0, personality_domain),
    OCI_ROW_STRINGS(struct oci_linux_personality, "flags", flags, 0),
};
static const struct oci_table oci_linux_personality_table =
    OCI_TABLE(struct oci_linux_personality, "personality", linux_personality_rows);

static const struct oci_row linux_time_offset_rows[] = {
    OCI_ROW_I64(struct oci_linux_time_offset, "secs", secs, 0),
    OCI_ROW_U32(struct oci_linux_time_offset, "nanosecs", nanosecs, 0),
};
static const struct oci_table oci_linux_time_offset_table =
    OCI_TABLE(struct oci_linux_time_offset, "time offset", linux_time_offset_rows);

static const struct oci_row linux_time_offsets_rows[] = {
    OCI_ROW_OBJECT(struct oci_linux_time_offsets, "monotonic", monotonic, 0,
                   struct oci_linux_time_offset, &oci_linux_time_offset_table),
    OCI_ROW_OBJECT(struct oci_linux_time_offsets, "boottime", boottime, 0,
                   struct oci_linux_time_offset, &oci_linux_time_offset_table),
};
static const struct oci_table oci_linux_time_offsets_table =
    OCI_TABLE(struct oci_linux_time_offsets, "timeOffsets", linux_time_offsets_rows);

static const struct oci_row linux_rows[] = {
    OCI_ROW_OBJECTS(struct oci_linux, "uidMappings", uid_mappings, 0, struct oci_id_mapping,
                    &oci_id_mapping_table),
    OCI_ROW_OBJECTS(struct oci_linux, "gidMappings", gid_mappings, 0, struct oci_id_mapping,
                    &oci_id_mapping_table),
    OCI_ROW_STRING_MAP(struct oci_linux, "sysctl", sysctl, 0),
    OCI_ROW_OBJECT(struct oci_linux, "resources", resources, 0, struct oci_linux_resources,
                   &oci_linux_resources_table),
    OCI_ROW_STRING(struct oci_linux, "cgroupsPath", cgroups_path, 0),
    OCI_ROW_OBJECTS(struct oci_linux, "namespaces", namespaces, 0, struct oci_linux_namespace,
                    &oci_linux_namespace_table),
    OCI_ROW_OBJECTS(struct oci_linux, "devices", devices, 0, struct oci_linux_device,
                    &oci_linux_device_table),
    OCI_ROW_OBJECT_MAP(struct oci_linux, "netDevices", net_devices, 0, struct oci_linux_net_device,
                       &oci_linux_net_device_table),
    OCI_ROW_OBJECT(struct oci_linux, "seccomp", seccomp, 0, struct oci_linux_seccomp,
                   &oci_linux_seccomp_table),
    OCI_ROW_ENUM(struct oci_linux, "rootfsPropagation", rootfs_propagation, 0, rootfs_propagation),
    OCI_ROW_STRINGS(struct oci_linux, "maskedPaths", masked_paths, 0),
    OCI_ROW_STRINGS(struct oci_linux, "readonlyPaths", readonly_paths, 0),
    OCI_ROW_STRING(struct oci_linux, "mountLabel", mount_label, 0),
    OCI_ROW_OBJECT(struct oci_linux, "intelRdt", intel_rdt, 0, struct oci_linux_intel_rdt,
                   &oci_linux_intel_rdt_table),
    OCI_ROW_OBJECT(struct oci_linux, "memoryPolicy", memory_policy, 0,
                   struct oci_linux_memory_policy, &oci_linux_memory_policy_table),
    OCI_ROW_OBJECT(struct oci_linux, "personality", personality, 0, struct oci_linux_personality,
                   &oci_linux_personality_table),
    OCI_ROW_OBJECT(struct oci_linux, "timeOffsets", time_offsets, 0, struct oci_linux_time_offsets,
                   &oci_linux_time_offsets_table),
};
const struct oci_table oci_linux_table = OCI_TABLE(struct oci_linux, "linux", linux_rows);
