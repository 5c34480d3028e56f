/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal of a container: an append-only file of small records, each written before what it
 * tells of is made, so that an ordinary failure, SIGKILL and `delete --force` all unwind by the
 * same records (plan/journal_format.h).  Runs in dray.
 */
#ifndef DRAY_STATE_JOURNAL_H
#define DRAY_STATE_JOURNAL_H

#include <stddef.h>

#include "base/error.h"
#include "ocispec/arena.h"
#include "plan/journal_format.h"

/*
 * Opens the journal for appending; makes it when @make, and then it can be read, too.
 * Returns the descriptor, or -ENOENT without an error set when there is none.
 */
int journal_open(int directory, int make, struct error *error);

/* Appends one record with one write: readers see all of it or leave it out. */
int journal_append(int journal, enum journal_kind kind, const void *payload, size_t length,
                   struct error *error);

/* One record in memory. */
struct journal_record {
    uint32_t kind;
    uint32_t length;
    const void *payload; /* not aligned */
};

struct journal {
    struct journal_record *records;
    size_t count;
};

/*
 * Reads all records; a last one that is cut short is left out: its act never began.  No journal
 * is an empty one.  All of it is the arena's.
 */
int journal_read(int directory, struct oci_arena *arena, struct journal *ret, struct error *error);

/* The records in @length bytes of @text, which has to stay; 0 or -ENOMEM. */
int journal_parse(const char *text, size_t length, struct oci_arena *arena, struct journal *ret);

/* The last record of a kind, or NULL. */
const struct journal_record *journal_find(const struct journal *journal, enum journal_kind kind);

#endif
