/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stage: what runs inside the container's namespaces until it becomes the container's program.
 *
 * A small static program of its own, executed from a sealed memfd right after the clone.  It maps
 * the plan, walks the stage's rows of the step list, and executes the program.  It decides nothing,
 * parses nothing, allocates nothing from a heap, and treats the root file system as hostile.
 */
#ifndef DRAY_STAGE_STAGE_H
#define DRAY_STAGE_STAGE_H

#include <stdbool.h>

#include "io/message.h"
#include "plan/plan.h"
#include "plan/recorder.h"
#include "plan/steps.h"
#include "process/program.h"
#include "rootfs/rootfs.h"

struct stage {
    const struct plan *plan;
    struct recorder *recorder;
    struct error *error; /* the recorder's */
    uint32_t row;        /* of the list being walked */
    struct rootfs rootfs;
    struct process_image image;
    int procfs;         /* for labels of exec, and for unmounting; create has the rootfs's */
    int procfs_context; /* of a procfs to mount: procfs_opener.h; -1 */
    int slave;          /* of the terminal; -1 */
    int listener;       /* of the seccomp filter; -1 */
    bool working_directory_entered;
    bool filtered; /* stage_load_seccomp() has been here */
};

/* What a row does.  Returns 0 or a negative errno value with stage->error set. */
typedef int (*stage_function)(struct stage *stage);

/* By row; NULL where the row is not the stage's. */
extern const stage_function create_functions[CREATE_STEPS];
extern const stage_function exec_functions[EXEC_STEPS];
extern const stage_function mounts_functions[MOUNTS_STEPS];

/* namespaces and cgroups: rows_namespace.c */
int stage_join_namespaces(struct stage *stage);
int stage_join_container(struct stage *stage);
int stage_make_namespaces(struct stage *stage);
int stage_enter_by_child(struct stage *stage);
int stage_enter_last(struct stage *stage);
int stage_become_root(struct stage *stage);
int stage_bring_loopback_up(struct stage *stage);
int stage_attach_cgroup(struct stage *stage);
int stage_make_late_namespaces(struct stage *stage);
int stage_write_sysctls(struct stage *stage);
int stage_set_hostname(struct stage *stage);

/* file systems: rows_rootfs.c */
int stage_set_propagation(struct stage *stage);
int stage_mount_root(struct stage *stage);
int stage_mount_all(struct stage *stage);
int stage_make_devices(struct stage *stage);
int stage_run_create_container_hooks(struct stage *stage);
int stage_pivot_root(struct stage *stage);
int stage_make_working_directory(struct stage *stage);
int stage_mask_paths(struct stage *stage);
int stage_make_readonly(struct stage *stage);
int stage_detach_tree(struct stage *stage);

/* mounts of a running container: rows_mounts.c */
int stage_open_procfs(struct stage *stage);
int stage_add_mounts(struct stage *stage);
int stage_remove_mounts(struct stage *stage);

/* the process: rows_process.c */
int stage_start_session(struct stage *stage);
int stage_open_console(struct stage *stage);
int stage_set_labels(struct stage *stage);
int stage_join_keyring(struct stage *stage);
int stage_set_attributes(struct stage *stage);
int stage_drop_credentials(struct stage *stage);
int stage_find_program(struct stage *stage);
int stage_set_rlimits(struct stage *stage);
int stage_load_seccomp(struct stage *stage);
int stage_wait_start(struct stage *stage);
int stage_run_start_container_hooks(struct stage *stage);
int stage_execute(struct stage *stage);

/*
 * Messages: rows_message.c.  Nothing but read(2) and write(2), because the later ones happen under
 * the container's filter.
 */
int stage_notify(struct stage *stage, int32_t value);
int stage_await(struct stage *stage);
int stage_notify_ready(struct stage *stage);
int stage_notify_progress(struct stage *stage);

#endif
