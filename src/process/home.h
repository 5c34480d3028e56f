/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The home directory, from the container's own /etc/passwd.  Runs in the stage. */
#ifndef DRAY_PROCESS_HOME_H
#define DRAY_PROCESS_HOME_H

#include <stddef.h>
#include <stdint.h>

/*
 * The home directory of @uid into @home; "/" when the file does not know it.  The file is hostile:
 * anything but a regular file of at most a few MiB counts as missing, overlong lines are skipped.
 *
 * @root: the container's root directory.
 */
void process_find_home(int root, uint32_t uid, char *home, size_t size);

#endif
