/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories and files of a cgroup, and waiting for what happens in it; runs in dray only. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "cgroup/cgroup_internal.h"
#include "io/file.h"

#define PAUSE_FIRST_US 50
#define PAUSE_MAX_US   10000

int cgroup_hierarchy_of(const struct cgroup *cgroup, unsigned controller)
{
    unsigned alias =
        controller < CGROUP_HIERARCHIES ? cgroup->record.alias[controller] : UINT16_MAX;

    return alias < CGROUP_HIERARCHIES ? (int)alias : -1;
}

int cgroup_main_hierarchy(const struct cgroup *cgroup)
{
    static const uint8_t order[] = {HOST_CGROUP_FREEZER, HOST_CGROUP_PIDS, HOST_CGROUP_MEMORY,
                                    HOST_CGROUP_CPU,     CGROUP_UNIFIED,   HOST_CGROUP_SYSTEMD};
    uint32_t hierarchies = cgroup->record.hierarchies;

    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        int hierarchy = cgroup_hierarchy_of(cgroup, order[i]);

        if (hierarchy >= 0)
            return hierarchy;
    }
    return hierarchies != 0 ? __builtin_ctz(hierarchies) : -1;
}

int cgroup_directory(struct cgroup *cgroup, unsigned hierarchy)
{
    char path[CGROUP_HOST_PATH_MAX];
    int r;

    if (cgroup->directories[hierarchy] >= 0)
        return cgroup->directories[hierarchy];
    if ((cgroup->record.hierarchies & 1u << hierarchy) == 0)
        return -ENOENT;
    r = cgroup_host_path(&cgroup->record, hierarchy, CGROUP_WHOLE_PATH, path);
    if (r < 0)
        return r;
    r = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (r < 0)
        return -errno;
    cgroup->directories[hierarchy] = r;
    return r;
}

/*
 * Most hierarchies have few files that we need: then their directory is not opened for itself.
 * Returns what *@ret_file is relative to, or a negative errno value, which AT_FDCWD is none of.
 */
static int find_file(struct cgroup *cgroup, unsigned hierarchy, const char *file,
                     char path[CGROUP_HOST_PATH_MAX], const char **ret_file)
{
    *ret_file = file;
    if (hierarchy == CGROUP_UNIFIED || cgroup->directories[hierarchy] >= 0)
        return cgroup_directory(cgroup, hierarchy);
    if ((cgroup->record.hierarchies & 1u << hierarchy) == 0)
        return -ENOENT;
    *ret_file = path;
    return cgroup_file_path(&cgroup->record, hierarchy, CGROUP_WHOLE_PATH, file, path) < 0
               ? -ENAMETOOLONG
               : AT_FDCWD;
}

static bool is_place(int directory)
{
    return directory >= 0 || directory == AT_FDCWD;
}
_Static_assert(AT_FDCWD != -ENAMETOOLONG && AT_FDCWD != -ENOENT && AT_FDCWD != -EACCES,
               "no error of a directory that is opened");

int cgroup_open_file(struct cgroup *cgroup, unsigned hierarchy, const char *file, int flags)
{
    char path[CGROUP_HOST_PATH_MAX];
    int directory = find_file(cgroup, hierarchy, file, path, &file), fd;

    if (!is_place(directory))
        return directory;
    fd = openat(directory, file, flags | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

int cgroup_procs(struct cgroup *cgroup, unsigned hierarchy)
{
    static const char file[] = "cgroup.procs";
    int directory = cgroup->directories[hierarchy], fd;
    char path[CGROUP_HOST_PATH_MAX];

    if (cgroup->procs[hierarchy] >= 0)
        return cgroup->procs[hierarchy];
    if ((cgroup->record.hierarchies & 1u << hierarchy) == 0)
        return -ENOENT;
    if (cgroup->record.below != 0 && hierarchy == CGROUP_UNIFIED) {
        directory = cgroup_directory_below(cgroup);
        if (directory < 0)
            return directory;
    }
    if (directory >= 0) {
        fd = openat(directory, file, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    } else {
        if (cgroup_file_path(&cgroup->record, hierarchy, CGROUP_WHOLE_PATH, file, path) < 0)
            return -ENAMETOOLONG;
        fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    }
    if (fd < 0)
        return -errno;
    cgroup->procs[hierarchy] = fd;
    return fd;
}

ssize_t cgroup_read(struct cgroup *cgroup, unsigned hierarchy, const char *file, char *text,
                    size_t size)
{
    char path[CGROUP_HOST_PATH_MAX];
    int directory = find_file(cgroup, hierarchy, file, path, &file);

    return is_place(directory) ? file_read_once_at(directory, file, text, size) : directory;
}

int cgroup_write(struct cgroup *cgroup, unsigned hierarchy, const char *file, const char *text)
{
    char path[CGROUP_HOST_PATH_MAX];
    int directory = find_file(cgroup, hierarchy, file, path, &file);

    return is_place(directory) ? file_write_at(directory, file, text, strlen(text)) : directory;
}

int cgroup_find_key(const char *text, const char *key, uint64_t *ret)
{
    size_t length = strlen(key);

    while (*text != '\0') {
        if (strncmp(text, key, length) == 0 && text[length] == ' ') {
            text += length + 1;
            return parse_u64_prefix(&text, ret);
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return -ENOENT;
}

static int has_process(void *context, int directory)
{
    _cleanup_close_ int fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    char byte;
    ssize_t n;

    (void)context;
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    n = read(fd, &byte, 1);
    if (n < 0) /* gone meanwhile */
        return errno == ENODEV ? 0 : -errno;
    return n > 0;
}

int cgroup_directory_is_populated(int directory, bool v2)
{
    char text[256];
    uint64_t populated;
    ssize_t length;

    if (!v2)
        return cgroup_walk(directory, has_process, NULL);
    length = file_read_once_at(directory, "cgroup.events", text, sizeof(text));
    if (length < 0)
        return length == -ENOENT || length == -ENODEV ? 0 : (int)length;
    return cgroup_find_key(text, "populated", &populated) == 0 && populated != 0;
}

int64_t cgroup_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool cgroup_pause(unsigned *pause_us, int64_t end)
{
    struct timespec pause = {0};

    if (cgroup_clock() >= end)
        return false;
    *pause_us = *pause_us == 0 ? PAUSE_FIRST_US : *pause_us * 2;
    if (*pause_us > PAUSE_MAX_US)
        *pause_us = PAUSE_MAX_US;
    pause.tv_nsec = (long)*pause_us * 1000;
    ppoll(NULL, 0, &pause, NULL);
    return true;
}

/*
 * The kernel holds a second event back for up to 10 ms, and for ever when the cgroup is removed
 * meanwhile, by a delete beside us (cgroup_file_notify() and cgroup_rm_file()): reading says ENODEV
 * then, so it is read again now and then.
 */
#define LOOK_AGAIN_MS 50

int cgroup_wait_event(struct cgroup *cgroup, const char *key, uint64_t value, int64_t end)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED);
    _cleanup_close_ int fd = -1;

    if (directory < 0)
        return directory;
    fd = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLPRI};
        char text[256];
        ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
        int64_t left = end - cgroup_clock();
        uint64_t now;

        if (n < 0)
            return -errno;
        text[n] = '\0';
        if (cgroup_find_key(text, key, &now) == 0 && now == value)
            return 0;
        if (left <= 0)
            return -ETIMEDOUT;
        if (poll(&wait, 1, left < LOOK_AGAIN_MS ? (int)left : LOOK_AGAIN_MS) < 0 && errno != EINTR)
            return -errno;
    }
}
