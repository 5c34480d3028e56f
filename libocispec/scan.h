/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scanner that walks over JSON text without making anything of it.  It serves error messages:
 * it finds where a pointer leads and which byte is the first that is not JSON.
 */
#ifndef OCISPEC_SCAN_H
#define OCISPEC_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct scan {
    const char *text;
    size_t length;
    size_t at;
    const char *error; /* once a function returned false: what is wrong at `at` */
};

/* Moves over white space. */
void scan_blanks(struct scan *scan);

/* Moves over a string, which must begin here. */
bool scan_string(struct scan *scan);

/* Moves over one value of any kind and the white space in front of it. */
bool scan_value(struct scan *scan);

/* Moves over the colon between key and value and the white space around it. */
bool scan_colon(struct scan *scan);

/*
 * Moves over "," or the @closing bracket of a container.  *@ret_more tells which.
 */
bool scan_separator(struct scan *scan, char closing, bool *ret_more);

/* The first byte that makes @text no JSON document; false when it is one. */
bool scan_find_error(const char *text, size_t length, size_t *ret_offset, const char **ret_error);

#endif
