/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The documents that the library makes: a configuration to begin with, and the features.
 * Runs in dray.
 */
#ifndef DRAY_API_DOCUMENTS_H
#define DRAY_API_DOCUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "ocispec/arena.h"
#include "ocispec/table.h"

/* The newest and oldest version of the runtime specification that is understood. */
#define DRAY_SPEC_VERSION     "1.3.0"
#define DRAY_SPEC_VERSION_MIN "1.0.0"

/*
 * A config.json for a shell in the directory "rootfs" of the bundle.
 *
 * @rootless: with a user namespace that maps root to the effective ids of the caller, and without
 *            what only root can do.
 * @ret_json: from malloc(), the caller's to free.
 */
int spec_document_write(bool rootless, char **ret_json, struct error *error);

/*
 * features.md: what this build can do.
 *
 * @last_capability: the highest one that the kernel has.
 * @ret_json: from malloc(), the caller's to free.
 */
int features_document_write(uint32_t last_capability, char **ret_json, struct error *error);

/* A document being made. */
struct document {
    struct oci_arena arena;
    bool failed; /* a part is missing for lack of memory; asked for once, at the end */
};

/* A list with room for @capacity entries. */
struct oci_strings document_list(struct document *document, size_t capacity);
void document_list_add(struct oci_strings *list, const char *text);

/* @items, which end with NULL, as a list; the texts are not copied. */
struct oci_strings document_list_of(struct document *document, const char *const *items);

/*
 * Writes @object, and frees the document.  @ret_json is the caller's to free.
 * Returns 0 or -ENOMEM.
 */
int document_finish(struct document *document, const struct oci_table *table, const void *object,
                    char **ret_json, struct error *error);

#endif
