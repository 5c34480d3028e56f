/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's /dev.  Runs in the stage; these set the error. */
#ifndef DRAY_ROOTFS_DEV_H
#define DRAY_ROOTFS_DEV_H

#include "rootfs/rootfs.h"

/* The descriptor of /dev, opened (or made) without following a link; stays in ->dev. */
int rootfs_open_dev(struct rootfs *rootfs);

/* Sets the error of a console that cannot be mounted for the reason @what; returns -@sys_errno. */
int rootfs_console_error(struct rootfs *rootfs, int sys_errno, const char *what);

/* Opens the file /dev/console (O_PATH), or makes it; never a link. */
int rootfs_open_console_target(struct rootfs *rootfs);

#endif
