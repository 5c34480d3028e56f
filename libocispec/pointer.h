/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walking a JSON pointer (RFC 6901) through structs. */
#ifndef OCISPEC_POINTER_H
#define OCISPEC_POINTER_H

#include "ocispec/ocispec.h"

/* One step of a pointer, unescaped. */
struct pointer_token {
    char text[256];
    size_t length;
};

/*
 * Takes the next step off *@pointer.  Returns 1, 0 at the end, -EINVAL when the pointer is
 * malformed, -ENOENT when the step is longer than any key.
 */
int pointer_next(const char **pointer, struct pointer_token *token);

/* The index that a token is; false when it is none. */
bool pointer_index(const struct pointer_token *token, size_t *ret);

const struct oci_row *pointer_row(const struct oci_table *table, const struct pointer_token *token);

/* Position of @key among @count structs of @stride bytes that begin with their key; or @count. */
size_t pointer_find_key(const char *items, size_t stride, size_t count,
                        const struct pointer_token *token);

#endif
