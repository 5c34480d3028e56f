/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows for what outlives dray: the claim, the recorder, the fifo, the status. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "host/subordinate_ids.h"
#include "io/file.h"
#include "io/syscalls.h"
#include "namespace/stage_image.h"
#include "state/directory.h"
#include "state/journal.h"
#include "state/saved_config.h"
#include "steps/rows.h"

#include <sched.h>

#define PASSWD_LIMIT (4u << 20)

int row_claim_id(struct operation *operation)
{
    operation->root = state_open_root(operation->runtime->root, true, operation->error);
    if (operation->root < 0)
        return operation->root;
    operation->directory = state_claim(operation->root, operation->id, operation->error);
    if (operation->directory < 0)
        return operation->directory;
    operation->claimed = true;
    operation->journal = journal_open(operation->directory, true, operation->error);
    return operation->journal < 0 ? operation->journal : 0;
}

/* Nobody reads it before the creation is complete, but hooks that have to be undone. */
int row_keep_config(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    const struct saved_config config = {
        .text = operation->config_text,
        .length = operation->config_length,
        .journal = operation->journal,
        .owes_hooks = plan->hooks.kinds[PLAN_HOOK_POSTSTOP].count > 0 ? operation->bundle : NULL,
    };
    int r =
        saved_config_make(operation->directory, &config, operation->config_kept, &operation->arena);

    if (r < 0)
        return error_set(operation->error, ERROR_STATE_WRITE, -r,
                         "cannot keep the configuration in \"%s/%s\"", operation->runtime->root,
                         operation->id);
    operation->config_kept = true;
    return 0;
}

static int map_recorder(struct operation *operation)
{
    void *page;

    page = mmap(NULL, RECORDER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, operation->recorder_fd, 0);
    if (page == MAP_FAILED)
        return error_set(operation->error, ERROR_OUT_OF_MEMORY, errno,
                         "cannot map the flight recorder");
    operation->recorder = page;
    operation->recorder->listener = -1;
    operation_plan(operation)->descriptors.recorder = operation->recorder_fd;
    return 0;
}

/* For as long as dray lives: run and exec answer for the stage themselves. */
static int map_private_recorder(struct operation *operation)
{
    operation->recorder_fd = memory_file_make("dray-recorder", false);
    if (operation->recorder_fd < 0 || ftruncate(operation->recorder_fd, RECORDER_SIZE) < 0)
        return error_set(operation->error, ERROR_SYSTEM,
                         operation->recorder_fd < 0 ? -operation->recorder_fd : errno,
                         "cannot make the flight recorder");
    return map_recorder(operation);
}

/* `start` is another process, which reads the file. */
int row_map_recorder(struct operation *operation)
{
    static const char nothing[RECORDER_SIZE];

    if (operation->create == NULL || operation->create->run)
        return map_private_recorder(operation);
    operation->recorder_fd = openat(operation->directory, STATE_RECORDER,
                                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (operation->recorder_fd < 0)
        return error_set(operation->error, ERROR_STATE_WRITE, errno,
                         "cannot make the flight recorder");
    /* a write into a hole of a full file system would be a SIGBUS later */
    if (pwrite(operation->recorder_fd, nothing, sizeof(nothing), 0) != (ssize_t)sizeof(nothing))
        return error_set(operation->error, ERROR_STATE_WRITE, ENOSPC,
                         "cannot make the flight recorder");
    return map_recorder(operation);
}

int row_start_fifo(struct operation *operation)
{
    if (operation->create->run)
        return 0;
    if (mkfifoat(operation->directory, STATE_START_FIFO, 0600) < 0)
        return error_set(operation->error, ERROR_STATE_WRITE, errno, "cannot make \"%s\"",
                         STATE_START_FIFO);
    /* for both directions, so that opening waits for nobody */
    operation->start_fifo =
        openat(operation->directory, STATE_START_FIFO, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (operation->start_fifo < 0)
        return error_set(operation->error, ERROR_STATE_WRITE, errno, "cannot open \"%s\"",
                         STATE_START_FIFO);
    operation_plan(operation)->descriptors.start_fifo = operation->start_fifo;
    return 0;
}

/* Readers see the file whole or not at all: engines poll for it. */
int row_write_pid_file(struct operation *operation)
{
    const char *path =
        operation->create != NULL ? operation->create->pid_file : operation->exec->pid_file;
    char digits[24];
    unsigned length;
    int r;

    if (path == NULL)
        return 0;
    length = format_u64(digits, (uint64_t)operation->stage.identity.pid);
    r = file_replace_at(AT_FDCWD, path, digits, length, 0644);
    if (r < 0)
        return error_set(operation->error, ERROR_PID_FILE, -r, "cannot write the pid file \"%s\"",
                         path);
    operation->wrote_pid_file = true;
    return 0;
}

/* Now, as RFC 3339 with nanoseconds in UTC. */
static void format_now(char out[40])
{
    struct timespec now;
    struct tm parts;
    size_t length;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    length = strftime(out, 40, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, 40 - length, ".%09ldZ", now.tv_nsec);
}

static bool shares_pid_namespace(const struct plan *plan)
{
    return (plan->namespaces.clone_flags & CLONE_NEWPID) == 0;
}

/* A name, as for root, if /etc/passwd has an ordinary one that fits; else the number. */
static void describe_owner(struct operation *operation)
{
    static const char ordinary[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *name = "root";
    char *users;
    size_t length;

    if (geteuid() != 0)
        name = file_read_all_at(AT_FDCWD, "/etc/passwd", PASSWD_LIMIT, &operation->arena, &users,
                                &length) == 0
                   ? subordinate_ids_find_name(users, geteuid())
                   : NULL;
    if (name != NULL && strlen(name) < sizeof(operation->owner) &&
        name[strspn(name, ordinary)] == '\0')
        memcpy(operation->owner, name, strlen(name) + 1);
    else
        format_u64(operation->owner, geteuid());
}

static int write_status(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);

    format_now(operation->created);
    describe_owner(operation);
    operation->own_status = (struct status){
        .version = STATUS_VERSION,
        .oci_version = operation->spec->oci_version,
        .id = operation->id,
        .pid = operation->stage.identity.pid,
        .start_time = operation->stage.identity.start_time,
        .bundle = operation->bundle,
        .rootfs = plan_text(plan, plan->rootfs.path),
        .created = operation->created,
        .owner = operation->owner,
        .annotations = operation->spec->annotations,
        .namespaces =
            plan->namespaces.clone_flags | plan->namespaces.joined | plan->namespaces.late_flags,
        .cgroup_manager = plan->cgroup.manager,
        .shares_pid_namespace = shares_pid_namespace(plan),
        .host_mount_namespace = !plan->rootfs.private_mounts,
        .has_poststart_hooks = plan->hooks.kinds[PLAN_HOOK_POSTSTART].count > 0,
        .has_poststop_hooks = plan->hooks.kinds[PLAN_HOOK_POSTSTOP].count > 0,
    };
    operation->status = &operation->own_status;
    return status_write(operation->journal, operation->status, &operation->arena, operation->error);
}

int row_commit_create(struct operation *operation)
{
    int r = write_status(operation);

    return r < 0 ? r : row_commit(operation);
}

int row_commit_restore(struct operation *operation)
{
    int r = write_status(operation);

    return r < 0 ? r : operation_check_interrupt(operation);
}

int row_commit(struct operation *operation)
{
    /* the last moment at which a signal can undo it all */
    int r = operation_check_interrupt(operation);

    return r < 0 ? r : operation_notify(operation);
}
