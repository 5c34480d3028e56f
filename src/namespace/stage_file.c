/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The installed stage, compared with the one that is part of dray and opened; runs in dray. */
#include "namespace/stage_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/syscalls.h"

static bool holds(int fd, const char *image, size_t length)
{
    char part[4096];
    size_t done = 0;

    while (done < length) {
        ssize_t count = pread(fd, part, sizeof(part), (off_t)done);

        if (count <= 0 || (size_t)count > length - done ||
            memcmp(part, image + done, (size_t)count) != 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

/* Returns a descriptor of the file if it is the stage and no other user can change it, else -1. */
static int open_verified(const char *path, const void *image, size_t length, bool *ret_of_root)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        !file_owner_is_trusted(status.st_uid) || (status.st_mode & 022) != 0 ||
        (size_t)status.st_size != length || !holds(fd, image, length))
        return -1;
    *ret_of_root = status.st_uid == 0;
    return take_fd(&fd);
}

/* Where "make install" puts it, or where a dray that runs from its build tree has it. */
static int find_stage(const void *image, size_t length, bool *ret_of_root)
{
    char path[PATH_MAX];
    ssize_t size;
    char *slash;
    int fd = open_verified(STAGE_PATH, image, length, ret_of_root);

    if (fd >= 0)
        return fd;
    size = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/src/stage/dray-stage"));
    if (size <= 0)
        return -1;
    path[size] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL)
        return -1;
    memcpy(slash, "/src/stage/dray-stage", sizeof("/src/stage/dray-stage"));
    return open_verified(path, image, length, ret_of_root);
}

int stage_file_open(const void *image, size_t length, struct error *error)
{
    struct mount_attributes attributes = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    };
    bool of_root = false;
    _cleanup_close_ int fd = find_stage(image, length, &of_root);
    _cleanup_close_ int mount = -1;

    if (fd < 0)
        return error_set(error, ERROR_STAGE_REFUSED, EACCES,
                         "this host lets no memory file be executed, and \"%s\" is not this dray's",
                         STAGE_PATH);
    mount = sys_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (mount >= 0 && sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attributes) == 0)
        return take_fd(&mount);
    /* nobody in a container of this user's is root */
    if (of_root && geteuid() != 0)
        return take_fd(&fd);
    return error_set(error, ERROR_STAGE_REFUSED, errno,
                     "this host lets no memory file be executed, and \"%s\" cannot be mounted "
                     "read-only",
                     STAGE_PATH);
}
