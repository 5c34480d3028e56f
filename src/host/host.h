/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this kernel and machine can do.  A plain struct, so that the planner stays pure and tests
 * can plan for hosts they do not run on.  Filled in by host_probe*() in dray.
 */
#ifndef DRAY_HOST_HOST_H
#define DRAY_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum host_cgroup_layout {
    HOST_CGROUP_NONE,
    HOST_CGROUP_V2,     /* cgroup2 at /sys/fs/cgroup */
    HOST_CGROUP_V1,     /* one hierarchy per controller below /sys/fs/cgroup */
    HOST_CGROUP_HYBRID, /* as V1, and a cgroup2 at /sys/fs/cgroup/unified */
};

/*
 * v1 controllers and named hierarchies in one fixed order; a bit each.  On cgroup2 the same numbers
 * stand for its controllers; BLKIO is there called "io".
 */
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
    HOST_CGROUP_MISC,
    HOST_CGROUP_SYSTEMD, /* name=systemd */
    HOST_CGROUP_CONTROLLERS
};

struct host_cgroups {
    enum host_cgroup_layout layout;
    uint32_t controllers;         /* V1, HYBRID: bit per mounted controller; V2: 0 */
    uint32_t unified_controllers; /* V2, HYBRID: bits of those that the cgroup2 has */
    /*
     * V1, HYBRID: name of the directory below /sys/fs/cgroup where the controller is mounted.
     * Controllers that are mounted together ("cpu,cpuacct") have the same.
     */
    char directories[HOST_CGROUP_CONTROLLERS][32];
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
    bool apparmor;          /* enabled and mounted; host_probe_security_modules() */
    bool selinux;
    struct host_cgroups cgroups;
};

/* The names of controllers as v1 and v2 know them ("blkio", "io"); NULL: v2 has no such thing. */
const char *host_cgroup_controller_name(enum host_cgroup_controller controller);
const char *host_cgroup_controller_name_v2(enum host_cgroup_controller controller);

/* The controller of that v1 name ("name=systemd" and "systemd" are one), or -1. */
int host_cgroup_controller_find(const char *name, size_t length);
int host_cgroup_controller_find_v2(const char *name, size_t length);

/*
 * Fills in *@ret: the whole of it, but for the security modules, by host_probe(), which calls
 * host_probe_cgroups() too.  Asks the kernel only what the planner needs; no mount table is parsed.
 */
int host_probe(struct host *ret, struct error *error);
void host_probe_security_modules(struct host *host);
int host_probe_user_namespace(bool *ret_initial); /* is the caller's the initial one? */
int host_probe_cgroups(struct host_cgroups *ret, struct error *error);

#endif
