/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a profile means, evaluated straight from its rules: the measure of compiled filters. */
#ifndef DRAY_TESTS_UNIT_SECCOMP_REFERENCE_H
#define DRAY_TESTS_UNIT_SECCOMP_REFERENCE_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "ocispec/spec.h"
#include "security/seccomp_arch.h"

/* Looks up a system call by name; -ENOENT for one that is unknown. */
int resolve_name(const struct filter_arch *arch, const char *name, struct filter_number *ret);

/* libseccomp's SCMP_ARCH_*. */
uint32_t arch_token(const struct filter_arch *arch);

/*
 * The action for one system call, without the rule about numbers that the profile cannot know.
 * Returns false when conditional rules of different actions match and so contradict each other.
 */
bool reference_decide(const struct oci_linux_seccomp *profile, const struct seccomp_data *data,
                      uint32_t *ret);

#endif
