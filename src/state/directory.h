/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where containers are kept: a state root with one directory per container.  Runs in dray.
 *
 *     ROOT/ID/          its existence claims the id; flock(2) on it serialises commands
 *         journal       what has to be undone, and once creation is complete the status document
 *                       (journal.h, status.h)
 *         config.json   the configuration it was created with, for exec and hooks, and a copy of
 *                       the journal's records (saved_config.h)
 *         recorder      the flight recorder (plan/recorder.h); run has it in memory alone
 *         start.fifo    exists while the container is created and not started; the stage closes its
 *                       end by executing the program
 *         notify/       of containers with a socket for sd_notify(3), which start makes in it
 *
 * Few files, because making and removing them is a good part of what a short container costs.
 */
#ifndef DRAY_STATE_DIRECTORY_H
#define DRAY_STATE_DIRECTORY_H

#include <stdbool.h>

#include "base/error.h"

#define STATE_ID_MAX 1024

#define STATE_JOURNAL      "journal"
#define STATE_CONFIG       "config.json"
#define STATE_RECORDER     "recorder"
#define STATE_START_FIFO   "start.fifo"
#define STATE_ADDED_MOUNTS "mounts.json"

/* a directory, and the socket in it */
#define STATE_NOTIFY        "notify"
#define STATE_NOTIFY_SOCKET "notify.sock"

/* An id is a file name of [A-Za-z0-9_+.-] that does not begin with "." or "-". */
int state_check_id(const char *id, struct error *error);

/*
 * Opens the state root.  It must be a directory that nobody but the caller (or root) can write.
 * @make: make it, with parents, when it is missing.
 * Returns its descriptor, or -ENOENT without an error set when it is missing and not to be made.
 */
int state_open_root(const char *path, bool make, struct error *error);

/*
 * Claims an id: makes its directory, locked.  ERROR_ID_IN_USE when it exists.
 * Returns the directory's descriptor.
 */
int state_claim(int root, const char *id, struct error *error);

/*
 * Opens the directory of a container: -ENOENT with ERROR_CONTAINER_NOT_FOUND when there is none.
 * @lock: take its lock, waiting for the command that holds it.
 */
int state_open(int root, const char *id, bool lock, struct error *error);

/*
 * The path of @file in the directory of an id, which need not be there; absolute also when @root
 * is not.  Returns 0 or -ENAMETOOLONG, or what getcwd(3) has against it.
 */
int state_format_path(const char *root, const char *id, const char *file, char *ret, size_t size);

/* Gives the lock up, to let other commands at the container while its program or a hook runs. */
void state_unlock(int directory);

/*
 * Takes the lock again.  -ENOENT without an error set when another command has removed the
 * container meanwhile.
 */
int state_lock_again(int directory, const char *id, struct error *error);

/*
 * For an id that has no directory: removes what a claim that was killed half-way left of a long
 * one.
 */
void state_forget(int root, const char *id);

/* Removes the directory and the files in it; what is not there is no error. */
int state_remove(int root, const char *id, int directory, struct error *error);

/* Calls @function with every id that has a directory, in no particular order. */
int state_for_each(int root, int (*function)(void *data, const char *id), void *data,
                   struct error *error);

#endif
