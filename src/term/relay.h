/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The foreground of `run` and `exec`: waits for the container's process, forwards signals to it
 * and, with a terminal, copies between ours and the container's.  Runs in dray only.
 */
#ifndef DRAY_TERM_RELAY_H
#define DRAY_TERM_RELAY_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct relay_signals {
    sigset_t previous;
    int fd; /* signalfd(2), non-blocking; -1 when not begun */
};

/*
 * Blocks the signals that are forwarded, and SIGWINCH, and opens a signalfd for them.
 * Before the stage is cloned, so that no signal is lost; the stage resets its own mask
 * (process_start_session()).  relay_signals_end() puts the mask back.
 */
int relay_signals_begin(struct relay_signals *ret, struct error *error);
void relay_signals_end(struct relay_signals *signals);

/*
 * Gives the container's terminal the size of ours, if @input is a terminal.  Before the program
 * runs, so that it never sees another; relay_run() follows later changes.
 */
void relay_copy_size(int input, int master);

/* A descriptor that is polled for reading, too, and what is called then. */
struct relay_watch {
    const int *fd; /* where it stands: -1 when there is none, or none any more */
    void (*on_ready)(void *data);
    void *data;
};

#define RELAY_WATCHES 2

struct relay {
    pid_t pid;  /* our child, of which the exit status is wanted */
    int pidfd;  /* of it */
    int master; /* the terminal's master; -1: no terminal, only wait and forward signals */
    int input;  /* copied to the master, usually 0 */
    int output; /* copied from the master to, usually 1 */
    const struct relay_signals *signals;
    const struct relay_watch *watches; /* up to RELAY_WATCHES */
    size_t watches_count;
};

/*
 * Runs until the process has ended, then copies what output is left, reaps it and stores the
 * wait(2) status.  When @input is a terminal it is raw meanwhile, and restored on every return.
 * Returns 0, or a negative errno value with the error set; the process is not killed then.
 */
int relay_run(const struct relay *relay, int *ret_status, struct error *error);

/* The exit code of a command for a wait(2) status: the code, or 128 + signal. */
int relay_exit_code(int status);

#endif
