/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The status document of a container: what later commands need besides what is undone.  It is the
 * journal's last record, written when the creation is complete; what changes afterwards (started,
 * paused, stopped) is seen from the start fifo, the cgroup and the process itself.
 */
#ifndef DRAY_STATE_STATUS_H
#define DRAY_STATE_STATUS_H

#include "base/error.h"
#include "io/process.h"
#include "ocispec/arena.h"
#include "ocispec/types.h"
#include "state/journal.h"

#define STATUS_VERSION 1

struct status {
    uint32_t version; /* STATUS_VERSION */
    const char *oci_version;
    const char *id;
    int32_t pid;
    uint64_t start_time; /* of the process, clock ticks since boot */
    const char *bundle;
    const char *rootfs;
    const char *created; /* RFC 3339 */
    const char *owner;   /* name of the user who made it, or the uid's digits */
    struct oci_string_map annotations;
    uint64_t namespaces;       /* CLONE_NEW* that the container has of its own or joined */
    uint32_t cgroup_manager;   /* enum plan_cgroup_manager */
    bool shares_pid_namespace; /* with the host or others: killing init does not kill all */
    bool host_mount_namespace; /* its root directory is all that is its own */
    bool has_poststart_hooks;
    bool has_poststop_hooks;
};

/* Appends the document to the journal that is open for writing. */
int status_write(int journal, const struct status *status, struct oci_arena *arena,
                 struct error *error);

/*
 * Reads the document; strings are the arena's.
 * -ENOENT without an error set when there is none: the creation is not complete.
 */
int status_read(const struct journal *journal, struct oci_arena *arena, struct status **ret,
                struct error *error);

/* The text of a state document (runtime.md, "State"), in the arena. */
const char *status_state_document(const struct status *status, const char *word, bool with_pid,
                                  struct oci_arena *arena);

#endif
