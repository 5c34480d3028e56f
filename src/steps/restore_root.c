/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root file system as CRIU wants to find it; runs in children of dray. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "io/syscalls.h"
#include "steps/restore.h"

static int mount_root(const struct plan *plan, const char *root_path, struct error *error)
{
    const char *rootfs = plan_text(plan, plan->rootfs.path);

    /* a slave of the host's mount, if that is shared: CRIU looks there for what the container's is
     * a slave of */
    if (mount(rootfs, root_path, NULL, MS_BIND | MS_REC, NULL) < 0)
        return error_set(error, ERROR_MOUNT_FAILED, errno,
                         "cannot mount the root file system \"%s\" for criu", rootfs);
    return 0;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    while (length > 0 && directory[length - 1] == '/')
        length--;
    return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* What lies in a file system of the container's own comes with that from the images. */
static bool comes_with_another(const struct plan *plan, const struct plan_mount *mount)
{
    const char *destination = plan_text(plan, mount->destination);

    plan_for_each(other, plan, plan->rootfs.mounts, struct plan_mount)
    {
        if (other == mount)
            break;
        if (other->kind != PLAN_MOUNT_BIND && other->kind != PLAN_MOUNT_REMOUNT &&
            is_below(destination, plan_text(plan, other->destination)))
            return true;
    }
    return false;
}

static int target_error(const struct plan *plan, const struct plan_mount *mount, int sys_errno,
                        const char *what, struct error *error)
{
    int r = error_set(error, ERROR_MOUNT_TARGET, sys_errno, "cannot %s \"%s\"", what,
                      plan_text(plan, mount->destination));

    error_set_subject(error, plan_text(plan, mount->destination));
    plan_origin_explain(plan, mount->origin, error);
    return r;
}

/*
 * Makes the place of one mount; a bind mount is put there meanwhile, since the place of a later
 * one may be inside of it.
 */
static int make_target(const struct plan *plan, const struct plan_mount *entry, int root,
                       struct error *error)
{
    const char *destination = plan_text(plan, entry->destination);
    bool bind = entry->kind == PLAN_MOUNT_BIND;
    enum path_kind kind = PATH_DIRECTORY;
    _cleanup_close_ int target = -1;
    char place[32];

    if (bind) {
        const char *source = plan_text(plan, entry->source);
        struct stat status;

        if (stat(source, &status) < 0) {
            int r = error_set(error, ERROR_MOUNT_SOURCE_MISSING, errno,
                              "cannot mount \"%s\" on \"%s\"", source, destination);

            plan_origin_explain(plan, entry->origin, error);
            return r;
        }
        kind = S_ISDIR(status.st_mode) ? PATH_DIRECTORY : PATH_FILE;
    }
    target = path_make_in_root(root, destination, kind, 0, NULL);
    if (target < 0)
        return target_error(plan, entry, -target, "make the mount point", error);
    snprintf(place, sizeof(place), "/proc/self/fd/%d", target);
    if (bind && mount(plan_text(plan, entry->source), place, NULL, MS_BIND | MS_REC, NULL) < 0)
        return target_error(plan, entry, errno, "mount what belongs on", error);
    return 0;
}

static int make_targets(const struct plan *plan, const char *root_path, struct error *error)
{
    _cleanup_close_ int root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        return error_set(error, ERROR_MOUNT_FAILED, errno,
                         "cannot open the root file system for criu");
    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        int r = 0;

        if (mount->kind != PLAN_MOUNT_REMOUNT && (mount->flags & PLAN_MOUNT_COPY_SYMLINK) == 0 &&
            !comes_with_another(plan, mount))
            r = make_target(plan, mount, root, error);
        if (r < 0)
            return r;
    }
    return 0;
}

int restore_prepare_root(const struct plan *plan, const char *root_path, struct error *error)
{
    int r;

    /* the host's mounts still come through, ours stay here */
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return error_set(error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot make a mount namespace for criu");
    r = mount_root(plan, root_path, error);
    if (r == 0)
        r = make_targets(plan, root_path, error);
    if (r < 0)
        return r;
    /* once more without what was mounted meanwhile */
    if (umount2(root_path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
        return error_set(error, ERROR_MOUNT_FAILED, errno, "cannot unmount \"%s\"", root_path);
    return mount_root(plan, root_path, error);
}

/* In a child: in the container's mount namespace there is nothing but one system call to do. */
static void run_readonly(int mount_namespace)
{
    const struct mount_attributes readonly = {.attr_set = MOUNT_ATTR_RDONLY};

    if (setns(mount_namespace, CLONE_NEWNS) < 0 ||
        sys_mount_setattr(AT_FDCWD, "/", 0, &readonly) < 0)
        _exit(errno);
    _exit(0);
}

int restore_make_root_readonly(pid_t first, struct error *error)
{
    _cleanup_close_ int mount_namespace = -1;
    char path[40];
    int status = 0;
    pid_t child;

    snprintf(path, sizeof(path), "/proc/%d/ns/mnt", first);
    mount_namespace = open(path, O_RDONLY | O_CLOEXEC);
    child = mount_namespace < 0 ? -1 : fork();
    if (child == 0)
        run_readonly(mount_namespace);
    if (child < 0)
        return error_set(error, ERROR_MOUNT_FAILED, errno,
                         "cannot enter the container's mount namespace");
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        return error_set(error, ERROR_MOUNT_FAILED, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                         "cannot make the root file system read-only");
    return 0;
}
