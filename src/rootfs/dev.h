/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's /dev.  Runs in the stage; these set the error. */
#ifndef DRAY_ROOTFS_DEV_H
#define DRAY_ROOTFS_DEV_H

#include "rootfs/rootfs.h"

/* The descriptor of /dev, opened (or made) without following a link; stays in ->dev. */
int rootfs_open_dev(struct rootfs *rootfs);

/* Opens the file /dev/console (O_PATH), or makes it; never a link. */
int rootfs_open_console_target(struct rootfs *rootfs);

#endif
