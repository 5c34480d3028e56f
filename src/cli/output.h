/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands print.  Runs in dray. */
#ifndef DRAY_CLI_OUTPUT_H
#define DRAY_CLI_OUTPUT_H

#include "base/error.h"
#include "cli/buffer.h"

/* Writes the text to stdout; a reader that does not get it is an error. */
int output_write(const struct buffer *buffer, struct error *error);

/*
 * Adds @json with each value on its own line, @indent blanks a level, and a newline.  With an
 * indent of 0 all of it is on one line.
 */
void output_add_json(struct buffer *buffer, const char *json, unsigned indent);

/* A table of texts with at most 8 columns, each as wide as its widest text. */
void output_add_table(struct buffer *buffer, const char *const *cells, size_t rows, size_t columns);

#endif
