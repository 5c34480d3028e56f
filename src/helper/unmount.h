/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts that containers left in the host's table.  Uses libmount. */
#ifndef DRAY_HELPER_UNMOUNT_H
#define DRAY_HELPER_UNMOUNT_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Mounts below the absolute @path, itself not among them.  With @remove they are unmounted, the
 * last one first (umount2(2)).  Returns how many there were, or a negative errno value with the
 * error set.
 */
int mounts_below(const char *path, bool remove, struct error *error);

#endif
