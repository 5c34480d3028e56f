/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a filter as the kernel does.  Runs in dray, and in tests that judge filters; pure. */
#ifndef DRAY_SECURITY_SECCOMP_RUN_H
#define DRAY_SECURITY_SECCOMP_RUN_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Runs the @count instructions of @program, of which it knows those that our compiler and
 * libseccomp write, over one system call (seccomp(2)). Returns 0 with SECCOMP_RET_* and its data,
 * and the number of instructions that were executed in
 * *@ret_steps unless that is NULL; or -ENOTSUP when it comes to another instruction, or out of the
 * program.
 */
int seccomp_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
                uint32_t *ret_decision, unsigned *ret_steps);

#endif
