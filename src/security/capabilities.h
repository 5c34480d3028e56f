/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capability sets, by raw system calls.  Runs in the stage (and in tests). */
#ifndef DRAY_SECURITY_CAPABILITIES_H
#define DRAY_SECURITY_CAPABILITIES_H

#include <stdint.h>

#include "plan/plan.h"

#define CAPABILITY_BIT(number) ((uint64_t)1 << (number))

/* capset(2) of the calling thread. */
int capabilities_set(uint64_t effective, uint64_t permitted, uint64_t inheritable,
                     struct error *error);

/* capget(2); outputs may be NULL. */
int capabilities_get(uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable,
                     struct error *error);

/* Drops from the bounding set all that is not in @bounding; needs CAP_SETPCAP. */
int capabilities_drop_bounding(uint64_t bounding, struct error *error);

/* Makes the ambient set exactly @ambient, which must be permitted and inheritable. */
int capabilities_set_ambient(uint64_t ambient, struct error *error);

#endif
