/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File system contexts, as fsopen(2) and fspick(2) make them.  Runs in the stage. */
#ifndef DRAY_ROOTFS_FILESYSTEM_CONTEXT_H
#define DRAY_ROOTFS_FILESYSTEM_CONTEXT_H

#include "plan/plan.h"

/* Sets superblock flags by their names (MS_SYNCHRONOUS is "sync").  0 or a negative errno value. */
int filesystem_context_set_flags(int context, uint64_t flags);

/* Sets one option, "key=value" or "flag". */
int filesystem_context_set_option(int context, const char *option);

/* Sets the options of a list with commas between them. */
int filesystem_context_set_options(int context, const char *options);

/* Sets data and label of @mount. */
int filesystem_context_set_data(int context, const struct plan *plan,
                                const struct plan_mount *mount);

/* Copies what the kernel has to say about the last failure into the error's detail. */
void filesystem_context_read_log(int context, struct error *error);

#endif
