/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What checkpoint and restore have in common; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "plan/annotations.h"
#include "steps/checkpoint.h"

#define LOG_LEVEL_ALL 4 /* of CRIU: "debug"; its log is looked at only when something failed */

/* CRIU, as root, follows whatever links lie in there, and believes what the files say. */
static bool is_private(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) &&
           (status.st_mode & S_IWOTH) == 0 &&
           ((status.st_mode & S_IWGRP) == 0 || status.st_gid == 0);
}

static int open_directory(const char *path, const char *what, bool make, struct error *error)
{
    _cleanup_close_ int fd = -1;

    if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_set(error, ERROR_CHECKPOINT_FILES, errno, "cannot make the %s \"%s\"", what,
                         path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_CHECKPOINT_FILES, errno, "cannot open the %s \"%s\"", what,
                         path);
    if (!is_private(fd))
        return error_set(error, ERROR_CHECKPOINT_FILES, EPERM,
                         "others than root can write in the %s \"%s\"", what, path);
    return take_fd(&fd);
}

int criu_open_directories(const struct criu_options *options, bool make,
                          struct criu_directories *ret, struct error *error)
{
    const char *image_path = options->image_path != NULL ? options->image_path : "checkpoint";
    _cleanup_close_ int images = open_directory(image_path, "image directory", make, error);
    int work;

    if (images < 0)
        return images;
    if (options->work_path != NULL)
        work = open_directory(options->work_path, "work directory", true, error);
    else
        work = fcntl(images, F_DUPFD_CLOEXEC, 3);
    if (work < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot open the work directory");
    *ret = (struct criu_directories){.images = take_fd(&images), .work = work};
    return 0;
}

void criu_close_directories(struct criu_directories *directories)
{
    directories->images = close_fd(directories->images);
    directories->work = close_fd(directories->work);
}

/*
 * A file of CRIU's own options, which go above ours: that of the annotation (none when it is
 * empty), else what the host has for its container runtimes.
 */
static int put_config_file(struct wire_writer *request, const struct oci_spec *spec,
                           struct error *error)
{
    static const char *const usual[] = {"/etc/criu/dray.conf", "/etc/criu/runc.conf"};
    const char *path = annotation_get(spec, ANNOTATION_CRIU_CONFIG);
    int r;

    if (path != NULL && path[0] == '\0')
        return 0;
    r = annotation_get_path(spec, ANNOTATION_CRIU_CONFIG, &path, error);
    if (r < 0)
        return r;
    if (path != NULL && access(path, R_OK) < 0)
        return annotation_refuse(ANNOTATION_CRIU_CONFIG, ERROR_CHECKPOINT_FILES, error,
                                 "cannot read the configuration of CRIU, \"%s\"", path);
    for (size_t i = 0; path == NULL && i < ARRAY_SIZE(usual); i++) {
        if (access(usual[i], R_OK) == 0)
            path = usual[i];
    }
    if (path != NULL)
        criu_set_text(request, CRIU_OPTION_CONFIG_FILE, path);
    return 0;
}

static bool is_joined(const struct plan *plan, uint64_t type)
{
    return (plan->namespaces.joined & type) != 0;
}

int criu_put_options(struct wire_writer *request, const struct criu_options *options,
                     const struct criu_directories *directories, const struct oci_spec *spec,
                     const struct plan *plan, const char *log_file, struct error *error)
{
    criu_set_number(request, CRIU_OPTION_IMAGES_FD, directories->images);
    criu_set_number(request, CRIU_OPTION_WORK_FD, directories->work);
    criu_set_number(request, CRIU_OPTION_LOG_LEVEL, LOG_LEVEL_ALL);
    criu_set_text(request, CRIU_OPTION_LOG_FILE, log_file);
    criu_set_flag(request, CRIU_OPTION_NOTIFY_SCRIPTS, true);
    criu_set_flag(request, CRIU_OPTION_ORPHAN_PTS_MASTER, true);
    criu_set_flag(request, CRIU_OPTION_TCP_ESTABLISHED, options->tcp_established);
    criu_set_flag(request, CRIU_OPTION_EXT_UNIX_SK, options->ext_unix_sk);
    criu_set_flag(request, CRIU_OPTION_SHELL_JOB, options->shell_job);
    criu_set_flag(request, CRIU_OPTION_FILE_LOCKS, options->file_locks);
    criu_set_flag(request, CRIU_OPTION_LAZY_PAGES, options->lazy_pages);
    criu_set_flag(request, CRIU_OPTION_AUTO_DEDUP, options->auto_dedup);
    criu_set_flag(request, CRIU_OPTION_MANAGE_CGROUPS, true);
    criu_set_number(request, CRIU_OPTION_MANAGE_CGROUPS_MODE, options->cgroups_mode);
    /* what a network namespace of its own has in it is the engine's, which sets it up by a hook */
    if (options->empty_network || !is_joined(plan, CLONE_NEWNET))
        criu_set_number(request, CRIU_OPTION_EMPTY_NS, CLONE_NEWNET);
    if (options->network_lock != 0)
        criu_set_number(request, CRIU_OPTION_NETWORK_LOCK, options->network_lock);
    return put_config_file(request, spec, error);
}

int criu_check_namespaces(const struct plan *plan, struct error *error)
{
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        if (join->type != CLONE_NEWUSER && join->type != CLONE_NEWNS)
            continue;
        error_set(error, ERROR_NOT_SUPPORTED, 0,
                  "CRIU cannot checkpoint or restore in a %s namespace that others made",
                  join->type == CLONE_NEWUSER ? "user" : "mount");
        plan_origin_explain(plan, join->origin, error);
        return -EINVAL;
    }
    return 0;
}

void criu_for_each_cgroup_bind(const struct plan *plan, const struct cgroup *cgroup,
                               void (*add)(void *data, const char *destination, const char *source),
                               void *data)
{
    if (plan->rootfs.cgroup_namespace)
        return;
    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        bool bound =
            mount->kind == PLAN_MOUNT_CGROUP && (mount->flags & PLAN_MOUNT_SYSTEMD_V1) == 0;

        for (unsigned i = 0; bound && i < CGROUP_HIERARCHIES; i++) {
            char destination[PATH_MAX], source[PATH_MAX];
            const char *name;

            if (cgroup_hierarchy_path(cgroup, i, &name, source) < 0)
                continue;
            snprintf(destination, sizeof(destination), "%s%s%s",
                     plan_text(plan, mount->destination), name[0] != '\0' ? "/" : "", name);
            add(data, destination, source);
        }
    }
}
