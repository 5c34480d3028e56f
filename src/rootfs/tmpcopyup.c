/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tmpcopyup: a tmpfs starts with what the directory it covers holds; in the stage.
 *
 * The source is hostile: every file is opened by descriptor below its directory, never through a
 * link, and is what it was seen to be, or the copy fails.  Recursion and buffers are bounded.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "rootfs/mounts.h"

#define COPY_DEPTH_MAX  100
#define DIRECTORY_BYTES 2048
#define FILE_BYTES      16384
#define XATTR_NAMES     4096
#define XATTR_VALUE     8192

/* linux_dirent64 of getdents64(2) */
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

static int copy_data(int source, int target)
{
    char buffer[FILE_BYTES];
    ssize_t length;

    while ((length = read(source, buffer, sizeof(buffer))) != 0) {
        if (length < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        for (ssize_t done = 0; done < length;) {
            ssize_t written = write(target, buffer + done, (size_t)(length - done));

            if (written < 0 && errno != EINTR)
                return -errno;
            if (written > 0)
                done += written;
        }
    }
    return 0;
}

/*
 * Copies what the tmpfs can hold.  The label is the mount's affair; "trusted" needs rights in the
 * first user namespace.
 */
static int copy_xattrs(int source, int target)
{
    char names[XATTR_NAMES], value[XATTR_VALUE];
    ssize_t names_length = flistxattr(source, names, sizeof(names));

    if (names_length < 0)
        return errno == ENOTSUP ? 0 : -errno;
    for (const char *name = names; name < names + names_length; name += strlen(name) + 1) {
        ssize_t length;

        if (strcmp(name, "security.selinux") == 0)
            continue;
        length = fgetxattr(source, name, value, sizeof(value));
        if (length < 0 && errno == ENODATA)
            continue;
        if (length < 0)
            return -errno;
        if (fsetxattr(target, name, value, (size_t)length, 0) < 0 && errno != ENOTSUP &&
            errno != EPERM)
            return -errno;
    }
    return 0;
}

/* Owner first: a change of owner takes the set-user-ID bit away. */
static int copy_attributes(int source, int target, const struct stat *status)
{
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    int r;

    if (fchown(target, status->st_uid, status->st_gid) < 0 ||
        fchmod(target, status->st_mode & 07777) < 0)
        return -errno;
    r = copy_xattrs(source, target);
    if (r < 0)
        return r;
    return futimens(target, times) < 0 ? -errno : 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *expected)
{
    _cleanup_close_ int source =
        openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    _cleanup_close_ int target = -1;
    struct stat status;
    int r;

    if (source < 0 || fstat(source, &status) < 0)
        return -errno;
    if (status.st_ino != expected->st_ino || status.st_dev != expected->st_dev ||
        !S_ISREG(status.st_mode))
        return -EAGAIN;
    target = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return -errno;
    r = copy_data(source, target);
    return r < 0 ? r : copy_attributes(source, target, &status);
}

static int copy_link(int from, int to, const char *name, const struct stat *status)
{
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    char target[PATH_MAX];
    ssize_t length = readlinkat(from, name, target, sizeof(target));

    if (length < 0)
        return -errno;
    if ((size_t)length >= sizeof(target))
        return -ENAMETOOLONG;
    target[length] = '\0';
    if (symlinkat(target, to, name) < 0 ||
        fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return 0;
}

/* Devices, fifos and sockets: a node of the same kind. */
static int copy_node(int to, const char *name, const struct stat *status)
{
    if (mknodat(to, name, status->st_mode, status->st_rdev) < 0 ||
        fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    /* on what we just made, and there are no links but ours */
    return fchmodat(to, name, status->st_mode & 07777, 0) < 0 ? -errno : 0;
}

static int copy_directory(int source, int target, unsigned depth);

static int copy_subdirectory(int from, int to, const char *name, const struct stat *expected,
                             unsigned depth)
{
    _cleanup_close_ int source =
        openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    _cleanup_close_ int target = -1;
    struct stat status;
    int r;

    if (source < 0 || fstat(source, &status) < 0)
        return -errno;
    if (status.st_ino != expected->st_ino || status.st_dev != expected->st_dev)
        return -EAGAIN;
    if (mkdirat(to, name, 0700) < 0)
        return -errno;
    target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (target < 0)
        return -errno;
    r = copy_directory(source, target, depth + 1);
    return r < 0 ? r : copy_attributes(source, target, &status);
}

static int copy_entry(int from, int to, const char *name, unsigned depth)
{
    struct stat status;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    switch (status.st_mode & S_IFMT) {
    case S_IFREG:
        return copy_file(from, to, name, &status);
    case S_IFDIR:
        return copy_subdirectory(from, to, name, &status, depth);
    case S_IFLNK:
        return copy_link(from, to, name, &status);
    default:
        return copy_node(to, name, &status);
    }
}

static int copy_directory(int source, int target, unsigned depth)
{
    _Alignas(struct directory_entry) char buffer[DIRECTORY_BYTES];
    long length;

    if (depth > COPY_DEPTH_MAX)
        return -ENAMETOOLONG;
    while ((length = syscall(SYS_getdents64, source, buffer, sizeof(buffer))) > 0) {
        for (long place = 0; place < length;) {
            const struct directory_entry *entry = (const void *)(buffer + place);
            int r = copy_entry(source, target, entry->name, depth);

            if (r < 0)
                return r;
            place += entry->length;
        }
    }
    return length < 0 ? -errno : 0;
}

int copy_up(int source, int mount)
{
    _cleanup_close_ int target = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return target < 0 ? -errno : copy_directory(source, target, 0);
}
