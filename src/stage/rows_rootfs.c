/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage's rows for file systems. */
#include <unistd.h>

#include "base/cleanup.h"
#include "hook/hook.h"
#include "process/cwd.h"
#include "stage/stage.h"

int stage_set_propagation(struct stage *stage)
{
    rootfs_init(&stage->rootfs, stage->plan, stage->error);
    stage->rootfs.procfs_context = take_fd(&stage->procfs_context);
    return rootfs_set_propagation(&stage->rootfs);
}

int stage_mount_root(struct stage *stage)
{
    return rootfs_mount_root(&stage->rootfs);
}

int stage_mount_all(struct stage *stage)
{
    return rootfs_mount_all(&stage->rootfs);
}

int stage_make_devices(struct stage *stage)
{
    return rootfs_make_devices(&stage->rootfs);
}

/* In the container's namespaces, but with the paths of the host: before the pivot. */
int stage_run_create_container_hooks(struct stage *stage)
{
    struct hook_context context = {
        .status = "creating",
        .pid = getpid(),
        .stdout_fd = stage->plan->descriptors.hook_stdout,
        .stderr_fd = stage->plan->descriptors.hook_stderr,
    };

    return hook_run_all(stage->plan, PLAN_HOOK_CREATE_CONTAINER, &context, stage->error);
}

int stage_pivot_root(struct stage *stage)
{
    return rootfs_pivot(&stage->rootfs);
}

int stage_make_working_directory(struct stage *stage)
{
    process_make_cwd(stage->plan, stage->rootfs.root);
    return 0;
}

int stage_mask_paths(struct stage *stage)
{
    return rootfs_mask(&stage->rootfs);
}

int stage_make_readonly(struct stage *stage)
{
    int r = rootfs_make_readonly(&stage->rootfs);

    return r < 0 ? r : rootfs_set_root_propagation(&stage->rootfs);
}

int stage_detach_tree(struct stage *stage)
{
    return rootfs_detach_tree(&stage->rootfs);
}
