/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only way a path below a directory that may be hostile is resolved: openat2(2) with
 * RESOLVE_IN_ROOT, or, where the kernel refuses that call, a walk that opens one component after
 * the other and never leaves the directory.  Magic links are never followed.  Runs in dray and in
 * the stage: no allocation.
 *
 * No function here sets an error object; each returns a negative errno value on failure.
 */
#ifndef DRAY_IO_PATH_H
#define DRAY_IO_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum path_flags {
    PATH_NO_SYMLINKS = 1 << 0, /* any symbolic link on the way: -ELOOP; also the last part, unless
                                  O_PATH | O_NOFOLLOW opens that itself */
    PATH_WALK = 1 << 1,        /* do not use openat2: for tests of the walk */
};

/*
 * Opens @path as a process would whose root directory is @root: absolute links and ".." stay
 * inside.  @open_flags: as for openat(2), without O_CREAT; O_CLOEXEC is added.  O_NOFOLLOW
 * concerns the last part only, as ever.
 * Returns the descriptor; -ELOOP for magic links and too many links, -ENAMETOOLONG when the
 * path, or what links make of it, is too long.
 */
int path_open_in_root(int root, const char *path, int open_flags, unsigned flags);

enum path_kind {
    PATH_DIRECTORY,
    PATH_FILE, /* an empty regular file */
};

/*
 * As path_open_in_root() with O_PATH, but what is missing is made (then a file is open for
 * writing): directories (mode 0755 less the umask, group and setgid bit as mkdir(2) gives them) and
 * at the end a directory or an empty file (mode 0644).  Dangling links are followed inside the
 * root.  What exists is returned as it is, whatever its kind.
 * @ret_made: NULL, or set to whether the last part was made.
 */
int path_make_in_root(int root, const char *path, enum path_kind kind, unsigned flags,
                      bool *ret_made);

/* The same for a path that was just found to be missing (path_open_in_root() said -ENOENT). */
int path_make_missing_in_root(int root, const char *path, enum path_kind kind, unsigned flags,
                              bool *ret_made);

/*
 * Opens the directory that holds the last part of @path, making directories that are missing.
 * *@ret_name points at the last part inside @path, which must not be empty, ".", ".." or end in
 * "/" (-EINVAL).
 */
int path_make_parent_in_root(int root, const char *path, unsigned flags, const char **ret_name);

/*
 * Opens @path below @dir on the same mount: no "..", no absolute path, no magic link and no other
 * mount on the way (RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS).
 */
int path_open_beneath(int dir, const char *path, int open_flags);

/*
 * Which mount @fd is on: the mount's id (statx(2) STATX_MNT_ID, Linux 5.8), or its device number on
 * older kernels.  To be compared only.
 */
int path_mount_id(int fd, uint64_t *ret);

#endif
