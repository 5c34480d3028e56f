/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows that start the stage, and what it cannot do to itself. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "hook/hook.h"
#include "io/message.h"
#include "io/syscalls.h"
#include "namespace/join.h"
#include "namespace/stage_image.h"
#include "process/limits_on_pid.h"
#include "rootfs/prepare.h"
#include "security/seccomp_decide.h"
#include "state/journal.h"
#include "steps/host_mounts.h"
#include "steps/idmaps.h"
#include "steps/rows.h"

int row_open_namespaces(struct operation *operation)
{
    struct plan *plan = operation_plan(operation);
    int r = namespace_open_joins(plan, operation->error);

    if (r < 0)
        return r;
    namespace_plan_procfs(plan);
    return row_keep_network_namespace(operation);
}

int row_prepare_mounts(struct operation *operation)
{
    return rootfs_prepare_mounts(operation_plan(operation), operation->error);
}

/* Descriptors that the stage gets besides the plan, in memory of the arena. */
struct inherited {
    int *items;
    size_t count;
};

static void inherit(struct inherited *inherited, int descriptor)
{
    if (descriptor >= 0)
        inherited->items[inherited->count++] = descriptor;
}

static int collect_inherited(struct operation *operation, int plan_fd, struct inherited *ret)
{
    const struct plan *plan = operation_plan(operation);
    const struct plan_descriptors *descriptors = &plan->descriptors;
    size_t room = 16 + descriptors->cgroup_procs.count + plan->namespaces.joins.count +
                  plan->rootfs.mounts.count;

    *ret = (struct inherited){.items = oci_arena_alloc_array(&operation->arena, room, sizeof(int))};
    if (ret->items == NULL)
        return error_set(operation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot start the stage");
    inherit(ret, plan_fd);
    inherit(ret, descriptors->control);
    inherit(ret, descriptors->recorder);
    inherit(ret, descriptors->start_fifo);
    inherit(ret, descriptors->init);
    inherit(ret, descriptors->init_root);
    inherit(ret, descriptors->hook_stdout);
    inherit(ret, descriptors->hook_stderr);
    inherit(ret, plan->rootfs.descriptor);
    plan_for_each(procs, plan, descriptors->cgroup_procs, int32_t) inherit(ret, *procs);
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
        inherit(ret, join->descriptor);
    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
        inherit(ret, mount->descriptor);
    return 0;
}

/* v1 and hybrid: the stage attaches itself; cgroup2 alone: it is cloned into its cgroup. */
static int plan_attachment(struct operation *operation, int *ret_cgroup)
{
    struct plan_descriptors *descriptors = &operation_plan(operation)->descriptors;
    int procs[CGROUP_HIERARCHIES];
    int32_t *items;
    size_t count;
    int r;

    *ret_cgroup = -1;
    if (!operation->has_cgroup || operation_plan(operation)->cgroup.scope != 0)
        return 0; /* none, or row_attach_scope() */
    if (operation->create != NULL) {
        *ret_cgroup = cgroup_directory_v2(&operation->cgroup, operation->error);
        if (*ret_cgroup >= 0)
            return 0;
        if (operation->error->code != ERROR_NONE)
            return *ret_cgroup;
    }
    r = cgroup_procs_descriptors(&operation->cgroup, procs, &count, operation->error);
    if (r < 0)
        return r;
    items = plan_add_array(&operation->builder, sizeof(*items), count, &descriptors->cgroup_procs);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        items[i] = procs[i];
    return 0;
}

static int open_conversation(struct operation *operation)
{
    struct plan_descriptors *descriptors = &operation_plan(operation)->descriptors;
    int sockets[2];
    int r = message_pair(sockets, operation->error);

    if (r < 0)
        return r;
    operation->control = sockets[0];
    operation->stage_control = sockets[1];
    descriptors->control = sockets[1];
    descriptors->init = operation->init;
    descriptors->init_root = operation->init_root;
    r = hook_open_outputs(operation_plan(operation), &operation->hook_stdout,
                          &operation->hook_stderr, operation->error);
    descriptors->hook_stdout = operation->hook_stdout;
    descriptors->hook_stderr = operation->hook_stderr;
    return r;
}

static int start_stage(struct operation *operation, int plan_fd, int cgroup)
{
    const struct plan *plan = operation_plan(operation);
    _cleanup_close_ int image = stage_image_open(operation->error);
    char digits[16], size[16];
    const char *const arguments[] = {"dray-stage", digits, size, NULL};
    struct inherited inherited;
    struct spawn_request request = {
        .plan = plan,
        .arguments = arguments,
        .image = image,
        .cgroup = cgroup,
        .clone_flags = operation->create != NULL && !plan->namespaces.make_after_joining
                           ? plan->namespaces.clone_flags
                           : 0,
        .journal = operation->journal,
        .journal_kind = JOURNAL_PROCESS,
    };
    int r;

    if (image < 0)
        return image;
    snprintf(digits, sizeof(digits), "%d", plan_fd);
    snprintf(size, sizeof(size), "%u", plan->size);
    r = collect_inherited(operation, plan_fd, &inherited);
    if (r < 0)
        return r;
    request.inherited = inherited.items;
    request.inherited_count = inherited.count;
    r = spawn_stage(&request, &operation->stage, operation->error);
    if (r != SPAWN_IMAGE_REFUSED)
        return r;
    error_clear(operation->error);
    close_fd(image);
    request.image = image = stage_image_open_installed(operation->error);
    return image < 0 ? image : spawn_stage(&request, &operation->stage, operation->error);
}

/*
 * In the host's mount namespace the container's processes leave their mounts to the host.  Where
 * nothing is mounted below the root yet, all that will be is theirs and goes with the container.
 */
static int claim_host_mounts(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    const char *root = plan_text(plan, plan->rootfs.path);
    struct error error = {0};
    int count = host_mounts_count(root, &error);

    if (count < 0)
        runtime_log(operation->runtime, LOG_LEVEL_WARNING,
                    "mounts that the container leaves below \"%s\" will stay: %s", root,
                    error.message);
    if (count != 0)
        return 0;
    return journal_append(operation->journal, JOURNAL_HOST_MOUNTS, root, strlen(root),
                          operation->error);
}

int row_spawn(struct operation *operation)
{
    struct plan *plan = operation_plan(operation);
    _cleanup_close_ int plan_fd = -1;
    int cgroup;
    int r = plan_attachment(operation, &cgroup);

    if (r == 0)
        r = open_conversation(operation);
    if (r < 0)
        return r;
    if (operation->create != NULL && !plan->rootfs.private_mounts && !plan->rootfs.detached_tree)
        r = claim_host_mounts(operation);
    if (r < 0)
        return r;
    r = seccomp_check_needs(plan, operation->error);
    if (r < 0)
        return r;
    if (plan_enters_last(plan) && !plan->process.no_new_privileges)
        plan->process.seccomp.before_entering = seccomp_lets_enter(plan);
    plan->process.seccomp.close_listener =
        plan->process.seccomp.listener && seccomp_lets_close(plan);
    plan_fd = sealed_memory_make("dray-plan", plan, plan->size, 0, operation->error);
    if (plan_fd < 0)
        return plan_fd;
    r = start_stage(operation, plan_fd, cgroup);
    operation->stage_control = close_fd(operation->stage_control);
    namespace_close_joins(plan);
    rootfs_close_prepared(plan);
    return r;
}

/* exec: before the stage joins the container's cpuset, which would refuse CPUs outside of it */
int row_initial_affinity(struct operation *operation)
{
    int r = limits_set_initial_affinity(operation_plan(operation), operation->stage.identity.pid,
                                        operation->error);

    return r < 0 ? r : operation_notify(operation);
}

/* The stage went on as a child in the namespaces that it entered; the one we know ends. */
int row_enter_by_child(struct operation *operation)
{
    struct process_status status;
    siginfo_t ignored;
    int32_t pid;
    int r = operation_await(operation, &pid, NULL);

    if (r < 0)
        return r;
    while (waitid(P_PIDFD, (id_t)operation->stage.pidfd, NULL, WEXITED) < 0 && errno == EINTR)
        ;
    close_fd(operation->stage.pidfd);
    operation->stage = (struct spawned){.identity = {.pid = pid}, .pidfd = sys_pidfd_open(pid, 0)};
    if (operation->stage.pidfd < 0)
        return error_set(operation->error, ERROR_STAGE_DIED, errno,
                         "cannot find the container's process");
    /*
     * The child is among the container's processes already, which may have made it say a number of
     * their choice: only a child of ours, not reaped yet, is who it says and stays it.
     */
    if (waitid(P_PIDFD, (id_t)operation->stage.pidfd, &ignored, WEXITED | WNOHANG | WNOWAIT) < 0) {
        operation->stage.pidfd = close_fd(operation->stage.pidfd);
        return error_set(operation->error, ERROR_STAGE_DIED, ECHILD,
                         "the container's process says that it is process %d, which is not ours",
                         pid);
    }
    r = process_read_status(pid, &status);
    if (r < 0)
        return error_set(operation->error, ERROR_STAGE_DIED, -r,
                         "cannot find the container's process");
    operation->stage.identity.start_time = status.start_time;
    if (operation->journal < 0)
        return 0;
    r = journal_append(operation->journal, JOURNAL_PROCESS, &operation->stage.identity,
                       sizeof(operation->stage.identity), operation->error);
    return r < 0 || !operation->config_kept ? r : row_keep_config(operation);
}

int row_write_idmaps(struct operation *operation)
{
    static const enum idmap_kind kinds[] = {IDMAP_UID, IDMAP_GID};
    const struct plan *plan = operation_plan(operation);
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
        if (idmap_is_ours_to_write(plan, kinds[i], &operation->host))
            r = idmap_write(plan, kinds[i], operation->stage.identity.pid, &operation->host,
                            operation->error);
        else
            r = idmaps_write_by_helper(operation, kinds[i]);
    }
    return operation_blame_stage(operation, r);
}

int row_limits_on_pid(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    pid_t pid = operation->stage.identity.pid;
    int r = limits_raise_rlimits(plan, pid, operation->error);

    return r < 0 ? r : limits_set_oom_score_adj(plan, pid, operation->error);
}

int row_scheduling(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    pid_t pid = operation->stage.identity.pid;
    int r = limits_set_affinity(plan, pid, operation->error);

    if (r == 0)
        r = limits_set_scheduler(plan, pid, operation->error);
    if (r == 0)
        r = limits_set_io_priority(plan, pid, operation->error);
    return r;
}

/* Not every scheduler is inherited by a clone, so it is the child that gets it. */
int row_enter_last(struct operation *operation)
{
    int r = row_enter_by_child(operation);

    operation->stage_exposed = true;
    return r < 0 ? r : row_scheduling(operation);
}

int row_notify(struct operation *operation)
{
    return operation_notify(operation);
}

int row_await(struct operation *operation)
{
    return operation_await(operation, NULL, NULL);
}
