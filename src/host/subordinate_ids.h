/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ranges of ids that a user may map in its user namespaces (subuid(5)).  Runs in dray. */
#ifndef DRAY_HOST_SUBORDINATE_IDS_H
#define DRAY_HOST_SUBORDINATE_IDS_H

#include <stddef.h>
#include <stdint.h>

#define SUBORDINATE_RANGES_MAX 64

struct subordinate_range {
    uint32_t start;
    uint32_t size;
};

/*
 * Reads the lines "OWNER:START:SIZE" in the text of /etc/subuid or /etc/subgid whose owner is
 * @name, which may be NULL, or the number @uid.  Lines that are none, that are empty or that end
 * beyond the largest id are passed over, as newuidmap(1) does.  Returns their number.
 */
size_t subordinate_ids_parse(const char *text, const char *name, uint32_t uid,
                             struct subordinate_range ret[static SUBORDINATE_RANGES_MAX]);

/*
 * The name of @uid in the text of /etc/passwd, cut out of @text and NUL terminated; or NULL.  Names
 * that only a directory service knows are not found: a line with the number works for those.
 */
char *subordinate_ids_find_name(char *text, uint32_t uid);

#endif
