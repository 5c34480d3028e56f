/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creating and joining, read from top to bottom: what dray does in each of its rows. */
#include <unistd.h>

#include "base/cleanup.h"
#include "bus/units.h"
#include "steps/mounts.h"
#include "steps/restore.h"
#include "steps/rows.h"
#include "steps/undo.h"

static const step_function create_rows[CREATE_STEPS] = {
    [CREATE_READ_SPEC] = row_read_spec,
    [CREATE_PROBE_HOST] = row_probe_host,
    [CREATE_CONNECT_SYSTEMD] = row_connect_systemd,
    [CREATE_BUILD_PLAN] = row_build_plan,
    [CREATE_CLAIM_ID] = row_claim_id,
    [CREATE_NOTIFY_DIRECTORY] = row_notify_directory,
    [CREATE_SECCOMP_FILTER] = row_seccomp_filter,
    [CREATE_CONNECT_CONSOLE] = row_connect_console,
    [CREATE_CONNECT_PIDFD_SOCKET] = row_connect_pidfd_socket,
    [CREATE_MAP_RECORDER] = row_map_recorder,
    [CREATE_CGROUP_MAKE] = row_cgroup_make,
    [CREATE_CGROUP_LIMITS] = row_cgroup_limits,
    [CREATE_CGROUP_DEVICES] = row_cgroup_devices,
    [CREATE_RDT_GROUP] = row_rdt_group,
    [CREATE_START_FIFO] = row_start_fifo,
    [CREATE_OPEN_NAMESPACES] = row_open_namespaces,
    [CREATE_PREPARE_MOUNTS] = row_prepare_mounts,
    [CREATE_SPAWN] = row_spawn,
    [CREATE_ENTER_BY_CHILD] = row_enter_by_child,
    [CREATE_REQUEST_SCOPE] = row_request_scope,
    [CREATE_WRITE_IDMAPS] = row_write_idmaps,
    [CREATE_LIMITS_ON_PID] = row_limits_on_pid,
    [CREATE_RDT_ATTACH] = row_rdt_attach,
    [CREATE_MOVE_NET_DEVICES] = row_move_net_devices,
    [CREATE_HOST_SIDE_DONE] = row_notify,
    [CREATE_KEEP_CONFIG] = row_keep_config,
    [CREATE_AWAIT_SCOPE] = row_await_scope,
    [CREATE_SCOPE_CGROUP] = row_scope_cgroup,
    [CREATE_SCOPE_LIMITS] = row_cgroup_limits,
    [CREATE_SCOPE_DEVICES] = row_cgroup_devices,
    [CREATE_SCOPE_DONE] = row_notify,
    [CREATE_ATTACHED] = row_await,
    [CREATE_CGROUP_DELEGATE] = row_cgroup_delegate,
    [CREATE_DELEGATED] = row_notify,
    [CREATE_SCHEDULING] = row_scheduling,
    [CREATE_MOUNTED] = row_await,
    [CREATE_OWE_POSTSTOP] = row_owe_hooks,
    [CREATE_HOOKS_PRESTART] = row_hooks_prestart,
    [CREATE_HOOKS_CREATE_RUNTIME] = row_hooks_create_runtime,
    [CREATE_RUNTIME_HOOKS_DONE] = row_notify,
    [CREATE_CONSOLE] = row_console,
    [CREATE_ENTER_LAST] = row_enter_last,
    [CREATE_ENTERED] = row_notify,
    [CREATE_READY] = row_await,
    [CREATE_FORWARD_LISTENER] = row_forward_listener,
    [CREATE_SEND_PIDFD] = row_send_pidfd,
    [CREATE_WRITE_PID_FILE] = row_write_pid_file,
    [CREATE_COMMIT] = row_commit_create,
};

static const step_function exec_rows[EXEC_STEPS] = {
    [EXEC_READ_PROCESS] = row_read_process,
    [EXEC_PROBE_HOST] = row_probe_host,
    [EXEC_BUILD_PLAN] = row_build_plan,
    [EXEC_SECCOMP_FILTER] = row_seccomp_filter,
    [EXEC_CONNECT_CONSOLE] = row_connect_console,
    [EXEC_CONNECT_PIDFD_SOCKET] = row_connect_pidfd_socket,
    [EXEC_MAP_RECORDER] = row_map_recorder,
    [EXEC_OPEN_CGROUP] = row_open_cgroup,
    [EXEC_SPAWN] = row_spawn,
    [EXEC_INITIAL_AFFINITY] = row_initial_affinity,
    [EXEC_ENTER_BY_CHILD] = row_enter_by_child,
    [EXEC_ATTACH_SCOPE] = row_attach_scope,
    [EXEC_LIMITS_ON_PID] = row_limits_on_pid,
    [EXEC_SCHEDULING] = row_scheduling,
    [EXEC_HOST_SIDE_DONE] = row_notify,
    [EXEC_CONSOLE] = row_console,
    [EXEC_ENTER_LAST] = row_enter_last,
    [EXEC_ENTERED] = row_notify,
    [EXEC_READY] = row_await,
    [EXEC_FORWARD_LISTENER] = row_forward_listener,
    [EXEC_SEND_PIDFD] = row_send_pidfd,
    [EXEC_WRITE_PID_FILE] = row_write_pid_file,
    [EXEC_COMMIT] = row_commit,
};

static const step_function restore_rows[RESTORE_STEPS] = {
    [RESTORE_READ_SPEC] = row_read_spec,
    [RESTORE_PROBE_HOST] = row_probe_host,
    [RESTORE_CONNECT_SYSTEMD] = row_connect_systemd,
    [RESTORE_BUILD_PLAN] = row_build_plan,
    [RESTORE_FIND_CRIU] = row_find_criu,
    [RESTORE_OPEN_IMAGES] = row_open_images,
    [RESTORE_CLAIM_ID] = row_claim_id,
    [RESTORE_SECCOMP_FILTER] = row_seccomp_filter,
    [RESTORE_CONNECT_CONSOLE] = row_connect_console,
    [RESTORE_CGROUP_MAKE] = row_cgroup_make,
    [RESTORE_CGROUP_LIMITS] = row_cgroup_limits,
    [RESTORE_CGROUP_DEVICES] = row_cgroup_devices,
    [RESTORE_RDT_GROUP] = row_rdt_group,
    [RESTORE_OPEN_NAMESPACES] = row_open_namespaces,
    [RESTORE_KEEP_CONFIG] = row_keep_config,
    [RESTORE_OWE_POSTSTOP] = row_owe_hooks,
    [RESTORE_START_CRIU] = row_start_criu,
    [RESTORE_RDT_ATTACH] = row_rdt_attach,
    [RESTORE_REQUEST_SCOPE] = row_request_scope,
    [RESTORE_AWAIT_SCOPE] = row_await_scope,
    [RESTORE_SCOPE_CGROUP] = row_scope_cgroup,
    [RESTORE_SCOPE_LIMITS] = row_cgroup_limits,
    [RESTORE_SCOPE_DEVICES] = row_cgroup_devices,
    [RESTORE_RESTORE] = row_restore,
    [RESTORE_CGROUP_DELEGATE] = row_cgroup_delegate,
    [RESTORE_WRITE_PID_FILE] = row_write_pid_file,
    [RESTORE_COMMIT] = row_commit_restore,
};

static const step_function mounts_rows[MOUNTS_STEPS] = {
    [MOUNTS_READ_MOUNTS] = row_read_mounts,
    [MOUNTS_PROBE_HOST] = row_probe_host,
    [MOUNTS_PLAN_MOUNTS] = row_plan_mounts,
    [MOUNTS_MAP_RECORDER] = row_map_recorder,
    [MOUNTS_PREPARE_MOUNTS] = row_prepare_added_mounts,
    [MOUNTS_SAVE_MOUNTS] = row_save_mounts,
    [MOUNTS_SPAWN] = row_spawn,
    [MOUNTS_MOUNTS_DONE] = row_await,
};

/* It names a process that is no more, and soon another one. */
static void remove_pid_file(const struct operation *operation)
{
    const char *path =
        operation->create != NULL ? operation->create->pid_file : operation->exec->pid_file;

    if (operation->wrote_pid_file)
        unlink(path);
}

/* The error of the failed walk stays; what the unwinding could not do is added as its detail. */
static void undo_create(struct operation *operation)
{
    struct undo_request request = {
        .root = operation->root,
        .directory = operation->directory,
        .id = operation->id,
        .kill = true,
    };
    struct error error = {0};
    char text[1024];
    size_t length;

    if (operation->network_namespace >= 0)
        request.network_namespace = &operation->network_namespace;
    operation_kill_stage(operation);
    units_disconnect(operation->units);
    operation->units = NULL;
    if (undo_container(operation->runtime, &request, &error) == 0)
        return;
    length = error_format_text(&error, text, sizeof(text));
    error_set_detail(operation->error, text, length < sizeof(text) ? length : sizeof(text) - 1);
}

/* What create and restore end with: nothing half-made stays. */
static int end_creation(struct operation *operation, int r)
{
    if (r < 0)
        remove_pid_file(operation);
    if (r < 0 && operation->claimed)
        undo_create(operation);
    operation->network_namespace = close_fd(operation->network_namespace);
    return r;
}

int operation_create(struct operation *operation)
{
    int r = operation_hold_signals(operation);

    if (r == 0)
        r = operation_walk(operation, create_steps, create_rows, CREATE_STEPS);
    return end_creation(operation, r);
}

int operation_restore(struct operation *operation)
{
    int r = operation_hold_signals(operation);

    if (r == 0)
        r = operation_walk(operation, restore_steps, restore_rows, RESTORE_STEPS);
    restore_done(operation->restore);
    return end_creation(operation, r);
}

int operation_exec(struct operation *operation)
{
    int r = operation_hold_signals(operation);

    if (r == 0)
        r = operation_walk(operation, exec_steps, exec_rows, EXEC_STEPS);
    if (r < 0) {
        operation_kill_stage(operation);
        remove_pid_file(operation);
    }
    return r;
}

int operation_change_mounts(struct operation *operation)
{
    /* what takes back is not interrupted; the operation that failed holds the signals */
    int r = operation->mounts->undo != NULL ? 0 : operation_hold_signals(operation);

    if (r == 0)
        r = operation_walk(operation, mounts_steps, mounts_rows, MOUNTS_STEPS);
    /* one that came in between has not been looked at, and would kill us when it is let through */
    return r < 0 ? r : operation_check_interrupt(operation);
}
