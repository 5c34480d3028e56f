/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the cgroup probe that touch nothing, for tests and for the cgroup layer. */
#ifndef DRAY_HOST_HOST_CGROUPS_H
#define DRAY_HOST_HOST_CGROUPS_H

#include "host/host.h"

/* Where cgroups are mounted by convention (systemd's, and every container engine's). */
#define HOST_CGROUP_ROOT "/sys/fs/cgroup"

/* Bits of the controllers named in a cgroup.controllers file. */
uint32_t host_cgroup_parse_controllers(const char *text);

/* Enters the hierarchy of a v1 mount directory: "memory", "cpu,cpuacct"; others are ignored. */
void host_cgroup_add_directory(struct host_cgroups *cgroups, const char *name);

#endif
