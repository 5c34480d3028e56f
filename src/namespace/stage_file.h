/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The installed copy of the stage, for hosts that let no memory file be executed. */
#ifndef DRAY_NAMESPACE_STAGE_FILE_H
#define DRAY_NAMESPACE_STAGE_FILE_H

#include <stddef.h>

#include "base/error.h"

/*
 * Opens the installed stage for execution, when it is what @image of @length bytes says and nobody
 * but root (or the caller, when he can hide it behind a read-only mount) could have put it there.
 * What runs in the container finds the descriptor's mount at /proc/PID/exe: it is read-only and in
 * no mount namespace.  A user who cannot make one gets the file itself when it is root's. Returns
 * the descriptor (close-on-exec) or a negative errno value with ERROR_STAGE_REFUSED.
 */
int stage_file_open(const void *image, size_t length, struct error *error);

#endif
