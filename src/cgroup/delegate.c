/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gives a cgroup2 directory to the container's user: the directory and the files that the kernel
 * says are for a delegate (cgroups(7), /sys/kernel/cgroup/delegate).  Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/cgroup_internal.h"
#include "io/file.h"

#define DELEGATE_LIST "/sys/kernel/cgroup/delegate"

static int set_owner_error(const char *path, const char *file, uint32_t owner, int sys_errno,
                           struct error *error)
{
    return error_set(error, ERROR_CGROUP_CREATE, sys_errno,
                     "cannot give \"%s\" of the cgroup \"%s\" to the user %u", file, path, owner);
}

int cgroup_delegate_directory(int directory, const char *path, const struct plan *plan,
                              struct error *error)
{
    uint32_t owner = plan->cgroup.owner;
    /* what kernels before 4.15 have, which do not tell */
    char list[1024] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n", read[1024];
    ssize_t length;

    if (directory >= 0 && fchownat(directory, "", owner, (gid_t)-1, AT_EMPTY_PATH) < 0 &&
        errno == EPERM && plan->cgroup.by_user)
        return 0; /* only root gives things away; the specification leaves it open */
    if (directory < 0 || fchownat(directory, "", owner, (gid_t)-1, AT_EMPTY_PATH) < 0)
        return set_owner_error(path, ".", owner, directory < 0 ? -directory : errno, error);
    length = file_read_at(AT_FDCWD, DELEGATE_LIST, read, sizeof(read));
    if (length > 0)
        memcpy(list, read, (size_t)length + 1);
    for (char *name = list; *name != '\0';) {
        size_t size = strcspn(name, "\n");
        bool last = name[size] == '\0';

        name[size] = '\0';
        if (name[0] != '\0' && strchr(name, '/') == NULL &&
            fchownat(directory, name, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
            return set_owner_error(path, name, owner, errno, error);
        name += last ? size : size + 1;
    }
    return 0;
}

int cgroup_delegate(struct cgroup *cgroup, const struct plan *plan, struct error *error)
{
    if (!plan->cgroup.delegated || cgroup->record.layout != HOST_CGROUP_V2)
        return 0;
    return cgroup_delegate_directory(cgroup_directory(cgroup, CGROUP_UNIFIED),
                                     cgroup_path(&cgroup->record, CGROUP_UNIFIED), plan, error);
}
