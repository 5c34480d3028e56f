/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts that containers left in the host's table.  Uses libmount. */
#ifndef DRAY_HELPER_UNMOUNT_H
#define DRAY_HELPER_UNMOUNT_H

#include "base/error.h"

/* Unmounts everything at and below the absolute @path, the last mount first (umount2(2)). */
int unmount_below(const char *path, struct error *error);

#endif
