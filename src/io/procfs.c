/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The private procfs; in dray and in the stage. */
#include "io/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/syscalls.h"

#define PROCFS_MAGIC      0x9fa0 /* <linux/magic.h> PROC_SUPER_MAGIC */
#define PROCFS_ROOT_INODE 1      /* PROC_ROOT_INO of the kernel: part of no interface, but fixed */

bool procfs_verify_root(int fd)
{
    struct statfs file_system;
    struct stat status;

    return fstatfs(fd, &file_system) == 0 && file_system.f_type == PROCFS_MAGIC &&
           fstat(fd, &status) == 0 && status.st_ino == PROCFS_ROOT_INODE && S_ISDIR(status.st_mode);
}

static int make_private(void)
{
    _cleanup_close_ int context = sys_fsopen("proc", FSOPEN_CLOEXEC);

    if (context < 0 || sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return sys_fsmount(context, FSMOUNT_CLOEXEC,
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int procfs_open(struct error *error)
{
    _cleanup_close_ int fd = make_private();

    if (fd < 0)
        fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_PROC_UNSAFE, errno, "cannot open \"/proc\"");
    if (!procfs_verify_root(fd))
        return error_set(error, ERROR_PROC_UNSAFE, 0,
                         "\"/proc\" is not the root of a proc file system");
    return take_fd(&fd);
}

int procfs_open_file(int procfs, const char *path, int open_flags)
{
    return path_open_beneath(procfs, path, open_flags);
}

int procfs_write_file(int procfs, const char *path, const char *text, size_t length)
{
    _cleanup_close_ int fd = procfs_open_file(procfs, path, O_WRONLY);
    ssize_t written;

    if (fd < 0)
        return fd;
    do {
        written = write(fd, text, length);
    } while (written < 0 && errno == EINTR);
    if (written < 0)
        return -errno;
    return (size_t)written == length ? 0 : -EIO;
}
