/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container that shares the host's mount namespace, or its hooks, may leave mounts below its root
 * in the host's table.  Finding them there takes libmount, which a static dray does not have: the
 * helper does it.
 */
#ifndef DRAY_STEPS_HOST_MOUNTS_H
#define DRAY_STEPS_HOST_MOUNTS_H

#include "base/error.h"

/* How many mounts there are below the absolute @path, or a negative errno value. */
int host_mounts_count(const char *path, struct error *error);

/* Unmounts everything below the absolute @path, the last mount first. */
int host_mounts_remove(const char *path, struct error *error);

#endif
