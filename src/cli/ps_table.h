/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of ps(1) that belong to a container.  Runs in dray. */
#ifndef DRAY_CLI_PS_TABLE_H
#define DRAY_CLI_PS_TABLE_H

#include <sys/types.h>

#include "base/error.h"
#include "cli/buffer.h"

/*
 * Adds the header line of @output, what ps printed, and the lines whose PID column holds one of
 * the @count @pids.  Sorts @pids.  Returns 0, or a negative errno value when there is no such
 * column.
 */
int ps_table_filter(struct buffer *buffer, const char *output, pid_t *pids, size_t count,
                    struct error *error);

#endif
