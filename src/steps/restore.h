/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What restore has beside an operation; rows_restore.c.  Runs in dray. */
#ifndef DRAY_STEPS_RESTORE_H
#define DRAY_STEPS_RESTORE_H

#include "steps/checkpoint.h"
#include "steps/operation.h"

struct restore_request {
    struct criu_options options;
    const char *lsm_profile;       /* "apparmor:NAME" or "selinux:LABEL"; NULL: the config's */
    const char *lsm_mount_context; /* SELinux context of mounts; NULL: the config's mount label */
    bool tcp_close;
};

struct restore {
    const struct restore_request *request;
    char criu_path[PATH_MAX];
    char root_path[PATH_MAX]; /* where CRIU finds the root file system, in its mount namespace */
    struct criu_directories directories;
    struct oci_strings descriptors; /* names of the caller's stdio in the images */
    struct criu criu;
    int procs[CGROUP_HIERARCHIES]; /* the cgroup's */
    size_t procs_count;
};

void restore_init(struct restore *restore, const struct restore_request *request);

/* Ends criu, if it still runs, and closes what is open. */
void restore_done(struct restore *restore);

/*
 * restore_root.c: run by the child that becomes criu, in a mount namespace of its own: makes the
 * places for the mounts in the root file system, and mounts it where CRIU wants it.
 */
int restore_prepare_root(const struct plan *plan, const char *root_path, struct error *error);

/*
 * restore_root.c: CRIU leaves the root mount writable, which it needs itself.  While it holds the
 * processes, of which @first is one, the mount is made as the configuration has it.
 */
int restore_make_root_readonly(pid_t first, struct error *error);

/* restore_labels.c: asks CRIU for the labels of the new configuration, not those of the images. */
void restore_put_labels(struct operation *operation, struct wire_writer *options);

#endif
