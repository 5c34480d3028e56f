/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan says of the container's cgroup: files to write and device rules.  The planning half
 * (plan_cgroup*()) runs in dray only and makes no system call.
 */
#ifndef DRAY_PLAN_PLAN_CGROUP_H
#define DRAY_PLAN_PLAN_CGROUP_H

#include "host/host.h"
#include "ocispec/arena.h"
#include "ocispec/spec.h"
#include "plan/builder.h"
#include "plan/plan.h"

enum plan_cgroup_write_flags {
    PLAN_CGROUP_V2 = 1 << 0,          /* a file of the cgroup2 directory */
    PLAN_CGROUP_LINKED = 1 << 1,      /* goes with the next write: in the order the kernel takes */
    PLAN_CGROUP_ALTERNATIVE = 1 << 2, /* if the file is missing, the next write; else not that */
    PLAN_CGROUP_OPTIONAL = 1 << 3,    /* nothing is lost if the file is missing */
    PLAN_CGROUP_CHECK_USAGE = 1 << 4, /* a memory limit: refuse one below the current usage */
    PLAN_CGROUP_KEEP_FIRST = 1 << 5,  /* the first word of the file stays, the value follows it */
};

struct plan_cgroup_write {
    uint32_t controller; /* enum host_cgroup_controller, or HOST_CGROUP_CONTROLLERS when the file
                            names one that has no number, or none */
    uint32_t flags;      /* enum plan_cgroup_write_flags */
    plan_string file;    /* "memory.max" */
    plan_string value;
    struct plan_origin origin;
};

enum plan_cgroup_access {
    PLAN_CGROUP_MKNOD = 1 << 0, /* the kernel's BPF_DEVCG_ACC_* */
    PLAN_CGROUP_READ = 1 << 1,
    PLAN_CGROUP_WRITE = 1 << 2,
    PLAN_CGROUP_ALL = 7,
};

#define PLAN_CGROUP_ANY (-1) /* every major or minor number */

/*
 * Later rules override earlier ones.  The first is always of type 'a': what holds for a device that
 * no further rule matches.
 */
struct plan_cgroup_device {
    char type;       /* 'a', 'b' or 'c' */
    bool allow;      /* otherwise denied */
    uint16_t access; /* enum plan_cgroup_access */
    int32_t major;   /* or PLAN_CGROUP_ANY */
    int32_t minor;
    struct plan_origin origin; /* none for the default rules */
};

enum plan_cgroup_resources_flags {
    PLAN_CGROUP_UPDATE = 1 << 0, /* of a cgroup in use: origins are relative to the resources */
    PLAN_CGROUP_PIDS_ZERO_MAX = 1 << 1, /* pids.limit 0 is no limit: plan_cgroup_spec_flags() */
};

/*
 * The flags for the resources of a whole config.  Before version 1.3 of the specification
 * `pids.limit` was required and its 0 meant no limit; engines that write such a version send 0 for
 * "unlimited".
 */
uint32_t plan_cgroup_spec_flags(const struct oci_spec *spec);

/*
 * The writes for @resources alone (`update`): appends struct plan_cgroup_write.  Device rules are
 * not among them.  @flags: enum plan_cgroup_resources_flags.
 * A limit that this host's cgroups cannot honour is an error that names the controller and the file
 * (runtime-spec, config-linux.md, "Control groups"); 0 means unset where Docker sends zeros.
 */
int plan_cgroup_resources(const struct oci_linux_resources *resources,
                          const struct host_cgroups *host, uint32_t flags,
                          struct plan_builder *builder, struct plan_array *ret_writes);

/*
 * The device rules: those of @resources (may be NULL) in their order and the default ones that
 * runc and crun add too: mknod of any device; null, zero, full, random, urandom, tty, console,
 * ptmx, pts and net/tun.  The default rules are not added when everything is allowed anyway.
 * @v1: refuse what the v1 controller cannot express, a hole in a wildcard rule.
 * @flags: enum plan_cgroup_resources_flags.
 */
int plan_cgroup_devices(const struct oci_linux_resources *resources, bool v1, uint32_t flags,
                        struct plan_builder *builder, struct plan_array *ret_rules);

/*
 * What holds once @update was applied to a container with @old (may be NULL): a copy in @arena
 * that shares nothing with either but strings.  What the update leaves out, or has as a zero that
 * means unset, stays.  Entries for one block device, page size, network device, RDMA device or file
 * are replaced one by one; device rules are replaced as a whole.  Returns 0 or -ENOMEM.
 */
int plan_cgroup_merge(const struct oci_linux_resources *old,
                      const struct oci_linux_resources *update, struct oci_arena *arena,
                      struct oci_linux_resources **ret);

/*
 * Where the memory controller is cgroup2's, which limits swap alone, half of the pair (limit on
 * memory, on memory and swap together) needs the other half of @merged.  *@memory stands in for
 * update->memory, which is left as it is.
 */
void plan_cgroup_complete_update(struct oci_linux_resources *update,
                                 const struct oci_linux_resources *merged,
                                 const struct host_cgroups *host, struct oci_linux_memory *memory);

/* True if a device of @type ('b' or 'c') may be accessed like that under @rules. */
bool plan_cgroup_device_allowed(const struct plan_cgroup_device *rules, size_t count, char type,
                                int64_t major, int64_t minor, uint32_t access);

/* A number that stands for a text, in names that would be too long with it. */
uint64_t plan_cgroup_hash(const char *text);

/* cpu.shares (2 … 262144) as cpu.weight (1 … 10000): 1024 is 100. */
uint64_t plan_cgroup_weight_of_shares(uint64_t shares);

#endif
