/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of --help, made from the tables.  Runs in dray. */
#ifndef DRAY_CLI_HELP_H
#define DRAY_CLI_HELP_H

#include "cli/buffer.h"
#include "cli/command.h"

/* One line: "usage: dray create [OPTION...] ID"; of the program itself when @command is NULL. */
void help_add_usage(struct buffer *buffer, const struct command *command);

/* All of it. */
void help_add(struct buffer *buffer, const struct command *command);

#endif
