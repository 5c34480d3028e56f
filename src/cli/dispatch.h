/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the arguments of the program to the exit status.  Runs in dray. */
#ifndef DRAY_CLI_DISPATCH_H
#define DRAY_CLI_DISPATCH_H

/* @argv ends with NULL; its pointers are moved.  Returns what to exit with. */
int dispatch(char **argv);

#endif
