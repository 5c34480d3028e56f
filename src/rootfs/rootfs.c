/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all parts of the root file system share; in the stage. */
#include "rootfs/rootfs.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "io/procfs.h"
#include "rootfs/covers.h"

void rootfs_init(struct rootfs *rootfs, const struct plan *plan, struct error *error)
{
    *rootfs = (struct rootfs){
        .plan = plan,
        .error = error,
        .root = -1,
        .procfs = -1,
        .dev = -1,
        .proc = -1,
        .sys = -1,
        .null = -1,
        .empty = -1,
        .procfs_context = -1,
        .host_namespace = -1,
        /* modes in here are what the config and the spec say, whoever calls */
        .umask = umask(0),
    };
}

void rootfs_done(struct rootfs *rootfs)
{
    int *const descriptors[] = {
        &rootfs->root,          &rootfs->procfs, &rootfs->dev,   &rootfs->proc,
        &rootfs->sys,           &rootfs->null,   &rootfs->empty, &rootfs->host_namespace,
        &rootfs->procfs_context};

    for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
        *descriptors[i] = close_fd(*descriptors[i]);
    while (rootfs->readonly_last_count > 0)
        close_fd(rootfs->readonly_last[--rootfs->readonly_last_count]);
    umask(rootfs->umask);
}

int rootfs_find_base(const struct rootfs *rootfs, const char *path, const char **ret_rest)
{
    const struct {
        const char *head;
        int fd;
    } bases[] = {{"/dev/", rootfs->dev}, {"/proc/", rootfs->proc}, {"/sys/", rootfs->sys}};

    for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
        size_t length = strlen(bases[i].head);

        if (bases[i].fd >= 0 && strncmp(path, bases[i].head, length) == 0 && path[length] != '\0') {
            *ret_rest = path + length;
            return bases[i].fd;
        }
    }
    *ret_rest = path;
    return rootfs->root;
}

int rootfs_open_procfs(struct rootfs *rootfs)
{
    if (rootfs->procfs < 0)
        rootfs->procfs = procfs_open(rootfs->error);
    return rootfs->procfs;
}
