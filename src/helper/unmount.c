/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper/unmount.h"

#include <errno.h>
#include <libmount.h>
#include <string.h>
#include <sys/mount.h>

static bool is_below(const char *target, const char *path, size_t length)
{
    return strncmp(target, path, length) == 0 && target[length] == '/';
}

int mounts_below(const char *path, bool remove, struct error *error)
{
    struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
    struct libmnt_iter *iterator = mnt_new_iter(MNT_ITER_BACKWARD);
    size_t length = strlen(path);
    struct libmnt_fs *mount;
    int result = 0;

    if (table == NULL || iterator == NULL)
        result = error_set(error, ERROR_HELPER_FAILED, errno, "cannot read the mount table");
    else if (length < 2 || path[0] != '/')
        result = error_set(error, ERROR_INTERNAL, EINVAL, "will not unmount below \"%s\"", path);
    while (result >= 0 && mnt_table_next_fs(table, iterator, &mount) == 0) {
        const char *target = mnt_fs_get_target(mount);

        if (target == NULL || !is_below(target, path, length))
            continue;
        result++;
        /* EINVAL: no longer a mount, another unmounted it */
        if (remove && umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL &&
            errno != ENOENT)
            result =
                error_set(error, ERROR_CLEANUP_INCOMPLETE, errno, "cannot unmount \"%s\"", target);
    }
    mnt_free_iter(iterator);
    mnt_unref_table(table);
    return result;
}
