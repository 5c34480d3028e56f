/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a profile as ranges of system call numbers, one list per AUDIT_ARCH value.
 * Runs in dray.
 */
#ifndef DRAY_SECURITY_SECCOMP_RANGES_H
#define DRAY_SECURITY_SECCOMP_RANGES_H

#include "security/seccomp_block.h"

struct filter_target {
    uint32_t action;
    int32_t block; /* index in blocks, or -1: plainly the action */
};

/* From its first number to the one before the next range. */
struct filter_range {
    uint32_t first;
    struct filter_target target;
};

struct filter_ranges {
    struct filter_range *ranges; /* the first begins at 0; neighbours differ in target */
    size_t count;
    struct filter_block *blocks;
    const struct filter_arch **block_archs;
    size_t blocks_count;

    /* space to work in */
    struct oci_arena space;
    struct filter_reference *references;
    struct filter_reference *sorted;
    const struct filter_reference **block_references;
};

/* Makes room for any architecture of @profile.  Returns 0 or -ENOMEM. */
int filter_ranges_init(const struct filter_profile *profile, struct filter_ranges *ret);

void filter_ranges_done(struct filter_ranges *ranges);

/*
 * Fills in the ranges of the architectures of @profile whose AUDIT_ARCH value is @audit, in place
 * of those that were there.  Returns 0, -ENOMEM, or -ERANGE for a number beyond 2^20.
 */
int filter_ranges_make(const struct filter_profile *profile, uint32_t audit,
                       struct oci_arena *arena, struct filter_ranges *ranges);

/* The highest number that @profile names for @arch; false when it names none. */
bool filter_ranges_highest(const struct filter_profile *profile, const struct filter_arch *arch,
                           uint32_t *ret);

#endif
