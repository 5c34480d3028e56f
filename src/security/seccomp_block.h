/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is left to decide once the system call number is known: the conditional rules of one number
 * on one architecture, as alternatives of which each is a conjunction.  Runs in dray; pure.
 */
#ifndef DRAY_SECURITY_SECCOMP_BLOCK_H
#define DRAY_SECURITY_SECCOMP_BLOCK_H

#include "security/seccomp_profile.h"
#include "security/seccomp_writer.h"

#define FILTER_NO_CALL UINT32_MAX

/* One rule that speaks of one number. */
struct filter_reference {
    uint32_t number; /* without the architecture's bit */
    uint32_t rule;   /* index in the profile */
    uint32_t call;   /* it comes through socketcall(2) or ipc(2) with this first argument */
};

struct filter_alternative {
    uint32_t action;
    uint32_t count;
    struct filter_condition conditions[6]; /* normalized: no two on one argument, none empty */
};

struct filter_block {
    struct filter_alternative *alternatives; /* the first that holds decides */
    size_t count;
    bool unconditional; /* alternatives[0] always holds and has no conditions */
};

/*
 * Collects what the rules @references (all of one number, in the order of the profile) say.
 * Returns 0 or -ENOMEM.
 */
int filter_block_make(const struct filter_profile *profile, const struct filter_arch *arch,
                      const struct filter_reference *references, size_t count,
                      struct oci_arena *arena, struct filter_block *ret);

/* Writes the block; where no alternative holds the program returns @otherwise. */
struct filter_label filter_block_write(struct filter_writer *writer, const struct filter_arch *arch,
                                       const struct filter_block *block, uint32_t otherwise);

#endif
