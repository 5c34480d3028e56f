/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration that a container was created with, as later commands read it.  It ends with a
 * property of dray's own, which readers of a configuration ignore: a copy of the journal's records
 * so far.  A container whose journal is lost can be removed by it.  Runs in dray.
 *
 *     {"ociVersion": ..., <as given>, "dray.journal":"<records, hexadecimal>"}
 */
#ifndef DRAY_STATE_SAVED_CONFIG_H
#define DRAY_STATE_SAVED_CONFIG_H

#include <stdbool.h>

#include "ocispec/arena.h"
#include "state/journal.h"

struct saved_config {
    const char *text; /* a JSON object */
    size_t length;
    int journal;            /* a descriptor that can be read */
    const char *owes_hooks; /* the bundle, when there are poststop hooks; or NULL */
};

/*
 * Keeps a configuration.  @again: it is kept already, and gets the records that were added since.
 * Returns 0 or a negative errno value.
 */
int saved_config_make(int directory, const struct saved_config *config, bool again,
                      struct oci_arena *arena);

/*
 * Puts @text in the place of @before, which is what the file holds and whose copy of the records it
 * gets.  Returns 0 or a negative errno value.
 */
int saved_config_change(int directory, const char *before, size_t before_length, const char *text,
                        size_t length, struct oci_arena *arena);

/*
 * The copy of the records; all of it is the arena's.
 * Returns 0, -ENOENT when there is no configuration or no copy in it, or another negative errno
 * value; sets no error.
 */
int saved_config_read_journal(int directory, struct oci_arena *arena, struct journal *ret);

#endif
