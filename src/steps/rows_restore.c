/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows that bring a container back from images. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "hook/hook.h"
#include "io/file.h"
#include "io/syscalls.h"
#include "namespace/join.h"
#include "namespace/loopback.h"
#include "state/journal.h"
#include "steps/restore.h"
#include "steps/restore_check.h"
#include "steps/rows.h"
#include "term/console_socket.h"
#include "term/relay.h"

#define GIVE_UP_MS 5000 /* for criu to take back what it has made */

void restore_init(struct restore *restore, const struct restore_request *request)
{
    *restore = (struct restore){
        .request = request,
        .directories = {-1, -1},
        .criu = {.pidfd = -1, .socket = -1},
    };
}

void restore_done(struct restore *restore)
{
    struct error ignored = {0};

    /* on its own it ends the processes it has made; killed, it would leave that to us */
    criu_finish(&restore->criu, GIVE_UP_MS, &ignored);
    criu_kill(&restore->criu);
    criu_close_directories(&restore->directories);
}

int row_find_criu(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);

    if (operation->restore->request->options.cgroups_mode == CRIU_CGROUPS_STRICT &&
        (plan->cgroup.path != 0 || plan->cgroup.scope != 0))
        return error_set(operation->error, ERROR_USAGE, EINVAL,
                         "--manage-cgroups-mode strict: CRIU would refuse the container's cgroup, "
                         "which is made before; full does the same with the cgroups below it");
    if (operation->runtime->rootless == RUNTIME_ROOTLESS_TRUE)
        return error_set(operation->error, ERROR_NOT_SUPPORTED, EPERM,
                         "restore needs the rights of root, which CRIU asks for");
    return criu_find(operation->restore->criu_path, operation->error);
}

/*
 * With a user namespace CRIU reads images with the ids of the container's root, which must be able
 * to pass the directory: by its group, if that means nothing to anybody yet.
 */
static int let_container_in(struct operation *operation, int images)
{
    const struct plan *plan = operation_plan(operation);
    struct stat status;
    gid_t group = 0;
    bool mapped = false;

    plan_for_each(map, plan, plan->namespaces.gid_map, struct plan_idmap)
    {
        if (map->container_id == 0) {
            group = map->host_id;
            mapped = true;
        }
    }
    if (!mapped || fstat(images, &status) < 0 || (status.st_mode & S_IXOTH) != 0 ||
        (status.st_mode & S_IRWXG) != 0)
        return 0;
    if (fchown(images, (uid_t)-1, group) < 0 ||
        fchmod(images, (status.st_mode & 07777) | S_IXGRP) < 0)
        return error_set(operation->error, ERROR_CHECKPOINT_FILES, errno,
                         "cannot give the container's root access to the images");
    return 0;
}

int row_open_images(struct operation *operation)
{
    struct restore *restore = operation->restore;
    int r = criu_check_namespaces(operation_plan(operation), operation->error);

    if (r == 0)
        r = criu_open_directories(&restore->request->options, false, &restore->directories,
                                  operation->error);
    if (r < 0)
        return r;
    if (faccessat(restore->directories.images, "inventory.img", F_OK, 0) < 0)
        return error_set(
            operation->error, ERROR_CHECKPOINT_FILES, errno, "there is no checkpoint in \"%s\"",
            restore->request->options.image_path != NULL ? restore->request->options.image_path
                                                         : "checkpoint");
    r = let_container_in(operation, restore->directories.images);
    if (r < 0)
        return r;
    return criu_read_descriptors(restore->directories.images, &operation->arena,
                                 &restore->descriptors, operation->error);
}

/* In the child: what criu makes is born into the container's cgroup. */
static int prepare_child(void *data, struct error *error)
{
    struct operation *operation = data;
    struct restore *restore = operation->restore;

    for (size_t i = 0; i < restore->procs_count; i++) {
        if (write(restore->procs[i], "0", 1) != 1)
            return error_set(error, ERROR_CGROUP_JOIN, errno,
                             "cannot put criu into the container's cgroup");
    }
    return restore_prepare_root(operation_plan(operation), restore->root_path, error);
}

/* The directory of the container's state is there, and nobody looks into it from criu's side. */
static int find_root_path(struct operation *operation)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", operation->directory);
    return realpath(path, operation->restore->root_path) != NULL
               ? 0
               : error_set(operation->error, ERROR_SYSTEM, errno,
                           "cannot tell the path of the container's directory");
}

int row_start_criu(struct operation *operation)
{
    struct restore *restore = operation->restore;
    const struct plan *plan = operation_plan(operation);
    int inherited[CRIU_INHERITED_MAX];
    struct criu_start start = {
        .path = restore->criu_path,
        .output = -1,
        .own_session = !restore->request->options.shell_job,
        .inherited = inherited,
        .prepare = prepare_child,
        .data = operation,
    };
    struct process_identity *identity = &operation->stage.identity;
    struct process_status status;
    int r = find_root_path(operation);

    if (r == 0 && operation->has_cgroup)
        r = cgroup_procs_descriptors(&operation->cgroup, restore->procs, &restore->procs_count,
                                     operation->error);
    if (r < 0)
        return r;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        inherited[start.inherited_count++] = fd;
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
        inherited[start.inherited_count++] = join->descriptor;
    r = criu_start(&start, &restore->criu, operation->error);
    if (r < 0)
        return r;
    /* until it has restored the first process, it is the one around which there is a container */
    identity->pid = restore->criu.pid;
    if (process_read_status(identity->pid, &status) == 0)
        identity->start_time = status.start_time;
    r = journal_append(operation->journal, JOURNAL_PROCESS, identity, sizeof(*identity),
                       operation->error);
    /* once the first process is there, its end may have to wait for criu's, which traces it */
    return r < 0 ? r
                 : journal_append(operation->journal, JOURNAL_CRIU, identity, sizeof(*identity),
                                  operation->error);
}

static void add_mount(void *data, const char *destination, const char *source)
{
    criu_add_ext_mount(data, destination, source);
}

static void put_mounts(struct operation *operation, struct wire_writer *options)
{
    const struct plan *plan = operation_plan(operation);

    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        if (mount->kind == PLAN_MOUNT_BIND && (mount->flags & PLAN_MOUNT_COPY_SYMLINK) == 0)
            criu_add_ext_mount(options, plan_text(plan, mount->destination),
                               plan_text(plan, mount->source));
    }
    if (plan->rootfs.devices_by_bind)
        plan_for_each(device, plan, plan->rootfs.devices, struct plan_device)
            add_mount(options, plan_text(plan, device->path), plan_text(plan, device->path));
    if (operation->has_cgroup)
        criu_for_each_cgroup_bind(plan, &operation->cgroup, add_mount, options);
}

static const char *criu_namespace_name(uint64_t type)
{
    return type == CLONE_NEWUTS ? "uts" : type == CLONE_NEWIPC ? "ipc" : "time";
}

/* In the order of row_start_criu(). */
static void put_descriptors(struct operation *operation, struct wire_writer *options)
{
    const struct oci_strings *names = &operation->restore->descriptors;
    const struct plan *plan = operation_plan(operation);
    int number = CRIU_FIRST_INHERITED;

    for (size_t i = 0; i < 3; i++, number++) {
        if (i < names->count && (strncmp(names->items[i], "pipe:", 5) == 0 ||
                                 strncmp(names->items[i], "file[", 5) == 0))
            criu_add_inherit_fd(options, names->items[i], number);
    }
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        char path[48];

        snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), join->descriptor);
        if (join->type == CLONE_NEWNET)
            criu_add_inherit_fd(options, EXTERNAL_NETWORK, number);
        else if (join->type == CLONE_NEWPID)
            criu_add_inherit_fd(options, EXTERNAL_PID, number);
        else
            criu_add_join_ns(options, criu_namespace_name(join->type), path);
        number++;
    }
}

/*
 * With a cgroup namespace, CRIU has its root replaced, which is above a delegated cgroup: that is
 * cut off the path of criu's own.
 */
static void cut_delegated(const struct plan *plan, char *cgroup)
{
    size_t length = strlen(cgroup), cut;

    if (plan->cgroup.delegate == 0 || (plan->namespaces.late_flags & CLONE_NEWCGROUP) == 0)
        return;
    cut = strlen(plan_text(plan, plan->cgroup.delegate)) + 1;
    if (length > cut && cgroup[length - cut] == '/' &&
        strcmp(cgroup + length - cut + 1, plan_text(plan, plan->cgroup.delegate)) == 0)
        cgroup[length - cut] = '\0';
}

/* criu is where its processes are to be: cgroups in the images are moved below its own. */
static int put_cgroup_roots(struct operation *operation, struct wire_writer *options)
{
    char path[40], text[8192];
    char *line, *line_rest;

    if (!operation->has_cgroup)
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/cgroup", operation->restore->criu.pid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) < 0)
        return error_set(operation->error, ERROR_CGROUP_HOST, errno, "cannot read \"%s\"", path);
    /* "4:cpu,cpuacct:/a/b", on cgroup2 "0::/a/b" */
    for (line = strtok_r(text, "\n", &line_rest); line != NULL;
         line = strtok_r(NULL, "\n", &line_rest)) {
        char *controllers = strchr(line, ':');
        char *cgroup = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

        if (cgroup == NULL)
            continue;
        *cgroup++ = '\0';
        cut_delegated(operation_plan(operation), cgroup);
        for (char *name = controllers + 1, *next; name != NULL; name = next) {
            next = strchr(name, ',');
            if (next != NULL)
                *next++ = '\0';
            criu_add_cgroup_root(options, name, cgroup);
        }
    }
    return 0;
}

/* Becomes the container's first process: known from here on, whatever happens. */
static int take_process(struct operation *operation, pid_t pid)
{
    struct process_status status;
    siginfo_t ignored;
    int r;

    if (operation->stage.pidfd >= 0)
        return 0;
    operation->stage.pidfd = sys_pidfd_open(pid, 0);
    /* a child of ours that is not reaped is who criu says it is */
    if (operation->stage.pidfd < 0 ||
        waitid(P_PIDFD, (id_t)operation->stage.pidfd, &ignored, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        process_read_status(pid, &status) < 0) {
        operation->stage.pidfd = close_fd(operation->stage.pidfd);
        return error_set(operation->error, ERROR_CRIU_FAILED, ECHILD,
                         "criu says that it restored process %d, which is not ours", pid);
    }
    operation->stage.identity =
        (struct process_identity){.pid = pid, .start_time = status.start_time};
    r = journal_append(operation->journal, JOURNAL_PROCESS, &operation->stage.identity,
                       sizeof(operation->stage.identity), operation->error);
    return r < 0 ? r : row_keep_config(operation);
}

/* CRIU leaves the devices of a network namespace of its own out, so it is as a new one is. */
static int bring_loopback_up(struct operation *operation)
{
    _cleanup_close_ int ours = -1, theirs = -1;
    char path[40];
    int r;

    if ((operation_plan(operation)->namespaces.clone_flags & CLONE_NEWNET) == 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/ns/net", operation->stage.identity.pid);
    ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    theirs = open(path, O_RDONLY | O_CLOEXEC);
    if (ours < 0 || theirs < 0 || setns(theirs, CLONE_NEWNET) < 0)
        return error_set(operation->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot enter the container's network namespace");
    r = loopback_bring_up(operation->error);
    if (setns(ours, CLONE_NEWNET) < 0)
        return error_set(operation->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot return from the container's network namespace");
    return r;
}

static int set_up_namespaces(struct operation *operation, pid_t pid)
{
    const struct plan_hooks *hooks = &operation_plan(operation)->hooks;
    int r = take_process(operation, pid);

    if (r == 0)
        r = bring_loopback_up(operation);
    if (r == 0 && operation_plan(operation)->net_devices.count > 0)
        r = row_move_net_devices(operation);
    if (r == 0)
        r = hook_open_outputs(operation_plan(operation), &operation->hook_stdout,
                              &operation->hook_stderr, operation->error);
    if (r == 0 && hooks->kinds[PLAN_HOOK_PRESTART].count > 0)
        r = row_hooks_prestart(operation);
    if (r == 0 && hooks->kinds[PLAN_HOOK_CREATE_RUNTIME].count > 0)
        r = row_hooks_create_runtime(operation);
    return r;
}

/* The master of the container's terminal, which nobody in the images holds. */
static int take_console(struct operation *operation, int descriptor)
{
    int master = descriptor >= 0 ? fcntl(descriptor, F_DUPFD_CLOEXEC, 3) : -1;
    int r;

    if (master < 0)
        return error_set(operation->error, ERROR_CONSOLE_FAILED, EBADF,
                         "criu sent no terminal with its message");
    if (operation->console_socket < 0) {
        close_fd(operation->console_master);
        operation->console_master = master;
        relay_copy_size(STDIN_FILENO, master);
        return 0;
    }
    r = console_socket_send(operation->console_socket, master, operation->error);
    close_fd(master);
    return r;
}

static int notified(void *data, const struct criu_response *response, int descriptor,
                    struct error *error)
{
    struct operation *operation = data;

    (void)error; /* the operation's own */
    runtime_log(operation->runtime, LOG_LEVEL_DEBUG, "criu: %s", response->script);
    if (strcmp(response->script, "setup-namespaces") == 0)
        return set_up_namespaces(operation, response->pid);
    if (strcmp(response->script, "post-restore") == 0)
        return take_process(operation, response->pid);
    if (strcmp(response->script, "orphan-pts-master") == 0)
        return take_console(operation, descriptor);
    if (strcmp(response->script, "pre-resume") == 0)
        return restore_check(operation);
    return 0;
}

/* The same directory as criu, which makes mounts in it, finds it in its own mount namespace. */
static int reopen(struct operation *operation, int *place)
{
    char link[32], inside[PATH_MAX + 32];
    struct stat before, after;
    int prefix, fd;
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", *place);
    prefix = snprintf(inside, sizeof(inside), "/proc/%d/root", operation->restore->criu.pid);
    length = readlink(link, inside + prefix, PATH_MAX - 1);
    inside[prefix + (length > 0 ? length : 0)] = '\0';
    fd = length > 0 ? open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return error_set(operation->error, ERROR_CHECKPOINT_FILES, errno,
                         "cannot open the images' directory for criu");
    if (fstat(*place, &before) < 0 || fstat(fd, &after) < 0 || before.st_ino != after.st_ino ||
        before.st_dev != after.st_dev) {
        close_fd(fd);
        return error_set(operation->error, ERROR_CHECKPOINT_FILES, ESTALE,
                         "the images' directory was moved away");
    }
    close_fd(*place);
    *place = fd;
    return 0;
}

static int put_options(struct operation *operation, struct wire_writer *options)
{
    struct restore *restore = operation->restore;
    int r = reopen(operation, &restore->directories.images);

    if (r == 0)
        r = reopen(operation, &restore->directories.work);
    if (r == 0)
        r = criu_put_options(options, &restore->request->options, &restore->directories,
                             operation->spec, operation_plan(operation), RESTORE_LOG,
                             operation->error);
    if (r < 0)
        return r;
    criu_set_text(options, CRIU_OPTION_ROOT, restore->root_path);
    criu_set_flag(options, CRIU_OPTION_RESTORE_SIBLING, true);
    criu_set_flag(options, CRIU_OPTION_EVASIVE_DEVICES, true);
    criu_set_flag(options, CRIU_OPTION_TCP_CLOSE, restore->request->tcp_close);
    put_mounts(operation, options);
    put_descriptors(operation, options);
    restore_put_labels(operation, options);
    return put_cgroup_roots(operation, options);
}

int row_restore(struct operation *operation)
{
    struct restore *restore = operation->restore;
    struct wire_writer options = {0}, request = {0};
    struct criu_talk talk = {
        .criu = &restore->criu,
        .request = &request,
        .notify = notified,
        .data = operation,
        .interrupt = operation->signal_fd,
    };
    struct criu_response outcome;
    int r = put_options(operation, &options);

    if (r == 0) {
        criu_write_request(&request, CRIU_RESTORE, &options);
        if (options.failed)
            request.failed = true;
        r = criu_converse(&talk, &outcome, operation->error);
    }
    wire_done(&options);
    wire_done(&request);
    if (r == 0)
        r = take_process(operation, outcome.pid);
    if (r == -EINTR)
        operation_check_interrupt(operation);
    if (r < 0)
        criu_add_log(restore->directories.work, RESTORE_LOG, -1, operation->error);
    namespace_close_joins(operation_plan(operation));
    return r;
}
