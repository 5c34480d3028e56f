/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this kernel and machine can do.  A plain struct, so that the planner stays pure and tests
 * can plan for hosts they do not run on.  Filled in by host_probe*() in dray.
 */
#ifndef DRAY_HOST_HOST_H
#define DRAY_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum host_cgroup_layout {
    HOST_CGROUP_NONE,
    HOST_CGROUP_V2,     /* cgroup2 at /sys/fs/cgroup */
    HOST_CGROUP_V1,     /* one hierarchy per controller below /sys/fs/cgroup */
    HOST_CGROUP_HYBRID, /* as V1, and a cgroup2 at /sys/fs/cgroup/unified */
};

/* v1 controllers and named hierarchies in one fixed order; a bit each. */
enum host_cgroup_controller {
    HOST_CGROUP_CPU,
    HOST_CGROUP_CPUACCT,
    HOST_CGROUP_CPUSET,
    HOST_CGROUP_MEMORY,
    HOST_CGROUP_DEVICES,
    HOST_CGROUP_FREEZER,
    HOST_CGROUP_BLKIO,
    HOST_CGROUP_PIDS,
    HOST_CGROUP_HUGETLB,
    HOST_CGROUP_NET_CLS,
    HOST_CGROUP_NET_PRIO,
    HOST_CGROUP_PERF_EVENT,
    HOST_CGROUP_RDMA,
    HOST_CGROUP_SYSTEMD, /* name=systemd */
    HOST_CGROUP_CONTROLLERS
};

struct host_cgroups {
    enum host_cgroup_layout layout;
    uint32_t
        controllers; /* V1 and HYBRID: bit per mounted hierarchy; V2: from cgroup.controllers */
    uint32_t unified_controllers; /* HYBRID: bits of those on the cgroup2 at "unified" */
    /* the caller's own cgroup: relative cgroupsPath are put below it */
    char own_v2[512]; /* absolute path below the cgroup2 mount, "/" at the top */
};

struct host {
    uint32_t kernel_major;
    uint32_t kernel_minor;
    uint32_t effective_uid;
    uint32_t effective_gid;
    uint32_t last_capability; /* highest capability the kernel has */
    uint64_t capabilities;    /* effective set of the caller */
    uint64_t bounding;
    bool in_user_namespace; /* the caller's user namespace is not the initial one */
    bool apparmor;          /* enabled and mounted */
    bool selinux;
    struct host_cgroups cgroups;
};

#endif
