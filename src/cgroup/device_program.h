/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device rules as a program for BPF_PROG_TYPE_CGROUP_DEVICE; touches nothing.  Runs in dray only.
 */
#ifndef DRAY_CGROUP_DEVICE_PROGRAM_H
#define DRAY_CGROUP_DEVICE_PROGRAM_H

#include <linux/bpf.h>
#include <stddef.h>

#include "plan/plan_cgroup.h"

/* Instructions that @count rules need at most. */
size_t device_program_size(size_t count);

/*
 * Writes the program into @out (device_program_size() instructions) and returns its length.
 * Decides as plan_cgroup_device_allowed() does.
 */
size_t device_program_build(const struct plan_cgroup_device *rules, size_t count,
                            struct bpf_insn *out);

#endif
