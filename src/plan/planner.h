/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The planner: (spec, options, host) in, plan out.  Pure: it makes no system call but for memory,
 * so the same input gives the same plan, byte by byte, on every machine.  Runs in dray only.
 */
#ifndef DRAY_PLAN_PLANNER_H
#define DRAY_PLAN_PLANNER_H

#include "host/host.h"
#include "ocispec/spec.h"
#include "plan/builder.h"

enum plan_cgroup_manager {
    PLAN_CGROUP_CGROUPFS,
    PLAN_CGROUP_SYSTEMD,
    PLAN_CGROUP_DISABLED,
};

struct plan_input {
    const struct oci_spec *spec;
    const struct oci_process *process; /* the process to run; spec->process for create */
    const struct host *host;
    const char *id;
    const char *bundle; /* absolute */
    const char *cwd_of_caller;
    enum plan_purpose purpose;
    enum plan_cgroup_manager cgroup_manager;
    const char *pidfd_socket; /* NULL: none but that of the annotation */
    uint32_t preserve_fds;
    bool notify_socket; /* the spec has been given mount and variable of one */
    bool no_pivot;
    bool no_new_keyring;
    bool strict;       /* --rootless=false: a cgroup is a must */
    bool user_manager; /* the systemd manager means the caller's systemd, not the system's */
    bool privileged;   /* effective uid 0 and not rootless: mknod, v1 attach … can be expected */
};

/* Builds the whole plan. */
int plan_build(const struct plan_input *input, struct plan_builder *builder, struct error *error);

/* Its parts, each in a file of that name; called in this order. */
int plan_annotations(const struct plan_input *input, struct plan_builder *builder);
int plan_namespaces(const struct plan_input *input, struct plan_builder *builder);
int plan_net_devices(const struct plan_input *input, struct plan_builder *builder);
int plan_rdt(const struct plan_input *input, struct plan_builder *builder);
int plan_rootfs(const struct plan_input *input,
                struct plan_builder *builder); /* mounts, devices, paths */
int plan_process(const struct plan_input *input, struct plan_builder *builder);
int plan_hooks(const struct plan_input *input, struct plan_builder *builder);
int plan_cgroup(const struct plan_input *input, struct plan_builder *builder);

#endif
