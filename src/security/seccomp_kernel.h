/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel and libseccomp offer to seccomp profiles.  Runs in dray. */
#ifndef DRAY_SECURITY_SECCOMP_KERNEL_H
#define DRAY_SECURITY_SECCOMP_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ocispec/arena.h"
#include "ocispec/documents.h"

/* The kernel filters system calls (SECCOMP_SET_MODE_FILTER). */
bool seccomp_kernel_has_filters(void);

/* The SECCOMP_FILTER_FLAG_* that a profile can ask for and the kernel knows; a system call each. */
uint32_t seccomp_kernel_flags(void);

/*
 * Fills in linux.seccomp of the features document (features-linux.md): the words in alphabetical
 * order; architectures as far as libseccomp knows them, supportedFlags as far as the kernel does.
 * Returns 0 or -ENOMEM.
 */
int seccomp_describe(struct oci_arena *arena, struct oci_features_seccomp *ret);

#endif
