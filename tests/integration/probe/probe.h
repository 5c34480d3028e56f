/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the probe: facts about its process, single actions, and ways of waiting. */
#pragma once

#include <stddef.h>

/* Reads a whole file of at most size - 1 bytes and ends it with NUL.  Returns the length, or
 * -errno. */
long read_file(const char *path, char *buffer, size_t size);

/* Writes "KEY": value for every fact named, or for all when count is 0.  Returns 1 on an unknown
 * name. */
int facts_print(int count, char **names);

/* Runs actions separated by "," arguments and prints an array with one result each. */
int actions_print(int count, char **words);

/* probe wait: says "ready", then a line for every signal, until SIGTERM ends it with 0. */
int wait_for_signals(int count, char **words);
