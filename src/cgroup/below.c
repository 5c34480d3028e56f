/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cgroup2 directory below the container's, where its first process goes: what is in it is the
 * container's own business, the limits above it are not.  Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "io/file.h"

int cgroup_directory_below(struct cgroup *cgroup)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED);

    if (cgroup->below >= 0 || directory < 0)
        return cgroup->below >= 0 ? cgroup->below : directory;
    cgroup->below = openat(directory, cgroup->record.text + cgroup->record.below,
                           O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return cgroup->below >= 0 ? cgroup->below : -errno;
}

int cgroup_make_path_below(struct cgroup *cgroup, const char *path, struct error *error)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED);
    char part[CGROUP_HOST_PATH_MAX];
    size_t length = 0;
    int r = directory < 0 ? directory : 0;

    while (r == 0 && path[length] != '\0') {
        length += strcspn(path + length + 1, "/") + 1;
        if (length >= sizeof(part)) {
            r = -ENAMETOOLONG;
            break;
        }
        memcpy(part, path, length);
        part[length] = '\0';
        if (mkdirat(directory, part, 0755) < 0 && errno != EEXIST)
            r = -errno;
    }
    if (r < 0)
        return error_set(error, ERROR_CGROUP_CREATE, -r,
                         "cannot make the cgroup \"%s\" below \"%s\"", path,
                         cgroup_path(&cgroup->record, CGROUP_UNIFIED));
    return 0;
}

/* One by one: what cannot be enabled is not there for statistics. */
static void switch_controllers(int directory, const char *from, char sign)
{
    char text[512], word[64];

    if (file_read_at(directory, from, text, sizeof(text)) < 0)
        return;
    for (const char *name = text + strspn(text, " \n"); *name != '\0';
         name += strspn(name, " \n")) {
        size_t length = strcspn(name, " \n");

        snprintf(word, sizeof(word), "%c%.*s", sign, (int)length, name);
        file_write_at(directory, "cgroup.subtree_control", word, strlen(word));
        name += length;
    }
}

void cgroup_enable_below(struct cgroup *cgroup, const char *path)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED);
    char above[CGROUP_HOST_PATH_MAX] = ".";
    size_t length = 0;

    while (directory >= 0 && path[length] != '\0' && length < sizeof(above)) {
        _cleanup_close_ int fd = -1;

        if (length > 0) {
            memcpy(above, path, length);
            above[length] = '\0';
        }
        fd = openat(directory, above, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
            switch_controllers(fd, "cgroup.controllers", '+');
        length += length > 0;
        length += strcspn(path + length, "/");
    }
}

void cgroup_disable_below(struct cgroup *cgroup)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED);
    struct stat status;

    /* kernfs counts those in it in the links */
    if (directory >= 0 && fstat(directory, &status) == 0 && status.st_nlink <= 2)
        switch_controllers(directory, "cgroup.subtree_control", '-');
}
