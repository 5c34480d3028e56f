/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole files, read and written relative to a directory's descriptor.  Set no error object. */
#ifndef DRAY_IO_FILE_H
#define DRAY_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ocispec/arena.h"

/*
 * Reads a file into @buffer and terminates it with a NUL byte.
 * Returns the length without it, -EFBIG when it does not fit, or a negative errno value.
 */
ssize_t file_read_at(int dir, const char *path, char *buffer, size_t size);

/*
 * As file_read_at(), by one read(2): for a file of cgroup or procfs that the kernel shows whole at
 * once (single_open(9)), which spares the call that would find its end.
 */
ssize_t file_read_once_at(int dir, const char *path, char *buffer, size_t size);

/*
 * Reads a whole file of at most @limit bytes into memory, NUL terminated: of @arena, or from
 * malloc() and the caller's to free when that is NULL.
 * Returns 0, -EFBIG, or a negative errno value.
 */
int file_read_all_at(int dir, const char *path, size_t limit, struct oci_arena *arena,
                     char **ret_text, size_t *ret_length);
int file_read_all(int fd, size_t limit, struct oci_arena *arena, char **ret_text,
                  size_t *ret_length);

/*
 * Writes @length bytes with one write(2) to an existing file (a cgroup or procfs file).
 * Returns 0 or a negative errno value; a short write is -EIO.
 */
int file_write_at(int dir, const char *path, const char *text, size_t length);

/* Writes all of it, however many calls that takes. */
int file_write_all(int fd, const char *text, size_t length);

/*
 * Puts a file in place at once: a reader sees the old content or the new one, never a part.
 * Written to a temporary name beside it and renamed; no fsync (for files on tmpfs).
 */
int file_replace_at(int dir, const char *path, const char *text, size_t length, mode_t mode);

/*
 * Whether the owner of a file is root, the caller, or whose the root directory is.  The last is for
 * a user namespace that does not map the host's root, as that of Podman without root: what is the
 * host's root's shows an overflow id there (user_namespaces(7)).  So does what any other unmapped
 * user owns: only for paths in directories that are trusted.
 */
bool file_owner_is_trusted(uid_t owner);

#endif
