/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's forms of text as JSON; touches nothing.  Runs in dray only. */
#ifndef DRAY_CGROUP_STATS_TEXT_H
#define DRAY_CGROUP_STATS_TEXT_H

#include "ocispec/arena.h"

/* All return text in the arena, or NULL when there is no memory or the form is not as said. */

/* "key 1\nother 2\n" -> {"key":1,"other":2} */
char *stats_text_flat_keyed(const char *text, struct oci_arena *arena);

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull …" -> {"some":{"avg10":0.00,…},"full":{…}}
 */
char *stats_text_pressure(const char *text, struct oci_arena *arena);

/* "1 2 3" -> [1,2,3]; of lines with several columns, the one of that number */
char *stats_text_numbers(const char *text, struct oci_arena *arena);
char *stats_text_column(const char *text, unsigned column, struct oci_arena *arena);

/* "0-3,7" -> [0,1,2,3,7] */
char *stats_text_ranges(const char *text, struct oci_arena *arena);

#endif
