/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Classic BPF programs in tests.  The rules are those of the kernel's checker for filters
 * (seccomp(2), "Documentation/networking/filter.rst"): forward jumps inside the program, aligned
 * word loads inside struct seccomp_data, a return at the end.
 */
#ifndef DRAY_TESTS_UNIT_BPF_PROGRAM_H
#define DRAY_TESTS_UNIT_BPF_PROGRAM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* True when the kernel would accept the program. */
bool bpf_check(const struct sock_filter *program, size_t count);

/* What the program returns (security/seccomp_run.h), which must be able to run it. */
uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
                 unsigned *ret_steps);

/* One line per instruction with absolute jump targets, as golden listings have it. */
void bpf_print(FILE *out, const struct sock_filter *program, size_t count);

#endif
