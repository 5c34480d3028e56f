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

/* of directories in a container's, which has one level of its own */
#define REMOVED_LEVELS 64

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

    /* the holder ends by itself, or with the process that it waits for: delete --force kills that
     */
    do
        r = flock(directory, LOCK_EX);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot lock the container \"%s\"", id);
    return 0;
}

/* A file name has at most 255 bytes. */
#define ID_PART     240
#define ID_PATH_MAX (STATE_ID_MAX + STATE_ID_MAX / ID_PART * 2 + 2)

/*
 * The path of an id below the root: the id itself, or for a long one its parts, each but the last
 * a directory whose name ends in "~", which no id contains; the last begins with "_", since a part
 * may be "." or "..".
 */
static const char *path_of_id(const char *id, char path[ID_PATH_MAX])
{
    size_t length = strlen(id), end = 0;

    if (length <= ID_PART)
        return id;
    for (; length > ID_PART; length -= ID_PART, id += ID_PART) {
        memcpy(path + end, id, ID_PART);
        memcpy(path + end + ID_PART, "~/", 2);
        end += ID_PART + 2;
    }
    path[end] = '_';
    memcpy(path + end + 1, id, length + 1);
    return path;
}

/* Makes the directory of an id and those that lead to it; errno as from mkdir(2). */
static int make_directory(int root, const char *path)
{
    char part[ID_PATH_MAX];

    for (;;) {
        if (mkdirat(root, path, STATE_MODE) == 0)
            return 0;
        if (errno != ENOENT || strchr(path, '/') == NULL)
            return -1;
        for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
            memcpy(part, path, (size_t)(slash - path));
            part[slash - path] = '\0';
            if (mkdirat(root, part, STATE_MODE) < 0 && errno != EEXIST)
                return -1;
        }
        /* if the last container there has just taken them away: once more */
    }
}

/* Removes the directories that lead to one, as far as they are empty or not there. */
static void remove_leading(int root, const char *path)
{
    char part[ID_PATH_MAX];
    char *slash;

    if (strchr(path, '/') == NULL)
        return;
    memcpy(part, path, strlen(path) + 1);
    while ((slash = strrchr(part, '/')) != NULL) {
        *slash = '\0';
        if (unlinkat(root, part, AT_REMOVEDIR) < 0 && errno != ENOENT)
            break;
    }
}

/* Removes the directory of an id, and those that lead to it as far as they are empty. */
static int remove_directory(int root, const char *path)
{
    if (unlinkat(root, path, AT_REMOVEDIR) < 0)
        return -1;
    remove_leading(root, path);
    return 0;
}

/*
 * While we waited for its lock it may have been deleted, and even made again.
 * 1 if it is still there, 0 if not, or a negative errno value.
 */
static int is_named(int root, const char *path, int directory)
{
    struct stat opened, named;

    if (fstat(directory, &opened) < 0)
        return -errno;
    if (fstatat(root, path, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

int state_claim(int root, const char *id, struct error *error)
{
    _cleanup_close_ int directory = -1;
    char space[ID_PATH_MAX];
    const char *path = path_of_id(id, space);
    int r;

    if (make_directory(root, path) < 0) {
        if (errno == EEXIST)
            return error_set(error, ERROR_ID_IN_USE, EEXIST, "container \"%s\" exists already", id);
        return error_set(error, ERROR_STATE_WRITE, errno,
                         "cannot make the state directory of container \"%.64s\"", id);
    }
    directory = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) {
        r = error_set(error, ERROR_STATE_WRITE, errno,
                      "cannot open the state directory of container \"%s\"", id);
        remove_directory(root, path);
        return r;
    }
    r = lock_directory(directory, id, error);
    if (r == 0) {
        r = is_named(root, path, directory);
        /* `delete --force` of the same id was quicker than our lock */
        if (r == 0)
            return error_set(error, ERROR_INTERRUPTED, ECANCELED,
                             "container \"%s\" was deleted while it was being created", id);
        if (r < 0)
            error_set(error, ERROR_STATE_WRITE, -r,
                      "cannot look at the state directory of container \"%s\"", id);
    }
    if (r < 0) {
        remove_directory(root, path);
        return r;
    }
    return take_fd(&directory);
}

int state_open(int root, const char *id, bool lock, struct error *error)
{
    char space[ID_PATH_MAX];
    const char *path = path_of_id(id, space);

    for (;;) {
        _cleanup_close_ int directory =
            openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r;

        if (directory < 0 && errno == ENOENT)
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
        r = is_named(root, path, directory);
        if (r < 0)
            return error_set(error, ERROR_STATE_DAMAGED, -r,
                             "cannot look at the state directory of container \"%s\"", id);
        if (r > 0)
            return take_fd(&directory);
    }
}

void state_forget(int root, const char *id)
{
    char space[ID_PATH_MAX];

    remove_leading(root, path_of_id(id, space));
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

int state_format_path(const char *root, const char *id, const char *file, char *ret, size_t size)
{
    char space[ID_PATH_MAX], cwd[PATH_MAX] = "";
    int length;

    if (root[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
        return -errno;
    length = snprintf(ret, size, "%s%s%s/%s/%s", cwd, cwd[0] != '\0' ? "/" : "", root,
                      path_of_id(id, space), file);
    return length >= 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/*
 * Removes a file, or a directory and what is in it.  The container may have got at the directory of
 * its notification socket, so no link is followed and there is an end to how deep this goes.
 */
static void remove_tree(int directory, const char *name, unsigned levels)
{
    _cleanup_closedir_ DIR *stream = NULL;
    struct dirent *entry;
    int fd;

    if (unlinkat(directory, name, 0) == 0 || unlinkat(directory, name, AT_REMOVEDIR) == 0 ||
        levels == 0)
        return;
    fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL)
        close_fd(fd);
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(fd, entry->d_name, levels - 1);
    }
    unlinkat(directory, name, AT_REMOVEDIR);
}

int state_remove(int root, const char *id, int directory, struct error *error)
{
    /* the common files by name, which spares reading the directory */
    static const char *const files[] = {STATE_CONFIG, STATE_RECORDER, STATE_START_FIFO,
                                        STATE_JOURNAL};
    char space[ID_PATH_MAX];
    const char *path = path_of_id(id, space);

    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlinkat(directory, files[i], 0);
    if (remove_directory(root, path) == 0 || errno == ENOENT)
        return 0;
    if (errno == ENOTEMPTY || errno == EEXIST) {
        /* a socket, or a file that was being replaced when its writer was killed */
        _cleanup_closedir_ DIR *stream = fdopendir(dup(directory));
        struct dirent *entry;

        while (stream != NULL && (entry = readdir(stream)) != NULL) {
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                remove_tree(directory, entry->d_name, REMOVED_LEVELS);
        }
        if (remove_directory(root, path) == 0)
            return 0;
    }
    return error_set(error, ERROR_CLEANUP_INCOMPLETE, errno,
                     "cannot remove the state directory of container \"%s\"", id);
}

struct visit {
    int (*function)(void *data, const char *id);
    void *data;
};

/* @id holds the @length bytes that the directories so far stand for. */
static int visit_directory(int directory, const struct visit *visit, char id[STATE_ID_MAX + 1],
                           size_t length)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    int r = 0;

    if (stream == NULL) {
        close_fd(copy);
        return -errno;
    }
    while (r == 0 && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        size_t part = strlen(name);
        bool leads_on = part == ID_PART + 1 && name[ID_PART] == '~';
        struct error ignored = {0};

        if (leads_on)
            part--;
        else if (length > 0 && *name++ == '_')
            part--;
        else if (length > 0)
            continue;
        if (length + part > STATE_ID_MAX)
            continue;
        memcpy(id + length, name, part);
        id[length + part] = '\0';
        if (state_check_id(id, &ignored) < 0)
            continue;
        if (leads_on) {
            _cleanup_close_ int next =
                openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

            r = next >= 0 ? visit_directory(next, visit, id, length + part) : 0;
        } else {
            r = visit->function(visit->data, id);
        }
    }
    return r;
}

int state_for_each(int root, int (*function)(void *data, const char *id), void *data,
                   struct error *error)
{
    const struct visit visit = {function, data};
    char id[STATE_ID_MAX + 1];
    int r = visit_directory(root, &visit, id, 0);

    if (r < 0 && error->code == ERROR_NONE)
        return error_set(error, ERROR_STATE_ROOT, -r, "cannot read the state directory");
    return r;
}
