/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Being told when memory runs out: on v1 by an eventfd that is registered with memory.oom_control,
 * on cgroup2 by polling memory.events, which the kernel marks when one of its numbers changes.
 * Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"

static int set_watch_error(struct cgroup *cgroup, unsigned hierarchy, const char *file, int r,
                           struct error *error)
{
    return error_set(error, ERROR_CGROUP_HOST, -r, "cannot watch \"%s\" of the cgroup \"%s\"", file,
                     cgroup_path(&cgroup->record, hierarchy));
}

static int open_v1(struct cgroup *cgroup, unsigned hierarchy, struct cgroup_oom *ret,
                   struct error *error)
{
    int directory = cgroup_directory(cgroup, hierarchy), r;
    _cleanup_close_ int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), control = -1;
    char text[32];

    if (directory >= 0)
        control = openat(directory, "memory.oom_control", O_RDONLY | O_CLOEXEC);
    if (event < 0 || control < 0)
        return set_watch_error(cgroup, hierarchy, "memory.oom_control",
                               directory < 0 ? directory : -errno, error);
    snprintf(text, sizeof(text), "%d %d", event, control);
    r = cgroup_write(cgroup, hierarchy, "cgroup.event_control", text);
    if (r < 0)
        return set_watch_error(cgroup, hierarchy, "memory.oom_control", r, error);
    *ret = (struct cgroup_oom){.fd = take_fd(&event), .events = POLLIN};
    return 0;
}

static int read_kills(int fd, uint64_t *ret)
{
    char text[512];
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

    if (n < 0)
        return -errno;
    text[n] = '\0';
    return cgroup_find_key(text, "oom_kill", ret);
}

static int open_v2(struct cgroup *cgroup, struct cgroup_oom *ret, struct error *error)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED), r;
    _cleanup_close_ int fd = -1;
    uint64_t kills;

    if (directory >= 0)
        fd = openat(directory, "memory.events", O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (directory < 0 || errno != ENOENT))
        return set_watch_error(cgroup, CGROUP_UNIFIED, "memory.events",
                               directory < 0 ? directory : -errno, error);
    if (fd < 0)
        return 0;
    r = read_kills(fd, &kills);
    if (r < 0)
        return set_watch_error(cgroup, CGROUP_UNIFIED, "memory.events", r, error);
    *ret = (struct cgroup_oom){.fd = take_fd(&fd), .events = POLLPRI, .v2 = true, .kills = kills};
    return 0;
}

int cgroup_oom_open(struct cgroup *cgroup, struct cgroup_oom *ret, struct error *error)
{
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_MEMORY);

    *ret = (struct cgroup_oom){.fd = -1};
    if (hierarchy >= 0)
        return open_v1(cgroup, (unsigned)hierarchy, ret, error);
    if (cgroup_hierarchy_of(cgroup, CGROUP_UNIFIED) >= 0)
        return open_v2(cgroup, ret, error);
    return 0;
}

int cgroup_oom_check(struct cgroup *cgroup, struct cgroup_oom *oom)
{
    int hierarchy = cgroup_hierarchy_of(cgroup, HOST_CGROUP_MEMORY);
    uint64_t number;
    char text[256];
    int r;

    if (oom->v2) {
        uint64_t before = oom->kills;

        r = read_kills(oom->fd, &oom->kills);
        return r < 0 ? r : oom->kills > before;
    }
    if (read(oom->fd, &number, sizeof(number)) != sizeof(number))
        return errno == EAGAIN ? 0 : -errno;
    /* the end of the cgroup is an event too */
    r = (int)cgroup_read(cgroup, (unsigned)hierarchy, "memory.oom_control", text, sizeof(text));
    return r < 0 ? r : 1;
}
