/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.intelRdt (config-linux.md "IntelRdt"): the container's group in the resctrl file system
 * (Linux: Documentation/filesystems/resctrl.rst), which shares out caches and memory bandwidth and
 * measures their use.  Everything works below a descriptor of that file system's root.  Runs in
 * dray.
 */
#ifndef DRAY_RDT_RDT_H
#define DRAY_RDT_RDT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "ocispec/arena.h"
#include "plan/plan.h"

#define RDT_NAME_SIZE 256 /* of a directory, with its NUL */

enum rdt_record_flags {
    RDT_GROUP_IS_OURS = 1 << 0,  /* we made the directory */
    RDT_GROUP_IS_NAMED = 1 << 1, /* by closID: it outlives the container */
};

/* A journal's record: which directories the container has.  Fixed layout. */
struct rdt_record {
    uint32_t flags;              /* enum rdt_record_flags */
    char group[RDT_NAME_SIZE];   /* below the root; "": the root itself */
    char monitor[RDT_NAME_SIZE]; /* below the group's mon_groups; "": none */
};

/*
 * Opens the mounted resctrl: at /sys/fs/resctrl, or else where the mount table has one.
 * Returns a descriptor, or a negative errno value with the error set, which says whether the kernel
 * knows resctrl at all.
 */
int rdt_open(struct error *error);

/*
 * Finds out which group the container gets: whether it is there, as it has to be when closID alone
 * is given, and whether an existing one allots what l3CacheSchema and memBwSchema say.
 * Returns 0 or a negative errno value with the error set.
 */
int rdt_describe(int root, const struct plan *plan, struct rdt_record *ret, struct error *error);

/*
 * Makes what the record says and writes the schemata.  -EEXIST without an error set when another
 * made the group since rdt_describe().
 */
int rdt_make(int root, const struct plan *plan, const struct rdt_record *record,
             struct error *error);

/* Puts a process into the group and the monitoring group. */
int rdt_attach(int root, const struct rdt_record *record, pid_t pid, struct error *error);

/* True when a journal's record has the form that it should have. */
bool rdt_record_is_sound(const struct rdt_record *record);

/*
 * Removes the monitoring group, and the group if it is ours and has the container's name, or if
 * @creation_failed and nobody else has come into it.  What is gone is no error.
 */
int rdt_remove(int root, const struct rdt_record *record, bool creation_failed,
               struct error *error);

/* What the group allotted before an update. */
struct rdt_snapshot {
    char *l3_line; /* from malloc(); NULL: not changed */
    char *mb_line;
};

/*
 * Writes other schemata, each NULL or one line.  When one is refused the other is restored.
 * *@ret is for rdt_restore(); release it with rdt_snapshot_done().
 */
int rdt_update(int root, const struct rdt_record *record, const char *l3_schema,
               const char *mb_schema, struct rdt_snapshot *ret, struct error *error);
void rdt_restore(int root, const struct rdt_record *record, const struct rdt_snapshot *snapshot);
void rdt_snapshot_done(struct rdt_snapshot *snapshot);

/*
 * The group's share and use as JSON under runc's names, in the arena; NULL when there is nothing
 * that could be read.
 */
const char *rdt_read_stats(int root, const struct rdt_record *record, struct oci_arena *arena);

/* For the files of this directory. */

/* Opens the record's group, or its monitoring group; -ENOENT when it is none. */
int rdt_open_group(int root, const char *group);
int rdt_open_monitor(int root, const struct rdt_record *record);

#endif
