/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a cgroup has used, in the form that `runc events` gave it and that containerd, Docker and
 * cAdvisor read: runc's names, units in nanoseconds and bytes, 2^64 - 1 for no limit.
 * Runs in dray only.
 */
#ifndef DRAY_CGROUP_STATS_H
#define DRAY_CGROUP_STATS_H

#include "cgroup/cgroup.h"
#include "ocispec/arena.h"
#include "ocispec/table.h"

/* Members that are `const char *` and no names hold JSON. */
struct stats_cpu_usage {
    uint64_t total; /* nanoseconds, as all times */
    const char *percpu;
    const char *percpu_kernel;
    const char *percpu_user;
    uint64_t kernel;
    uint64_t user;
};

struct stats_throttling {
    uint64_t periods;
    uint64_t throttled_periods;
    uint64_t throttled_time;
};

struct stats_cpu {
    struct stats_cpu_usage *usage;
    struct stats_throttling *throttling;
    const char *psi;
};

struct stats_cpuset {
    const char *cpus;
    uint64_t cpu_exclusive;
    const char *mems;
    uint64_t mem_hardwall;
    uint64_t mem_exclusive;
    uint64_t memory_migrate;
    uint64_t memory_spread_page;
    uint64_t memory_spread_slab;
    uint64_t memory_pressure;
    uint64_t sched_load_balance;
    int64_t sched_relax_domain_level;
};

struct stats_memory_entry {
    uint64_t limit;
    uint64_t usage;
    uint64_t max;
    uint64_t failcnt;
};

struct stats_memory {
    uint64_t cache;
    struct stats_memory_entry *usage;
    struct stats_memory_entry *swap; /* memory and swap together */
    struct stats_memory_entry *kernel;
    struct stats_memory_entry *kernel_tcp;
    const char *raw; /* memory.stat */
    const char *psi;
    const char *event_count; /* memory.events */
};

struct stats_pids {
    uint64_t current;
    uint64_t limit; /* 0: none */
};

struct stats_io_entry {
    uint64_t major;
    uint64_t minor;
    const char *op;
    uint64_t value;
};

struct stats_blkio {
    struct stats_io_entry *service_bytes;
    size_t service_bytes_count;
    struct stats_io_entry *serviced;
    size_t serviced_count;
    const char *psi;
};

struct stats_hugetlb {
    const char *key; /* the page size: "2MB" */
    uint64_t usage;
    uint64_t max;
    uint64_t failcnt;
};

/* Filled in by who knows the container's first process. */
struct stats_interface {
    const char *name;
    uint64_t receive_bytes;
    uint64_t receive_packets;
    uint64_t receive_errors;
    uint64_t receive_dropped;
    uint64_t transmit_bytes;
    uint64_t transmit_packets;
    uint64_t transmit_errors;
    uint64_t transmit_dropped;
};

struct cgroup_stats {
    struct stats_cpu *cpu;
    struct stats_cpuset *cpuset;
    struct stats_memory *memory;
    struct stats_pids *pids;
    struct stats_blkio *blkio;
    struct stats_hugetlb *hugetlb;
    size_t hugetlb_count;
    struct stats_interface *interfaces;
    size_t interfaces_count;
    const char *intel_rdt; /* JSON of another's making */
};

extern const struct oci_table cgroup_stats_table;

/*
 * Reads all that the hierarchies have; what a controller or kernel lacks is absent or 0.
 * Everything in *@ret is @arena's.  Returns 0 or -ENOMEM with the error set.
 */
int cgroup_read_stats(struct cgroup *cgroup, struct oci_arena *arena, struct cgroup_stats *ret,
                      struct error *error);

#endif
