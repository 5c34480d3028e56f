/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the kernel's capabilities (linux/capability.h), as libcap has them.  Runs in dray. */
#ifndef DRAY_PLAN_CAPABILITY_NAMES_H
#define DRAY_PLAN_CAPABILITY_NAMES_H

#include <stdint.h>

#define CAPABILITIES_KNOWN 41

/* "CAP_CHOWN" for 0; NULL for a number above those known. */
const char *capability_name(unsigned number);

/* The number of a name in upper or lower case, or -1. */
int capability_from_name(const char *name);

#endif
