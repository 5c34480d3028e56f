/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system calls that libseccomp knew when dray was built: names, and numbers on the
 * architectures that the machine dray was built for can run.  scripts/seccomp_generate.c makes
 * src/security/seccomp_table.c, so that a name costs one look-up for all architectures, and dray
 * need not carry libseccomp.  Runs in dray; pure.
 */
#ifndef DRAY_SECURITY_SECCOMP_TABLE_H
#define DRAY_SECURITY_SECCOMP_TABLE_H

#include <stdint.h>

#include "ocispec/words.h"

#define FILTER_TABLE_SLOTS 2048u /* a power of two, at least twice the number of names */

/*
 * Numbers without the bit of x32.  FILTER_TABLE_NONE: not on that architecture; between
 * FILTER_TABLE_ARM and FILTER_TABLE_ARM + 0xfff: one of ARM's own above 0xf0000; -101 to -120: call
 * 1 to 20 of socketcall(2); -201 to -224: call 1 to 24 of ipc(2) (libseccomp's own convention).
 */
#define FILTER_TABLE_NONE     (-1)
#define FILTER_TABLE_ARM      0x7000
#define FILTER_TABLE_ARM_BASE 0xf0000

extern const char filter_table_library[];                     /* version of libseccomp */
extern const uint16_t filter_table_slots[FILTER_TABLE_SLOTS]; /* by hash; id plus one, 0: free */
extern const uint16_t filter_table_offsets[];                 /* by id, into the names */
extern const char filter_table_names[];
extern const int16_t *const filter_table_numbers[OCI_ARCH_COUNT]; /* by id; NULL: cannot run here */

/* FNV-1a, folded. */
static inline uint32_t filter_table_hash(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (hash ^ hash >> 15) % FILTER_TABLE_SLOTS;
}

#endif
