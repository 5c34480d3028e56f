/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resolver; in dray and in the stage.
 *
 * The walk keeps the descriptor of every directory between the root and where it stands, so that
 * ".." goes back the way it came and never asks the file system, whose tree may be changed
 * meanwhile by somebody else.
 */
#include "io/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "io/syscalls.h"

/* As deep as a tree can be walked without openat2, and as many links as the kernel follows. */
#define WALK_DEPTH_MAX 192
#define WALK_LINKS_MAX 40
/* openat2 says EAGAIN when something was renamed or mounted meanwhile; then the walk decides. */
#define OPENAT2_TRIES 64
/* how often somebody may remove what was just made, or make what was just missing */
#define MAKE_TRIES 64

struct walk {
    int root;
    int fds[WALK_DEPTH_MAX]; /* of the directories below the root on the way to here */
    unsigned depth;
    unsigned links;
    unsigned flags; /* enum path_flags */
    bool beneath;   /* ".." and links out of the root are errors, and so are other mounts */
    uint64_t mount; /* beneath: the mount to stay on */
    size_t next;    /* where the unresolved part of the path begins in @rest */
    char rest[2 * PATH_MAX];
};

static int walk_here(const struct walk *walk)
{
    return walk->depth > 0 ? walk->fds[walk->depth - 1] : walk->root;
}

static void walk_up(struct walk *walk)
{
    if (walk->depth > 0)
        close_fd(walk->fds[--walk->depth]);
}

static void walk_done(struct walk *walk)
{
    while (walk->depth > 0)
        walk_up(walk);
}

static int walk_init(struct walk *walk, int root, const char *path, unsigned flags)
{
    size_t length = strlen(path);

    walk->root = root;
    walk->depth = 0;
    walk->links = 0;
    walk->flags = flags;
    walk->beneath = false;
    walk->next = 0;
    if (length >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(walk->rest, path, length + 1);
    return 0;
}

/*
 * Moves the next component into @name.  Returns 1, or 0 when there is none left.
 * *@ret_last: it is the last one; *@ret_directory: a "/" follows it.
 */
static int walk_next(struct walk *walk, char name[static NAME_MAX + 1], bool *ret_last,
                     bool *ret_directory)
{
    const char *start = walk->rest + walk->next, *end;
    size_t length;

    start += strspn(start, "/");
    length = strcspn(start, "/");
    if (length == 0)
        return 0;
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, start, length);
    name[length] = '\0';
    end = start + length;
    *ret_directory = *end == '/';
    end += strspn(end, "/");
    *ret_last = *end == '\0';
    walk->next = (size_t)(end - walk->rest);
    return 1;
}

/* Puts the text of the link @link in front of what is left of the path. */
static int walk_follow(struct walk *walk, int link, bool directory)
{
    char target[PATH_MAX];
    size_t rest_length = strlen(walk->rest + walk->next);
    ssize_t length;

    if (walk->flags & PATH_NO_SYMLINKS || ++walk->links > WALK_LINKS_MAX)
        return -ELOOP;
    length = readlinkat(link, "", target, sizeof(target));
    if (length < 0)
        return -errno;
    if (length == 0)
        return -ENOENT;
    if ((size_t)length >= sizeof(target) || (size_t)length + 1 + rest_length >= sizeof(walk->rest))
        return -ENAMETOOLONG;
    memmove(walk->rest + length + directory, walk->rest + walk->next, rest_length + 1);
    memcpy(walk->rest, target, (size_t)length);
    if (directory)
        walk->rest[length] = '/';
    walk->next = 0;
    if (target[0] == '/') {
        if (walk->beneath)
            return -EXDEV;
        walk_done(walk);
    }
    return 0;
}

/* Steps into the directory @fd, which is taken over. */
static int walk_enter(struct walk *walk, int fd)
{
    if (walk->depth >= WALK_DEPTH_MAX) {
        close_fd(fd);
        return -ENAMETOOLONG;
    }
    walk->fds[walk->depth++] = fd;
    return 0;
}

/* Handles "." and "..": 1 when @name was one of them, else 0. */
static int walk_dots(struct walk *walk, const char *name)
{
    if (strcmp(name, ".") == 0)
        return 1;
    if (strcmp(name, "..") != 0)
        return 0;
    if (walk->beneath && walk->depth == 0)
        return -EXDEV;
    walk_up(walk);
    return 1;
}

/* statx(2) as far as the mount's id; libcs differ in how much of it they know. */
struct statx_head {
    uint32_t mask;
    uint32_t ignored[35];
    uint64_t mount;
    uint64_t spare[13];
};
#define STATX_HEAD_MOUNT 0x1000u /* STATX_MNT_ID, Linux 5.8 */

int path_mount_id(int fd, uint64_t *ret)
{
    struct statx_head head = {0};
    struct stat status;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_HEAD_MOUNT, &head) == 0 &&
        head.mask & STATX_HEAD_MOUNT) {
        *ret = head.mount;
        return 0;
    }
    if (fstat(fd, &status) < 0)
        return -errno;
    *ret = (uint64_t)status.st_dev;
    return 0;
}

static bool walk_is_beneath(const struct walk *walk, int fd)
{
    uint64_t mount;

    return !walk->beneath || (path_mount_id(fd, &mount) == 0 && mount == walk->mount);
}

/*
 * Looks at component @name of the directory that the walk is in.
 * Returns its descriptor (O_PATH, not following links) or a negative errno value.
 */
static int walk_look(const struct walk *walk, const char *name, struct stat *ret_status)
{
    _cleanup_close_ int fd = openat(walk_here(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || fstat(fd, ret_status) < 0)
        return -errno;
    return walk_is_beneath(walk, fd) ? take_fd(&fd) : -EXDEV;
}

/* Opens what the walk stands on: the path led to the root, or ended in "." or "..". */
static int walk_open_here(const struct walk *walk, int open_flags)
{
    int fd = openat(walk_here(walk), ".", (open_flags & ~O_NOFOLLOW) | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static int walk_open(struct walk *walk, int open_flags)
{
    char name[NAME_MAX + 1];
    bool last, directory;
    int r;

    while ((r = walk_next(walk, name, &last, &directory)) > 0) {
        struct stat status;
        _cleanup_close_ int fd = -1;

        r = walk_dots(walk, name);
        if (r < 0)
            return r;
        if (r > 0)
            continue;
        fd = walk_look(walk, name, &status);
        if (fd < 0)
            return fd;
        if (S_ISLNK(status.st_mode) && !(last && !directory && open_flags & O_NOFOLLOW)) {
            r = walk_follow(walk, fd, directory);
            if (r < 0)
                return r;
            continue;
        }
        if (last && !directory) {
            int opened;

            if (open_flags & O_PATH && !(open_flags & O_DIRECTORY))
                return take_fd(&fd);
            opened = openat(walk_here(walk), name, open_flags | O_NOFOLLOW | O_CLOEXEC);
            return opened < 0 ? -errno : opened;
        }
        if (!S_ISDIR(status.st_mode))
            return -ENOTDIR;
        r = walk_enter(walk, take_fd(&fd));
        if (r < 0)
            return r;
    }
    return r < 0 ? r : walk_open_here(walk, open_flags);
}

int path_open_in_root(int root, const char *path, int open_flags, unsigned flags)
{
    struct open_how_request how = {
        .flags = (uint64_t)(unsigned)open_flags | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
                   (flags & PATH_NO_SYMLINKS ? RESOLVE_NO_SYMLINKS : 0),
    };
    struct walk walk;
    int fd = -1, r;

    if (path[0] == '\0')
        return -ENOENT;
    if (!(flags & PATH_WALK)) {
        for (unsigned i = 0; i < OPENAT2_TRIES; i++) {
            fd = sys_openat2(root, path, &how);
            if (fd >= 0)
                return fd;
            if (errno != EAGAIN && errno != EINTR)
                break;
        }
        /* a filter on system calls answers EPERM for what it does not know */
        if (errno != EAGAIN && errno != ENOSYS && errno != EPERM)
            return -errno;
    }
    r = walk_init(&walk, root, path, flags);
    if (r < 0)
        return r;
    r = walk_open(&walk, open_flags);
    walk_done(&walk);
    return r;
}

/*
 * Makes component @name and opens it.  -EEXIST when somebody was faster, also with removing or
 * replacing what was made.
 */
static int make_component(int dir, const char *name, enum path_kind kind)
{
    int fd;

    if (kind == PATH_FILE) {
        fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        return fd < 0 ? -errno : fd;
    }
    if (mkdirat(dir, name, 0755) < 0)
        return -errno;
    fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOTDIR || errno == ENOENT ? -EEXIST : -errno;
    return fd;
}

/* Opens component @name, or makes it when it is missing. */
static int look_or_make(struct walk *walk, const char *name, enum path_kind kind,
                        struct stat *ret_status, bool *ret_made)
{
    *ret_made = false;
    for (unsigned i = 0; i < MAKE_TRIES; i++) {
        int fd = walk_look(walk, name, ret_status);

        if (fd != -ENOENT)
            return fd;
        fd = make_component(walk_here(walk), name, kind);
        if (fd >= 0) {
            ret_status->st_mode = kind == PATH_FILE ? S_IFREG : S_IFDIR;
            *ret_made = true;
            return fd;
        }
        if (fd != -EEXIST && fd != -ENOENT)
            return fd;
    }
    return -EAGAIN;
}

static int walk_make(struct walk *walk, enum path_kind kind, bool *ret_made)
{
    char name[NAME_MAX + 1];
    bool last, directory, made = false;
    int r;

    while ((r = walk_next(walk, name, &last, &directory)) > 0) {
        struct stat status;
        _cleanup_close_ int fd = -1;

        r = walk_dots(walk, name);
        if (r < 0)
            return r;
        if (r > 0)
            continue;
        fd = look_or_make(walk, name, last && !directory ? kind : PATH_DIRECTORY, &status, &made);
        if (fd < 0)
            return fd;
        if (S_ISLNK(status.st_mode)) {
            r = walk_follow(walk, fd, directory);
            if (r < 0)
                return r;
            continue;
        }
        if (last) {
            *ret_made = made;
            return directory && !S_ISDIR(status.st_mode) ? -ENOTDIR : take_fd(&fd);
        }
        if (!S_ISDIR(status.st_mode))
            return -ENOTDIR;
        r = walk_enter(walk, take_fd(&fd));
        if (r < 0)
            return r;
    }
    *ret_made = false;
    return r < 0 ? r : walk_open_here(walk, O_PATH);
}

/*
 * The usual case, that only the last part is missing, in three calls.  -EAGAIN when it is another
 * case.
 */
static int make_last(int root, const char *path, enum path_kind kind, unsigned flags)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t length = (size_t)(name - path);
    _cleanup_close_ int parent = -1;
    char text[PATH_MAX];
    int r;

    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        length >= sizeof(text))
        return -EAGAIN;
    if (length > 0) {
        memcpy(text, path, length);
        text[length] = '\0';
        parent = path_open_in_root(root, text, O_PATH | O_DIRECTORY, flags);
        if (parent < 0)
            return -EAGAIN;
    }
    r = make_component(length > 0 ? parent : root, name, kind);
    return r == -EEXIST || r == -ENOENT ? -EAGAIN : r;
}

int path_make_missing_in_root(int root, const char *path, enum path_kind kind, unsigned flags,
                              bool *ret_made)
{
    struct walk walk;
    bool made = true;
    int r;

    if (path[0] == '\0')
        return -ENOENT;
    r = make_last(root, path, kind, flags);
    if (r == -EAGAIN) {
        r = walk_init(&walk, root, path, flags);
        if (r < 0)
            return r;
        r = walk_make(&walk, kind, &made);
        walk_done(&walk);
    }
    if (r >= 0 && ret_made != NULL)
        *ret_made = made;
    return r;
}

int path_make_in_root(int root, const char *path, enum path_kind kind, unsigned flags,
                      bool *ret_made)
{
    int r = path_open_in_root(root, path, O_PATH, flags);

    if (r == -ENOENT)
        return path_make_missing_in_root(root, path, kind, flags, ret_made);
    if (r >= 0 && ret_made != NULL)
        *ret_made = false;
    return r;
}

int path_make_parent_in_root(int root, const char *path, unsigned flags, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char parent[PATH_MAX];
    size_t length = (size_t)(name - path);
    int fd;

    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EINVAL;
    if (strlen(name) > NAME_MAX || length >= sizeof(parent))
        return -ENAMETOOLONG;
    memcpy(parent, path, length);
    parent[length] = '\0';
    fd = path_make_in_root(root, length > 0 ? parent : ".", PATH_DIRECTORY, flags, NULL);
    if (fd >= 0)
        *ret_name = name;
    return fd;
}

int path_open_beneath(int dir, const char *path, int open_flags)
{
    struct open_how_request how = {
        .flags = (uint64_t)(unsigned)open_flags | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
    };
    struct walk walk;
    int r;

    if (path[0] == '/')
        return -EXDEV;
    for (unsigned i = 0; i < OPENAT2_TRIES; i++) {
        int fd = sys_openat2(dir, path, &how);

        if (fd >= 0)
            return fd;
        if (errno != EAGAIN && errno != EINTR)
            break;
    }
    if (errno != ENOSYS && errno != EPERM && errno != EAGAIN)
        return -errno;
    r = walk_init(&walk, dir, path, 0);
    if (r < 0)
        return r;
    r = path_mount_id(dir, &walk.mount);
    if (r < 0)
        return r;
    walk.beneath = true;
    r = walk_open(&walk, open_flags);
    if (r >= 0 && !walk_is_beneath(&walk, r)) {
        close_fd(r);
        r = -EXDEV;
    }
    walk_done(&walk);
    return r;
}
