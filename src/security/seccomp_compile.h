/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a checked profile to instructions.  Runs in dray. */
#ifndef DRAY_SECURITY_SECCOMP_COMPILE_H
#define DRAY_SECURITY_SECCOMP_COMPILE_H

#include "security/seccomp_profile.h"
#include "security/seccomp_writer.h"

/*
 * Writes the program for @profile.
 * Returns 0, -E2BIG when it does not fit, -ENOMEM, or -ERANGE for a system call number that is
 * larger than any known architecture has.
 */
int filter_compile(const struct filter_profile *profile, struct oci_arena *arena,
                   struct filter_writer *writer);

#endif
