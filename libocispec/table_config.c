/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of config.json itself, of mounts, hooks and ID mappings. */
#include "tables.h"

/* A timeout of 0 or less is refused by the schema. */
static const struct oci_range timeout_range = {1, INT64_MAX};

static const struct oci_row root_rows[] = {
    OCI_ROW_STRING(struct oci_root, "path", path, OCI_REQUIRED),
    OCI_ROW_BOOL(struct oci_root, "readonly", readonly, 0),
};
static const struct oci_table oci_root_table = OCI_TABLE(struct oci_root, "root", root_rows);

static const struct oci_row id_mapping_rows[] = {
    OCI_ROW_U32(struct oci_id_mapping, "containerID", container_id, OCI_REQUIRED),
    OCI_ROW_U32(struct oci_id_mapping, "hostID", host_id, OCI_REQUIRED),
    OCI_ROW_U32(struct oci_id_mapping, "size", size, OCI_REQUIRED),
};
const struct oci_table oci_id_mapping_table =
    OCI_TABLE(struct oci_id_mapping, "ID mapping", id_mapping_rows);

static const struct oci_row mount_rows[] = {
    OCI_ROW_STRING(struct oci_mount, "destination", destination, OCI_REQUIRED),
    OCI_ROW_STRING(struct oci_mount, "type", type, 0),
    OCI_ROW_STRING(struct oci_mount, "source", source, 0),
    OCI_ROW_STRINGS(struct oci_mount, "options", options, 0),
    OCI_ROW_OBJECTS(struct oci_mount, "uidMappings", uid_mappings, 0, struct oci_id_mapping,
                    &oci_id_mapping_table),
    OCI_ROW_OBJECTS(struct oci_mount, "gidMappings", gid_mappings, 0, struct oci_id_mapping,
                    &oci_id_mapping_table),
};
const struct oci_table oci_mount_table = OCI_TABLE(struct oci_mount, "mount", mount_rows);

static const struct oci_row hook_rows[] = {
    OCI_ROW_STRING(struct oci_hook, "path", path, OCI_REQUIRED),
    OCI_ROW_STRINGS(struct oci_hook, "args", args, 0),
    OCI_ROW_STRINGS(struct oci_hook, "env", env, 0),
    OCI_ROW_RANGE(OPTIONAL_I64, struct oci_hook, "timeout", timeout, 0, &timeout_range),
};
const struct oci_table oci_hook_table = OCI_TABLE(struct oci_hook, "hook", hook_rows);

static const struct oci_row hooks_rows[] = {
    OCI_ROW_OBJECTS(struct oci_hooks, "prestart", prestart, 0, struct oci_hook, &oci_hook_table),
    OCI_ROW_OBJECTS(struct oci_hooks, "createRuntime", create_runtime, 0, struct oci_hook,
                    &oci_hook_table),
    OCI_ROW_OBJECTS(struct oci_hooks, "createContainer", create_container, 0, struct oci_hook,
                    &oci_hook_table),
    OCI_ROW_OBJECTS(struct oci_hooks, "startContainer", start_container, 0, struct oci_hook,
                    &oci_hook_table),
    OCI_ROW_OBJECTS(struct oci_hooks, "poststart", poststart, 0, struct oci_hook, &oci_hook_table),
    OCI_ROW_OBJECTS(struct oci_hooks, "poststop", poststop, 0, struct oci_hook, &oci_hook_table),
};
static const struct oci_table oci_hooks_table = OCI_TABLE(struct oci_hooks, "hooks", hooks_rows);

static const struct oci_row spec_rows[] = {
    OCI_ROW_STRING(struct oci_spec, "ociVersion", oci_version, OCI_REQUIRED),
    OCI_ROW_OBJECT(struct oci_spec, "process", process, 0, struct oci_process, &oci_process_table),
    OCI_ROW_OBJECT(struct oci_spec, "root", root, 0, struct oci_root, &oci_root_table),
    OCI_ROW_STRING(struct oci_spec, "hostname", hostname, 0),
    OCI_ROW_STRING(struct oci_spec, "domainname", domainname, 0),
    OCI_ROW_OBJECTS(struct oci_spec, "mounts", mounts, 0, struct oci_mount, &oci_mount_table),
    OCI_ROW_OBJECT(struct oci_spec, "hooks", hooks, 0, struct oci_hooks, &oci_hooks_table),
    OCI_ROW_STRING_MAP(struct oci_spec, "annotations", annotations, 0),
    OCI_ROW_OBJECT(struct oci_spec, "linux", linux, 0, struct oci_linux, &oci_linux_table),
    OCI_ROW_OBJECT(struct oci_spec, "solaris", solaris, 0, struct oci_solaris, &oci_solaris_table),
    OCI_ROW_OBJECT(struct oci_spec, "windows", windows, 0, struct oci_windows, &oci_windows_table),
    OCI_ROW_OBJECT(struct oci_spec, "vm", vm, 0, struct oci_vm, &oci_vm_table),
    OCI_ROW_OBJECT(struct oci_spec, "zos", zos, 0, struct oci_zos, &oci_zos_table),
    OCI_ROW_OBJECT(struct oci_spec, "freebsd", freebsd, 0, struct oci_freebsd, &oci_freebsd_table),
};
const struct oci_table oci_spec_table = OCI_TABLE(struct oci_spec, "config", spec_rows);
