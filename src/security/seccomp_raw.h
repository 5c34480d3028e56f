/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters that come ready made, in the annotation run.oci.seccomp_bpf_data.  Runs in dray; pure. */
#ifndef DRAY_SECURITY_SECCOMP_RAW_H
#define DRAY_SECURITY_SECCOMP_RAW_H

#include "security/seccomp_build.h"

/*
 * Decodes a program, base64 (RFC 4648) of an array of struct sock_filter in this machine's byte
 * order, to be loaded with SPEC_ALLOW.
 *
 * @arena: owns the result.
 * @error: SECCOMP_INVALID with the annotation's JSON pointer.
 */
int seccomp_decode(const char *base64, struct oci_arena *arena, struct seccomp_program *ret,
                   struct error *error);

#endif
