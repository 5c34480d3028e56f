/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of a schemata file: lines such as "    L3:0=ffff;1=00ff", one for each resource.
 * Touches nothing.  Runs in dray.
 */
#ifndef DRAY_RDT_SCHEMATA_H
#define DRAY_RDT_SCHEMATA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the line of the resource that @resource begins with, up to its colon ("L3:0=f" or "L3:").
 * Returns where the line begins, blanks left out, and its length; NULL when there is none.
 */
const char *schemata_find_line(const char *schemata, const char *resource, size_t *ret_length);

/* True when @schemata allots what @line says for each domain that it names. */
bool schemata_allot(const char *schemata, const char *line);

#endif
