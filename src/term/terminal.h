/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's terminal, made in the container's own devpts.  Runs in the stage. */
#ifndef DRAY_TERM_TERMINAL_H
#define DRAY_TERM_TERMINAL_H

#include "plan/plan.h"

struct terminal {
    int master;
    int slave;
};

/*
 * Makes a pseudo terminal: raw output (no ONLCR), the window size of the plan, the slave owned by
 * the process's user and group 5 (tty).
 *
 * The ptmx device is opened below @root without following links out of it and must be character
 * device 5:2; the slave comes from the master (TIOCGPTPEER), never from a name.
 *
 * @root: the root directory of the container; before or after pivot_root.
 * Both descriptors are the caller's.
 */
int terminal_make(const struct plan *plan, int root, struct terminal *ret, struct error *error);

/* Makes @slave stdin, stdout and stderr; it stays open, close-on-exec. */
int terminal_attach(int slave, struct error *error);

/* Makes stdin the controlling terminal of the caller's own session (process_start_session()). */
int terminal_control(struct error *error);

/* Sets the window size to the plan's consoleSize; nothing when it has none. */
int terminal_set_size(const struct plan *plan, int master, struct error *error);

#endif
