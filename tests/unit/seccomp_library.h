/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiles a profile as runc and crun have it done: by libseccomp, with runc's ENOSYS stub in
 * front.
 */
#ifndef DRAY_TESTS_UNIT_SECCOMP_LIBRARY_H
#define DRAY_TESTS_UNIT_SECCOMP_LIBRARY_H

#include "security/seccomp_profile.h"
#include "security/seccomp_writer.h"

/*
 * Returns 0, -EEXIST when libseccomp refuses rules as contradictory, -EBADMSG when its program is
 * wrong (it compares an architecture with a system call number), or another negative errno value.
 * It may loop for ever on rules with several orderings for one system call.
 */
int library_compile(const struct filter_profile *profile, struct filter_writer *writer);

#endif
