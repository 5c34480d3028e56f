/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks through the cgroups below a directory; runs in dray only.
 *
 * A container that may make cgroups chooses their names and how deep they lie: names may begin with
 * a dot, and no descriptor is held but the one of where the walk is, since there may be more levels
 * than descriptors.  The way up is "..", which in a cgroup file system nobody can bend.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"

#define ENTRY_BYTES 2048

/* linux_dirent64 of getdents64(2) */
struct directory_entry {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* True if the directory has others in it: kernfs counts them in the links. */
static bool has_children(int directory)
{
    struct stat status;

    return fstat(directory, &status) < 0 || status.st_nlink > 2;
}

static bool is_child(const struct directory_entry *entry)
{
    return entry->type == DT_DIR && strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0;
}

/*
 * The first cgroup in @directory behind *@place, which moves on.  Returns 1, 0 when there is none,
 * or a negative errno value.
 */
static int find_child(int directory, int64_t *place, char name[static NAME_MAX + 1])
{
    _Alignas(struct directory_entry) char buffer[ENTRY_BYTES];
    long length;

    if (lseek(directory, *place, SEEK_SET) < 0)
        return -errno;
    while ((length = syscall(SYS_getdents64, directory, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < length;) {
            const struct directory_entry *entry = (const void *)(buffer + at);

            *place = entry->next;
            if (is_child(entry) && strlen(entry->name) <= NAME_MAX) {
                memcpy(name, entry->name, strlen(entry->name) + 1);
                return 1;
            }
            at += entry->length;
        }
    }
    return length == 0 || errno == ENOENT ? 0 : -errno;
}

static int open_child(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

/* Replaces *@fd by the directory that it is in. */
static int go_up(int *fd)
{
    int parent = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (parent < 0)
        return -errno;
    close_fd(*fd);
    *fd = parent;
    return 0;
}

/* Where the walk goes on in each of the directories above, by depth. */
struct places {
    int64_t *items;
    size_t capacity;
};

static int64_t *place_at(struct places *places, size_t depth)
{
    if (depth >= places->capacity) {
        size_t capacity = places->capacity > 0 ? 2 * places->capacity : 64;
        int64_t *larger = realloc(places->items, capacity * sizeof(*larger));

        if (larger == NULL)
            return NULL;
        *places = (struct places){.items = larger, .capacity = capacity};
    }
    return &places->items[depth];
}

static int walk_below(int *fd, struct places *places, cgroup_visit visit, void *context)
{
    char name[NAME_MAX + 1];
    size_t depth = 0;

    places->items[0] = 0;
    for (;;) {
        _cleanup_close_ int child = -1;
        int r = find_child(*fd, &places->items[depth], name);

        if (r == 0 && depth > 0) {
            depth--;
            r = go_up(fd);
            if (r == 0)
                continue;
        }
        if (r <= 0)
            return r;
        child = open_child(*fd, name);
        if (child == -ENOENT)
            continue;
        r = child < 0 ? child : visit(context, child);
        if (r != 0)
            return r;
        if (!has_children(child))
            continue;
        if (place_at(places, depth + 1) == NULL)
            return -ENOMEM;
        places->items[++depth] = 0;
        close_fd(*fd);
        *fd = take_fd(&child);
    }
}

int cgroup_walk(int directory, cgroup_visit visit, void *context)
{
    struct places places = {0};
    int fd, r = visit(context, directory);

    if (r != 0 || !has_children(directory))
        return r;
    fd = open_child(directory, ".");
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    r = place_at(&places, 0) != NULL ? walk_below(&fd, &places, visit, context) : -ENOMEM;
    free(places.items);
    close_fd(fd);
    return r;
}

/*
 * Removes what is not busy in *@fd.  Returns 1 when it has gone down into a cgroup that has others
 * in it, or 0 when there is no such one.
 */
static int remove_here(int *fd, bool *busy)
{
    char name[NAME_MAX + 1];
    int64_t place = 0;
    int r;

    while ((r = find_child(*fd, &place, name)) > 0) {
        int child;

        if (unlinkat(*fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            continue;
        if (errno != EBUSY && errno != ENOTEMPTY)
            return -errno;
        child = open_child(*fd, name);
        if (child >= 0 && has_children(child)) {
            close_fd(*fd);
            *fd = child;
            return 1;
        }
        close_fd(child);
        *busy = true;
    }
    return r;
}

int cgroup_remove_below(int directory)
{
    int fd = open_child(directory, "."), r = fd < 0 ? fd : 0;
    bool busy = false;
    size_t depth = 0;

    while (r >= 0) {
        r = remove_here(&fd, &busy);
        if (r > 0)
            depth++;
        else if (r < 0 || busy || depth-- == 0)
            break;
        else
            r = go_up(&fd);
    }
    close_fd(fd);
    return r == 0 && busy ? -EBUSY : r;
}
