/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User namespaces for idmapped mounts; in dray.  The kernel makes one only together with a process
 * or for one, so a child is cloned into it that does nothing, and is killed as soon as the
 * namespace is held by a descriptor.
 */
#include "rootfs/idmap_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/syscalls.h"

/* The kernel takes a map in one write of less than a page (user_namespaces(7)). */
#define MAP_TEXT_SIZE 4096

/* The child, which shares nothing with us, waits for its end. */
static pid_t clone_idle_child(void)
{
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER, NULL, NULL, NULL, NULL);

    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
}

static int write_map(const struct plan *plan, struct plan_array map, pid_t child, const char *name)
{
    char text[MAP_TEXT_SIZE], path[64];
    size_t used = 0;

    plan_for_each(range, plan, map, struct plan_idmap)
    {
        int length = snprintf(text + used, sizeof(text) - used, "%u %u %u\n", range->container_id,
                              range->host_id, range->size);

        if (length < 0 || (size_t)length >= sizeof(text) - used)
            return -E2BIG;
        used += (size_t)length;
    }
    snprintf(path, sizeof(path), "/proc/%d/%s", child, name);
    return file_write_at(AT_FDCWD, path, text, used);
}

int idmap_namespace_make(const struct plan *plan, struct plan_array uid_map,
                         struct plan_array gid_map)
{
    pid_t child = clone_idle_child();
    char path[64];
    int r, fd = -1;

    if (child < 0)
        return -errno;
    r = write_map(plan, uid_map, child, "uid_map");
    if (r == 0)
        r = write_map(plan, gid_map, child, "gid_map");
    if (r == 0) {
        snprintf(path, sizeof(path), "/proc/%d/ns/user", child);
        fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
        r = fd < 0 ? -errno : fd;
    }
    kill(child, SIGKILL);
    while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
        ;
    return r;
}
