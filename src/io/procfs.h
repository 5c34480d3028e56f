/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A procfs that nobody else can reach: mounted, but not attached anywhere.  Everything written
 * below /proc goes through it, so that no mount over a file of the visible /proc can redirect the
 * write.  Runs in dray and in the stage.
 */
#ifndef DRAY_IO_PROCFS_H
#define DRAY_IO_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Opens the root of a private procfs of the caller's PID namespace.  Where making one is refused
 * (an old kernel, a seccomp filter, a user namespace that sees no whole procfs, a security module
 * that forbids it) it is the directory /proc, verified to be the root of a procfs, and files below
 * it are opened without crossing a mount.
 * Returns the descriptor (O_PATH), close-on-exec, or a negative errno value with the error set.
 */
int procfs_open(struct error *error);

/* True when @fd is the root directory of a procfs. */
bool procfs_verify_root(int fd);

/*
 * Opens a file below a procfs root without crossing a mount or a magic link ("self/attr/exec",
 * "sys/net/ipv4/ip_forward").  Returns the descriptor or a negative errno value; sets no error.
 */
int procfs_open_file(int procfs, const char *path, int open_flags);

/* Writes @text to such a file with one write(2).  0 or a negative errno value; sets no error. */
int procfs_write_file(int procfs, const char *path, const char *text, size_t length);

#endif
