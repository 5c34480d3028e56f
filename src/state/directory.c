/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define STATE_MODE 0700

static bool is_id_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '.' || c == '-';
}

int state_check_id(const char *id, struct error *error)
{
    size_t length = strlen(id);

    if (length == 0)
        return error_set(error, ERROR_ID_INVALID, 0, "the container's id is empty");
    if (length > STATE_ID_MAX)
        return error_set(error, ERROR_ID_INVALID, 0, "the container's id has %zu characters",
                         length);
    if (id[0] == '.' || id[0] == '-')
        return error_set(error, ERROR_ID_INVALID, 0,
                         "the container's id \"%.64s\" begins with '%c'", id, id[0]);
    for (const char *c = id; *c != '\0'; c++) {
        if (!is_id_character(*c))
            return error_set(error, ERROR_ID_INVALID, 0,
                             "the container's id \"%.64s\" has a character that is not allowed",
                             id);
    }
    return 0;
}

/* mkdir -p: parents are made as the directory itself, for nobody else. */
static int make_root(const char *path)
{
    char part[PATH_MAX];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(part))
        return -ENAMETOOLONG;
    memcpy(part, path, length + 1);
    for (char *c = part + 1;; c++) {
        char separator = *c;

        if (separator != '/' && separator != '\0')
            continue;
        *c = '\0';
        if (mkdir(part, STATE_MODE) < 0 && errno != EEXIST && separator == '\0')
            return -errno;
        *c = separator;
        if (separator == '\0')
            return 0;
    }
}

/* A link that somebody else made would have us work in a directory of their choice. */
static int open_root(const char *path)
{
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd >= 0 || (errno != ELOOP && errno != ENOTDIR))
        return fd;
    if (lstat(path, &status) < 0)
        return -1;
    if (!S_ISLNK(status.st_mode) || (status.st_uid != 0 && status.st_uid != geteuid())) {
        errno = S_ISLNK(status.st_mode) ? ELOOP : ENOTDIR;
        return -1;
    }
    return openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int state_open_root(const char *path, bool make, struct error *error)
{
    _cleanup_close_ int fd = open_root(path);
    struct stat status;

    if (fd < 0 && errno == ENOENT) {
        int r;

        if (!make)
            return -ENOENT;
        r = make_root(path);
        if (r < 0)
            return error_set(error, ERROR_STATE_ROOT, -r, "cannot make the state directory \"%s\"",
                             path);
        fd = open_root(path);
    }
    if (fd < 0)
        return error_set(error, ERROR_STATE_ROOT, errno, "cannot open the state directory \"%s\"",
                         path);
    if (fstat(fd, &status) < 0)
        return error_set(error, ERROR_STATE_ROOT, errno,
                         "cannot look at the state directory \"%s\"", path);
    if ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & 022) != 0)
        return error_set(error, ERROR_STATE_ROOT, EPERM,
                         "others can write the state directory \"%s\" (owner %u, mode %03o)", path,
                         status.st_uid, status.st_mode & 07777);
    return take_fd(&fd);
}

static int lock_directory(int directory, const char *id, struct error *error)
{
    int r;

    /* the holder ends by itself: each of its own waits has a deadline */
    do
        r = flock(directory, LOCK_EX);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot lock the container \"%s\"", id);
    return 0;
}

/* While we waited for its lock it may have been deleted, and even made again. */
static bool is_named(int root, const char *id, int directory)
{
    struct stat opened, named;

    return fstat(directory, &opened) == 0 && fstatat(root, id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

int state_claim(int root, const char *id, struct error *error)
{
    _cleanup_close_ int directory = -1;
    int r;

    if (mkdirat(root, id, STATE_MODE) < 0) {
        if (errno == EEXIST)
            return error_set(error, ERROR_ID_IN_USE, EEXIST, "container \"%s\" exists already", id);
        return error_set(error, errno == ENAMETOOLONG ? ERROR_ID_INVALID : ERROR_STATE_WRITE, errno,
                         "cannot make the state directory of container \"%.64s\"", id);
    }
    directory = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) {
        r = error_set(error, ERROR_STATE_WRITE, errno,
                      "cannot open the state directory of container \"%s\"", id);
        unlinkat(root, id, AT_REMOVEDIR);
        return r;
    }
    r = lock_directory(directory, id, error);
    if (r < 0) {
        unlinkat(root, id, AT_REMOVEDIR);
        return r;
    }
    /* `delete --force` of the same id was quicker than our lock */
    if (!is_named(root, id, directory))
        return error_set(error, ERROR_INTERRUPTED, ECANCELED,
                         "container \"%s\" was deleted while it was being created", id);
    return take_fd(&directory);
}

int state_open(int root, const char *id, bool lock, struct error *error)
{
    for (;;) {
        _cleanup_close_ int directory =
            openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r;

        if (directory < 0 && (errno == ENOENT || errno == ENAMETOOLONG))
            return error_set(error, ERROR_CONTAINER_NOT_FOUND, ENOENT,
                             "container \"%.128s\" does not exist", id);
        if (directory < 0)
            return error_set(error, ERROR_STATE_DAMAGED, errno,
                             "cannot open the state directory of container \"%s\"", id);
        if (!lock)
            return take_fd(&directory);
        r = lock_directory(directory, id, error);
        if (r < 0)
            return r;
        if (is_named(root, id, directory))
            return take_fd(&directory);
    }
}

void state_unlock(int directory)
{
    flock(directory, LOCK_UN);
}

int state_lock_again(int directory, const char *id, struct error *error)
{
    struct stat status;
    int r = lock_directory(directory, id, error);

    if (r < 0)
        return r;
    /* a removed directory has no links left */
    return fstat(directory, &status) == 0 && status.st_nlink > 0 ? 0 : -ENOENT;
}

int state_remove(int root, const char *id, int directory, struct error *error)
{
    /* the common files by name, which spares reading the directory */
    static const char *const files[] = {STATE_CONFIG, STATE_RECORDER, STATE_START_FIFO,
                                        STATE_JOURNAL};

    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlinkat(directory, files[i], 0);
    if (unlinkat(root, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno == ENOTEMPTY || errno == EEXIST) {
        /* a file that was being replaced when its writer was killed */
        _cleanup_closedir_ DIR *stream = fdopendir(dup(directory));
        struct dirent *entry;

        while (stream != NULL && (entry = readdir(stream)) != NULL) {
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                unlinkat(directory, entry->d_name, 0);
        }
        if (unlinkat(root, id, AT_REMOVEDIR) == 0)
            return 0;
    }
    return error_set(error, ERROR_CLEANUP_INCOMPLETE, errno,
                     "cannot remove the state directory of container \"%s\"", id);
}

int state_for_each(int root, int (*function)(void *data, const char *id), void *data,
                   struct error *error)
{
    int copy = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    if (stream == NULL) {
        int sys_errno = errno;

        close_fd(copy);
        return error_set(error, ERROR_STATE_ROOT, sys_errno, "cannot read the state directory");
    }
    while ((entry = readdir(stream)) != NULL) {
        struct error ignored = {0};
        int r;

        if (state_check_id(entry->d_name, &ignored) < 0)
            continue;
        r = function(data, entry->d_name);
        if (r < 0)
            return r;
    }
    return 0;
}
