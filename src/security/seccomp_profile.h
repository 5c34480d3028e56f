/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.seccomp made ready for the compilers: checked, actions as the kernel's numbers, the
 * architectures with their facts.  Runs in dray.
 */
#ifndef DRAY_SECURITY_SECCOMP_PROFILE_H
#define DRAY_SECURITY_SECCOMP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ocispec/arena.h"
#include "ocispec/spec.h"
#include "security/seccomp_arch.h"
#include "security/seccomp_build.h"

struct filter_condition {
    uint8_t argument; /* 0 to 5 */
    enum oci_seccomp_operator operator_;
    uint64_t mask; /* of OCI_SECCOMP_MASKED_EQ; all ones for the others */
    uint64_t value;
};

#define FILTER_UNKNOWN UINT16_MAX

struct filter_rule {
    uint32_t action; /* SECCOMP_RET_* with its data */
    bool redundant;  /* asks for the default action: no rule, but its names are known to the profile
                      */
    bool any;        /* one condition suffices; otherwise all must hold */
    const uint16_t *ids; /* of the names; FILTER_UNKNOWN for one that is unknown */
    size_t ids_count;
    const struct filter_condition *conditions;
    size_t conditions_count;
};

struct filter_profile {
    uint32_t default_action;
    bool unknown_is_enosys; /* numbers above all that the profile names get ENOSYS */
    bool uses_notify;
    uint32_t flags;            /* SECCOMP_FILTER_FLAG_* */
    struct filter_arch *archs; /* the native one first, each once */
    size_t archs_count;
    struct filter_rule *rules; /* in the order of the profile */
    size_t rules_count;
};

/* Checks @profile and fills in *@ret, whose memory is @arena's and @profile's. */
int filter_profile_make(const struct oci_linux_seccomp *profile,
                        const struct seccomp_build_options *options, struct oci_arena *arena,
                        struct filter_profile *ret, struct error *error);

#endif
