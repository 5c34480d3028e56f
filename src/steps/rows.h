/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dray does in its rows of the step lists.  One function per row; see plan/create_steps.def
 * and exec_steps.def. */
#ifndef DRAY_STEPS_ROWS_H
#define DRAY_STEPS_ROWS_H

#include "steps/operation.h"

/* rows_document.c: what is asked for */
int row_read_spec(struct operation *operation);
int row_probe_host(struct operation *operation);
int row_build_plan(struct operation *operation);
int row_notify_directory(struct operation *operation); /* notify.c */
/* OCI_VALIDATE_SECCOMP_RECEIVER when the annotation or the environment names an agent. */
unsigned seccomp_validate_flags(const struct oci_spec *spec);
int row_seccomp_filter(struct operation *operation);

/* Appends to a list of a document; @more ends with NULL and may be NULL. */
int operation_append_strings(struct operation *operation, struct oci_strings *list,
                             const char *const *more);

/* rows_exec.c: exec's own */
int row_read_process(struct operation *operation);
int row_open_cgroup(struct operation *operation);

/* rows_state.c: what outlives dray */
int row_claim_id(struct operation *operation);
int row_keep_config(struct operation *operation);
int row_map_recorder(struct operation *operation);
int row_start_fifo(struct operation *operation);
int row_write_pid_file(struct operation *operation);
int row_commit_create(struct operation *operation);
int row_commit_restore(struct operation *operation);
int row_commit(struct operation *operation);

/* rows_cgroup.c */
int row_cgroup_make(struct operation *operation);
int row_cgroup_limits(struct operation *operation);
int row_cgroup_devices(struct operation *operation);
int row_cgroup_delegate(struct operation *operation);

/* rows_scope.c: with the systemd cgroup manager */
int row_connect_systemd(struct operation *operation);
int row_request_scope(struct operation *operation);
int row_await_scope(struct operation *operation);
int row_scope_cgroup(struct operation *operation);
int row_attach_scope(struct operation *operation); /* exec */

/* rows_spawn.c: from plan to a running stage, and what it cannot do to itself */
int row_open_namespaces(struct operation *operation);
int row_prepare_mounts(struct operation *operation);
int row_spawn(struct operation *operation);
int row_initial_affinity(struct operation *operation);
int row_enter_by_child(struct operation *operation);
int row_enter_last(struct operation *operation);
int row_write_idmaps(struct operation *operation);
int row_limits_on_pid(struct operation *operation);
int row_scheduling(struct operation *operation);
int row_notify(struct operation *operation);
int row_await(struct operation *operation);

/* What every plan begins and ends with. */
int operation_begin_plan(struct operation *operation);
void operation_log_warnings(struct operation *operation);

/* mounts.c */
int row_read_mounts(struct operation *operation);
int row_plan_mounts(struct operation *operation);
int row_prepare_added_mounts(struct operation *operation);
int row_save_mounts(struct operation *operation);

/* rdt.c */
int row_rdt_group(struct operation *operation);
int row_rdt_attach(struct operation *operation);

/* net_devices.c */
int row_keep_network_namespace(struct operation *operation);
int row_move_net_devices(struct operation *operation);

/* rows_outside.c: terminal, listener, hooks */
int row_connect_console(struct operation *operation);
int row_connect_pidfd_socket(struct operation *operation);
int row_send_pidfd(struct operation *operation);
int row_console(struct operation *operation);
int row_forward_listener(struct operation *operation);
int row_owe_hooks(struct operation *operation);
int row_hooks_prestart(struct operation *operation);
int row_hooks_create_runtime(struct operation *operation);

/* rows_restore.c: restore's own */
int row_find_criu(struct operation *operation);
int row_open_images(struct operation *operation);
int row_start_criu(struct operation *operation);
int row_restore(struct operation *operation);

#endif
