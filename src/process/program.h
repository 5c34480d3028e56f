/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program of the container: where it is, what it is given, and its execution.  Runs in the
 * stage, after it has entered the root; nothing in here uses malloc.
 */
#ifndef DRAY_PROCESS_PROGRAM_H
#define DRAY_PROCESS_PROGRAM_H

#include "plan/plan.h"

#define PROCESS_PATH_SIZE 4096

/* What execve(2) gets; the arrays are in memory of their own, that lives as long as the process. */
struct process_image {
    char program[PROCESS_PATH_SIZE]; /* by process_find_program() */
    char **arguments;                /* by process_prepare_image() */
    char **environment;
};

/*
 * Makes the argument and environment arrays, and finds HOME in the container's passwd when the
 * environment has none.  Call it inside the root, before the credentials are dropped: it reads
 * /etc/passwd and takes memory, which a tight RLIMIT_AS would refuse later.
 */
int process_prepare_image(const struct plan *plan, struct process_image *image,
                          struct error *error);

/*
 * Finds args[0] as execvp(3) would: with a slash it is a path (relative to the working directory),
 * else the directories of PATH are searched, empty entries being skipped.
 *
 * The judgement is that of the calling process, so call it when credentials_drop() is done and the
 * working directory is entered, and before the filter is loaded.  Sets ERROR_PROGRAM_NOT_FOUND
 * (127) or ERROR_PROGRAM_NOT_EXECUTABLE (126), worded as engines expect it.
 */
int process_find_program(const struct plan *plan, struct process_image *image, struct error *error);

/*
 * Executes the program; returns only on failure, with a negative errno value and the error set:
 * ERROR_PROGRAM_FORMAT for a wrong architecture, else as process_find_program().
 */
int process_execute(const struct process_image *image, struct error *error);

#endif
