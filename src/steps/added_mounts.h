/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which mounts were added to a running container: a file in its directory, which knows each by its
 * destination and by the number that the kernel gave it.  That number finds it in the container's
 * mount table wherever it is by now, and nothing else is ever taken for it.  Runs in dray.
 */
#ifndef DRAY_STEPS_ADDED_MOUNTS_H
#define DRAY_STEPS_ADDED_MOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ocispec/arena.h"

struct added_mount {
    const char *destination; /* as it was asked for, cleaned */
    uint64_t id;             /* statx(2) stx_mnt_id */
    const char *path;        /* where the mount table has it; NULL: nowhere */
};

struct added_mounts {
    struct added_mount *items;
    size_t items_count;
};

/*
 * Reads the list with room for @more entries, and finds each entry in the mount table of process
 * @pid: what is not there any more, because the container unmounted it or it was never attached, is
 * left out.
 */
int added_mounts_read(int directory, int pid, size_t more, struct oci_arena *arena,
                      struct added_mounts *ret, struct error *error);

/* The entry with that destination, or NULL. */
const struct added_mount *added_mounts_find(const struct added_mounts *list,
                                            const char *destination);

/* Writes the list at once. */
int added_mounts_write(int directory, const struct added_mounts *list, struct oci_arena *arena,
                       struct error *error);

/* For tests: the mount point of mount @id in the text of a mount table; NULL when it has none. */
const char *added_mounts_find_path(const char *table, uint64_t id, struct oci_arena *arena);

#endif
