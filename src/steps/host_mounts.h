/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers without a mount namespace leave their mounts in the host's table.  Finding them there
 * takes libmount, which a static dray does not have: the helper does it.
 */
#ifndef DRAY_STEPS_HOST_MOUNTS_H
#define DRAY_STEPS_HOST_MOUNTS_H

#include "base/error.h"

/* Unmounts everything at and below the absolute @path, the last mount first. */
int host_mounts_remove(const char *path, struct error *error);

#endif
