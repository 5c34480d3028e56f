/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the stage does in each of its rows. */
#include "stage/stage.h"

static int await(struct stage *stage)
{
    return stage_await(stage);
}

const stage_function create_functions[CREATE_STEPS] = {
    [CREATE_JOIN_NAMESPACES] = stage_join_namespaces,
    [CREATE_MAKE_NAMESPACES] = stage_make_namespaces,
    [CREATE_ENTER_BY_CHILD] = stage_enter_by_child,
    [CREATE_HOST_SIDE_DONE] = await,
    [CREATE_BECOME_ROOT] = stage_become_root,
    [CREATE_LOOPBACK] = stage_bring_loopback_up,
    [CREATE_SCOPE_DONE] = await,
    [CREATE_CGROUP_ATTACH] = stage_attach_cgroup,
    [CREATE_LATE_NAMESPACES] = stage_make_late_namespaces,
    [CREATE_ATTACHED] = stage_notify_progress,
    [CREATE_DELEGATED] = await,
    [CREATE_MOUNT_PROPAGATION] = stage_set_propagation,
    [CREATE_MOUNT_ROOT] = stage_mount_root,
    [CREATE_MOUNTS] = stage_mount_all,
    [CREATE_DEVICES] = stage_make_devices,
    [CREATE_MOUNTED] = stage_notify_progress,
    [CREATE_RUNTIME_HOOKS_DONE] = await,
    [CREATE_HOOKS_CREATE_CONTAINER] = stage_run_create_container_hooks,
    [CREATE_PIVOT_ROOT] = stage_pivot_root,
    [CREATE_SYSCTL] = stage_write_sysctls,
    [CREATE_HOSTNAME] = stage_set_hostname,
    [CREATE_CONSOLE] = stage_open_console,
    [CREATE_MAKE_WORKING_DIRECTORY] = stage_make_working_directory,
    [CREATE_MASK_PATHS] = stage_mask_paths,
    [CREATE_READONLY_PATHS] = stage_make_readonly,
    [CREATE_DETACH_TREE] = stage_detach_tree,
    [CREATE_LABELS] = stage_set_labels,
    [CREATE_KEYRING] = stage_join_keyring,
    [CREATE_PROCESS_ATTRIBUTES] = stage_set_attributes,
    [CREATE_CREDENTIALS] = stage_drop_credentials,
    [CREATE_FIND_PROGRAM] = stage_find_program,
    [CREATE_ENTER_LAST] = stage_enter_last,
    [CREATE_ENTERED] = await,
    [CREATE_SESSION] = stage_start_session,
    [CREATE_RLIMITS] = stage_set_rlimits,
    [CREATE_SECCOMP_LOAD] = stage_load_seccomp,
    [CREATE_READY] = stage_notify_ready,
    [CREATE_COMMIT] = await,
    [CREATE_WAIT_START] = stage_wait_start,
    [CREATE_HOOKS_START_CONTAINER] = stage_run_start_container_hooks,
    [CREATE_EXECUTE] = stage_execute,
};

const stage_function exec_functions[EXEC_STEPS] = {
    [EXEC_INITIAL_AFFINITY] = await,
    [EXEC_CGROUP_ATTACH] = stage_attach_cgroup,
    [EXEC_JOIN_CONTAINER] = stage_join_container,
    [EXEC_ENTER_BY_CHILD] = stage_enter_by_child,
    [EXEC_HOST_SIDE_DONE] = await,
    [EXEC_BECOME_ROOT] = stage_become_root,
    [EXEC_CONSOLE] = stage_open_console,
    [EXEC_LABELS] = stage_set_labels,
    [EXEC_KEYRING] = stage_join_keyring,
    [EXEC_PROCESS_ATTRIBUTES] = stage_set_attributes,
    [EXEC_CREDENTIALS] = stage_drop_credentials,
    [EXEC_FIND_PROGRAM] = stage_find_program,
    [EXEC_ENTER_LAST] = stage_enter_last,
    [EXEC_ENTERED] = await,
    [EXEC_SESSION] = stage_start_session,
    [EXEC_RLIMITS] = stage_set_rlimits,
    [EXEC_SECCOMP_LOAD] = stage_load_seccomp,
    [EXEC_READY] = stage_notify_ready,
    [EXEC_COMMIT] = await,
    [EXEC_EXECUTE] = stage_execute,
};

const stage_function mounts_functions[MOUNTS_STEPS] = {
    [MOUNTS_OPEN_PROCFS] = stage_open_procfs,     [MOUNTS_JOIN_CONTAINER] = stage_join_container,
    [MOUNTS_BECOME_ROOT] = stage_become_root,     [MOUNTS_ADD_MOUNTS] = stage_add_mounts,
    [MOUNTS_REMOVE_MOUNTS] = stage_remove_mounts, [MOUNTS_MOUNTS_DONE] = stage_notify_progress,
};
