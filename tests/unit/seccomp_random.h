/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random seccomp profiles, the same for the same seed, for tests. */
#ifndef DRAY_TESTS_UNIT_SECCOMP_RANDOM_H
#define DRAY_TESTS_UNIT_SECCOMP_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocispec/arena.h"
#include "ocispec/spec.h"

struct random_source {
    uint64_t state;
};

uint32_t random_below(struct random_source *source, uint32_t limit);

/* What conditions look like.  The first two are what libseccomp gets right. */
enum random_conditions {
    CONDITIONS_ALONE, /* all operators, a system call is named once in the whole profile */
    CONDITIONS_EQUAL, /* EQ and MASKED_EQ, any number of rules for a system call */
    CONDITIONS_FREE,  /* everything */
};

struct random_shape {
    enum random_conditions conditions;
    unsigned rules_max;
    unsigned names_max; /* per rule */
    bool mixed_actions; /* conditional rules of one system call may have different actions */
    bool foreign_archs; /* architectures of other machines as well */
};

/* A value for an argument or a condition: small, a flag, a boundary of 32 or 64 bits. */
uint64_t random_value(struct random_source *source);

struct oci_linux_seccomp *random_profile(struct random_source *source,
                                         const struct random_shape *shape, struct oci_arena *arena);

/* A profile as engines ship them: some 360 names allowed, some with conditions, three
 * architectures on x86_64. */
struct oci_linux_seccomp *engine_profile(struct oci_arena *arena, size_t *ret_allowed);

#endif
