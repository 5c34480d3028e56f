/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of config.json's "linux.resources". */
#include <string.h>

#include "tables.h"

/* "2MB": digits without a leading 0 and a unit. */
static bool is_page_size(const char *text, size_t length)
{
    if (length < 3 || text[0] < '1' || text[length - 1] != 'B' ||
        memchr("KMG", text[length - 2], 3) == NULL)
        return false;
    for (size_t i = 0; i < length - 2; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static const struct oci_form page_size_form = {is_page_size, "page size such as 64KB, 2MB or 1GB"};

static const struct oci_row linux_device_rule_rows[] = {
    OCI_ROW_BOOL(struct oci_linux_device_rule, "allow", allow, OCI_REQUIRED),
    OCI_ROW_ENUM(struct oci_linux_device_rule, "type", type, 0, device_rule_type),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_device_rule, "major", major, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_device_rule, "minor", minor, 0),
    OCI_ROW_STRING(struct oci_linux_device_rule, "access", access, 0),
};
static const struct oci_table oci_linux_device_rule_table =
    OCI_TABLE(struct oci_linux_device_rule, "device rule", linux_device_rule_rows);

static const struct oci_row linux_memory_rows[] = {
    OCI_ROW_OPTIONAL_I64(struct oci_linux_memory, "limit", limit, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_memory, "reservation", reservation, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_memory, "swap", swap, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_memory, "kernel", kernel, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_memory, "kernelTCP", kernel_tcp, 0),
    OCI_ROW_OPTIONAL_U64(struct oci_linux_memory, "swappiness", swappiness, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_linux_memory, "disableOOMKiller", disable_oom_killer, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_linux_memory, "useHierarchy", use_hierarchy, 0),
    OCI_ROW_OPTIONAL_BOOL(struct oci_linux_memory, "checkBeforeUpdate", check_before_update, 0),
};
static const struct oci_table oci_linux_memory_table =
    OCI_TABLE(struct oci_linux_memory, "memory", linux_memory_rows);

static const struct oci_row linux_cpu_rows[] = {
    OCI_ROW_OPTIONAL_U64(struct oci_linux_cpu, "shares", shares, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_cpu, "quota", quota, 0),
    OCI_ROW_OPTIONAL_U64(struct oci_linux_cpu, "burst", burst, 0),
    OCI_ROW_OPTIONAL_U64(struct oci_linux_cpu, "period", period, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_cpu, "realtimeRuntime", realtime_runtime, 0),
    OCI_ROW_OPTIONAL_U64(struct oci_linux_cpu, "realtimePeriod", realtime_period, 0),
    OCI_ROW_STRING(struct oci_linux_cpu, "cpus", cpus, 0),
    OCI_ROW_STRING(struct oci_linux_cpu, "mems", mems, 0),
    OCI_ROW_OPTIONAL_I64(struct oci_linux_cpu, "idle", idle, 0),
};
static const struct oci_table oci_linux_cpu_table =
    OCI_TABLE(struct oci_linux_cpu, "cpu", linux_cpu_rows);

static const struct oci_row linux_pids_rows[] = {
    OCI_ROW_OPTIONAL_I64(struct oci_linux_pids, "limit", limit, 0),
};
static const struct oci_table oci_linux_pids_table =
    OCI_TABLE(struct oci_linux_pids, "pids", linux_pids_rows);

static const struct oci_row linux_weight_device_rows[] = {
    OCI_ROW_I64(struct oci_linux_weight_device, "major", major, OCI_REQUIRED),
    OCI_ROW_I64(struct oci_linux_weight_device, "minor", minor, OCI_REQUIRED),
    OCI_ROW_OPTIONAL_U16(struct oci_linux_weight_device, "weight", weight, 0),
    OCI_ROW_OPTIONAL_U16(struct oci_linux_weight_device, "leafWeight", leaf_weight, 0),
};
static const struct oci_table oci_linux_weight_device_table =
    OCI_TABLE(struct oci_linux_weight_device, "weightDevice", linux_weight_device_rows);

static const struct oci_row linux_throttle_device_rows[] = {
    OCI_ROW_I64(struct oci_linux_throttle_device, "major", major, OCI_REQUIRED),
    OCI_ROW_I64(struct oci_linux_throttle_device, "minor", minor, OCI_REQUIRED),
    OCI_ROW_OPTIONAL_U64(struct oci_linux_throttle_device, "rate", rate, 0),
};
static const struct oci_table oci_linux_throttle_device_table =
    OCI_TABLE(struct oci_linux_throttle_device, "throttle device", linux_throttle_device_rows);

static const struct oci_row linux_block_io_rows[] = {
    OCI_ROW_OPTIONAL_U16(struct oci_linux_block_io, "weight", weight, 0),
    OCI_ROW_OPTIONAL_U16(struct oci_linux_block_io, "leafWeight", leaf_weight, 0),
    OCI_ROW_OBJECTS(struct oci_linux_block_io, "weightDevice", weight_device, 0,
                    struct oci_linux_weight_device, &oci_linux_weight_device_table),
    OCI_ROW_OBJECTS(struct oci_linux_block_io, "throttleReadBpsDevice", throttle_read_bps_device, 0,
                    struct oci_linux_throttle_device, &oci_linux_throttle_device_table),
    OCI_ROW_OBJECTS(struct oci_linux_block_io, "throttleWriteBpsDevice", throttle_write_bps_device,
                    0, struct oci_linux_throttle_device, &oci_linux_throttle_device_table),
    OCI_ROW_OBJECTS(struct oci_linux_block_io, "throttleReadIOPSDevice", throttle_read_iops_device,
                    0, struct oci_linux_throttle_device, &oci_linux_throttle_device_table),
    OCI_ROW_OBJECTS(struct oci_linux_block_io, "throttleWriteIOPSDevice",
                    throttle_write_iops_device, 0, struct oci_linux_throttle_device,
                    &oci_linux_throttle_device_table),
};
static const struct oci_table oci_linux_block_io_table =
    OCI_TABLE(struct oci_linux_block_io, "blockIO", linux_block_io_rows);

static const struct oci_row linux_hugepage_limit_rows[] = {
    OCI_ROW_FORM(struct oci_linux_hugepage_limit, "pageSize", page_size, OCI_REQUIRED,
                 &page_size_form),
    OCI_ROW_U64(struct oci_linux_hugepage_limit, "limit", limit, OCI_REQUIRED),
};
static const struct oci_table oci_linux_hugepage_limit_table =
    OCI_TABLE(struct oci_linux_hugepage_limit, "hugepage limit", linux_hugepage_limit_rows);

static const struct oci_row linux_interface_priority_rows[] = {
    OCI_ROW_STRING(struct oci_linux_interface_priority, "name", name, OCI_REQUIRED),
    OCI_ROW_U32(struct oci_linux_interface_priority, "priority", priority, OCI_REQUIRED),
};
static const struct oci_table oci_linux_interface_priority_table = OCI_TABLE(
    struct oci_linux_interface_priority, "interface priority", linux_interface_priority_rows);

static const struct oci_row linux_network_rows[] = {
    OCI_ROW_OPTIONAL_U32(struct oci_linux_network, "classID", class_id, 0),
    OCI_ROW_OBJECTS(struct oci_linux_network, "priorities", priorities, 0,
                    struct oci_linux_interface_priority, &oci_linux_interface_priority_table),
};
static const struct oci_table oci_linux_network_table =
    OCI_TABLE(struct oci_linux_network, "network", linux_network_rows);

static const struct oci_row linux_rdma_rows[] = {
    OCI_ROW_OPTIONAL_U32(struct oci_linux_rdma, "hcaHandles", hca_handles, 0),
    OCI_ROW_OPTIONAL_U32(struct oci_linux_rdma, "hcaObjects", hca_objects, 0),
};
static const struct oci_table oci_linux_rdma_table =
    OCI_TABLE(struct oci_linux_rdma, "rdma", linux_rdma_rows);

static const struct oci_row linux_resources_rows[] = {
    OCI_ROW_OBJECTS(struct oci_linux_resources, "devices", devices, 0, struct oci_linux_device_rule,
                    &oci_linux_device_rule_table),
    OCI_ROW_OBJECT(struct oci_linux_resources, "memory", memory, 0, struct oci_linux_memory,
                   &oci_linux_memory_table),
    OCI_ROW_OBJECT(struct oci_linux_resources, "cpu", cpu, 0, struct oci_linux_cpu,
                   &oci_linux_cpu_table),
    OCI_ROW_OBJECT(struct oci_linux_resources, "pids", pids, 0, struct oci_linux_pids,
                   &oci_linux_pids_table),
    OCI_ROW_OBJECT(struct oci_linux_resources, "blockIO", block_io, 0, struct oci_linux_block_io,
                   &oci_linux_block_io_table),
    OCI_ROW_OBJECTS(struct oci_linux_resources, "hugepageLimits", hugepage_limits, 0,
                    struct oci_linux_hugepage_limit, &oci_linux_hugepage_limit_table),
    OCI_ROW_OBJECT(struct oci_linux_resources, "network", network, 0, struct oci_linux_network,
                   &oci_linux_network_table),
    OCI_ROW_OBJECT_MAP(struct oci_linux_resources, "rdma", rdma, 0, struct oci_linux_rdma,
                       &oci_linux_rdma_table),
    OCI_ROW_STRING_MAP(struct oci_linux_resources, "unified", unified, 0),
};
const struct oci_table oci_linux_resources_table =
    OCI_TABLE(struct oci_linux_resources, "resources", linux_resources_rows);
