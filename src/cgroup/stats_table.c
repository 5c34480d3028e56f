/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The statistics as JSON: runc's names.  Runs in dray only. */
#include "cgroup/stats.h"

static const struct oci_row cpu_usage_rows[] = {
    OCI_ROW_U64(struct stats_cpu_usage, "total", total, OCI_ALWAYS),
    OCI_ROW_RAW(struct stats_cpu_usage, "percpu", percpu, 0),
    OCI_ROW_RAW(struct stats_cpu_usage, "percpu_kernel", percpu_kernel, 0),
    OCI_ROW_RAW(struct stats_cpu_usage, "percpu_user", percpu_user, 0),
    OCI_ROW_U64(struct stats_cpu_usage, "kernel", kernel, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_cpu_usage, "user", user, OCI_ALWAYS),
};
static const struct oci_table cpu_usage_table =
    OCI_TABLE(struct stats_cpu_usage, "usage", cpu_usage_rows);

static const struct oci_row throttling_rows[] = {
    OCI_ROW_U64(struct stats_throttling, "periods", periods, 0),
    OCI_ROW_U64(struct stats_throttling, "throttledPeriods", throttled_periods, 0),
    OCI_ROW_U64(struct stats_throttling, "throttledTime", throttled_time, 0),
};
static const struct oci_table throttling_table =
    OCI_TABLE(struct stats_throttling, "throttling", throttling_rows);

static const struct oci_row cpu_rows[] = {
    OCI_ROW_OBJECT(struct stats_cpu, "usage", usage, 0, struct stats_cpu_usage, &cpu_usage_table),
    OCI_ROW_OBJECT(struct stats_cpu, "throttling", throttling, 0, struct stats_throttling,
                   &throttling_table),
    OCI_ROW_RAW(struct stats_cpu, "psi", psi, 0),
};
static const struct oci_table cpu_table = OCI_TABLE(struct stats_cpu, "cpu", cpu_rows);

static const struct oci_row cpuset_rows[] = {
    OCI_ROW_RAW(struct stats_cpuset, "cpus", cpus, 0),
    OCI_ROW_U64(struct stats_cpuset, "cpu_exclusive", cpu_exclusive, OCI_ALWAYS),
    OCI_ROW_RAW(struct stats_cpuset, "mems", mems, 0),
    OCI_ROW_U64(struct stats_cpuset, "mem_hardwall", mem_hardwall, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_cpuset, "mem_exclusive", mem_exclusive, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_cpuset, "memory_migrate", memory_migrate, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_cpuset, "memory_spread_page", memory_spread_page, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_cpuset, "memory_spread_slab", memory_spread_slab, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_cpuset, "memory_pressure", memory_pressure, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_cpuset, "sched_load_balance", sched_load_balance, OCI_ALWAYS),
    OCI_ROW_I64(struct stats_cpuset, "sched_relax_domain_level", sched_relax_domain_level,
                OCI_ALWAYS),
};
static const struct oci_table cpuset_table = OCI_TABLE(struct stats_cpuset, "cpuset", cpuset_rows);

static const struct oci_row memory_entry_rows[] = {
    OCI_ROW_U64(struct stats_memory_entry, "limit", limit, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_memory_entry, "usage", usage, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_memory_entry, "max", max, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_memory_entry, "failcnt", failcnt, OCI_ALWAYS),
};
static const struct oci_table memory_entry_table =
    OCI_TABLE(struct stats_memory_entry, "memory entry", memory_entry_rows);

static const struct oci_row memory_rows[] = {
    OCI_ROW_U64(struct stats_memory, "cache", cache, 0),
    OCI_ROW_OBJECT(struct stats_memory, "usage", usage, 0, struct stats_memory_entry,
                   &memory_entry_table),
    OCI_ROW_OBJECT(struct stats_memory, "swap", swap, 0, struct stats_memory_entry,
                   &memory_entry_table),
    OCI_ROW_OBJECT(struct stats_memory, "kernel", kernel, 0, struct stats_memory_entry,
                   &memory_entry_table),
    OCI_ROW_OBJECT(struct stats_memory, "kernelTCP", kernel_tcp, 0, struct stats_memory_entry,
                   &memory_entry_table),
    OCI_ROW_RAW(struct stats_memory, "raw", raw, 0),
    OCI_ROW_RAW(struct stats_memory, "psi", psi, 0),
    OCI_ROW_RAW(struct stats_memory, "event_count", event_count, 0),
};
static const struct oci_table memory_table = OCI_TABLE(struct stats_memory, "memory", memory_rows);

static const struct oci_row pids_rows[] = {
    OCI_ROW_U64(struct stats_pids, "current", current, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_pids, "limit", limit, 0),
};
static const struct oci_table pids_table = OCI_TABLE(struct stats_pids, "pids", pids_rows);

static const struct oci_row io_entry_rows[] = {
    OCI_ROW_U64(struct stats_io_entry, "major", major, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_io_entry, "minor", minor, OCI_ALWAYS),
    OCI_ROW_STRING(struct stats_io_entry, "op", op, 0),
    OCI_ROW_U64(struct stats_io_entry, "value", value, OCI_ALWAYS),
};
static const struct oci_table io_entry_table =
    OCI_TABLE(struct stats_io_entry, "io entry", io_entry_rows);

static const struct oci_row blkio_rows[] = {
    OCI_ROW_OBJECTS(struct stats_blkio, "ioServiceBytesRecursive", service_bytes, 0,
                    struct stats_io_entry, &io_entry_table),
    OCI_ROW_OBJECTS(struct stats_blkio, "ioServicedRecursive", serviced, 0, struct stats_io_entry,
                    &io_entry_table),
    OCI_ROW_RAW(struct stats_blkio, "psi", psi, 0),
};
static const struct oci_table blkio_table = OCI_TABLE(struct stats_blkio, "blkio", blkio_rows);

static const struct oci_row hugetlb_rows[] = {
    OCI_ROW_U64(struct stats_hugetlb, "usage", usage, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_hugetlb, "max", max, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_hugetlb, "failcnt", failcnt, OCI_ALWAYS),
};
static const struct oci_table hugetlb_table =
    OCI_TABLE(struct stats_hugetlb, "hugetlb", hugetlb_rows);

static const struct oci_row interface_rows[] = {
    OCI_ROW_STRING(struct stats_interface, "Name", name, 0),
    OCI_ROW_U64(struct stats_interface, "RxBytes", receive_bytes, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_interface, "RxPackets", receive_packets, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_interface, "RxErrors", receive_errors, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_interface, "RxDropped", receive_dropped, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_interface, "TxBytes", transmit_bytes, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_interface, "TxPackets", transmit_packets, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_interface, "TxErrors", transmit_errors, OCI_ALWAYS),
    OCI_ROW_U64(struct stats_interface, "TxDropped", transmit_dropped, OCI_ALWAYS),
};
static const struct oci_table interface_table =
    OCI_TABLE(struct stats_interface, "network interface", interface_rows);

static const struct oci_row stats_rows[] = {
    OCI_ROW_OBJECT(struct cgroup_stats, "cpu", cpu, 0, struct stats_cpu, &cpu_table),
    OCI_ROW_OBJECT(struct cgroup_stats, "cpuset", cpuset, 0, struct stats_cpuset, &cpuset_table),
    OCI_ROW_OBJECT(struct cgroup_stats, "memory", memory, 0, struct stats_memory, &memory_table),
    OCI_ROW_OBJECT(struct cgroup_stats, "pids", pids, 0, struct stats_pids, &pids_table),
    OCI_ROW_OBJECT(struct cgroup_stats, "blkio", blkio, 0, struct stats_blkio, &blkio_table),
    OCI_ROW_OBJECT_MAP(struct cgroup_stats, "hugetlb", hugetlb, 0, struct stats_hugetlb,
                       &hugetlb_table),
    OCI_ROW_RAW(struct cgroup_stats, "intel_rdt", intel_rdt, 0),
    OCI_ROW_OBJECTS(struct cgroup_stats, "network_interfaces", interfaces, 0,
                    struct stats_interface, &interface_table),
};
const struct oci_table cgroup_stats_table = OCI_TABLE(struct cgroup_stats, "stats", stats_rows);
