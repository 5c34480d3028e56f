/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage's rows for namespaces and cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "namespace/join.h"
#include "namespace/loopback.h"
#include "namespace/sysctl.h"
#include "namespace/time_offsets.h"
#include "stage/procfs_opener.h"
#include "stage/stage.h"

int stage_join_namespaces(struct stage *stage)
{
    plan_for_each(join, stage->plan, stage->plan->namespaces.joins, struct plan_join)
    {
        if (join->type != CLONE_NEWPID || !stage->plan->namespaces.procfs_by_opener ||
            !plan_enters_last(stage->plan))
            continue;
        stage->procfs_context = procfs_opener_open(stage, join);
        if (stage->procfs_context < 0)
            return stage->procfs_context;
    }
    return namespace_join_all(stage->plan, stage->error);
}

/* exec: everything the container has of its own, in one call (setns(2) with a pidfd, Linux 5.8). */
int stage_join_container(struct stage *stage)
{
    const struct plan_descriptors *descriptors = &stage->plan->descriptors;
    uint64_t flags = stage->plan->namespaces.joined;

    if (flags != 0 && setns(descriptors->init, (int)flags) < 0)
        return error_set(stage->error,
                         errno == ESRCH ? ERROR_CONTAINER_NOT_RUNNING : ERROR_NAMESPACE_FAILED,
                         errno,
                         errno == ESRCH ? "container not running"
                                        : "cannot join the namespaces of the container");
    if ((flags & CLONE_NEWNS) != 0)
        return 0;
    /* the container shares the mount namespace of the host: only its root directory is its own */
    if (fchdir(descriptors->init_root) < 0 || chroot(".") < 0)
        return error_set(stage->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot enter the root directory of the container");
    return 0;
}

/* Those that belong to a joined user namespace, or to one that must be made after joining others.
 */
int stage_make_namespaces(struct stage *stage)
{
    const struct plan *plan = stage->plan;

    if (unshare((int)plan->namespaces.clone_flags) < 0)
        return error_set(stage->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot make the container's namespaces (flags %#llx)",
                         (unsigned long long)plan->namespaces.clone_flags);
    if ((plan->namespaces.clone_flags & CLONE_NEWTIME) == 0)
        return 0;
    return time_offsets_write(plan, stage->error);
}

/*
 * PID and time namespaces take effect for children only.  The clone goes on as dray's own child
 * (CLONE_PARENT); this process ends, and was never seen in a joined PID namespace.
 */
int stage_enter_by_child(struct stage *stage)
{
    long pid = syscall(SYS_clone, (unsigned long)CLONE_PARENT, NULL, NULL, NULL, NULL);

    if (pid < 0)
        return error_set(stage->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot start a process in the namespaces of the container");
    if (pid == 0)
        return 0;
    /* the number is of dray's PID namespace, which is still ours */
    if (stage_notify(stage, (int32_t)pid) < 0)
        kill((pid_t)pid, SIGKILL);
    _exit(0);
}

/*
 * The child can be traced and looked into by whoever has CAP_SYS_PTRACE in the PID namespace, since
 * nothing hides a process from a privileged one of its own user namespace.  So it comes into being
 * with the root, the descriptors, the ids and the capabilities of the program, and under its filter
 * when that lets it get to the program from here; else it keeps CAP_SYS_ADMIN for loading it.
 */
int stage_enter_last(struct stage *stage)
{
    int r = stage->plan->process.seccomp.before_entering ? stage_load_seccomp(stage) : 0;

    return r < 0 ? r : stage_enter_by_child(stage);
}

/*
 * Where 0 is not mapped (a user alone, as an id that is not root's) the stage goes on as who it is:
 * it has all capabilities in the namespace either way.  But an id that is not mapped, such as that
 * of the host's root, is not to go in: there it would still be the host's.
 */
static int become(long set_ids, unsigned own)
{
    if (syscall(set_ids, 0, 0, 0) == 0)
        return 0;
    return errno == EINVAL ? (int)syscall(set_ids, own, own, own) : -1;
}

/*
 * The exec of the stage would have lost all capabilities in the new user namespace, so the clone
 * window made them ambient.  With uid 0 mapped they come with the uid and must not linger.
 */
int stage_become_root(struct stage *stage)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    if (become(SYS_setresgid, getegid()) < 0 || become(SYS_setresuid, geteuid()) < 0)
        return error_set(stage->error, ERROR_CREDENTIALS_FAILED, errno,
                         "cannot become root of the user namespace, nor stay who dray is: "
                         "neither is mapped");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
        return error_set(stage->error, ERROR_CAPABILITY_FAILED, errno,
                         "cannot clear the ambient capabilities");
    if (syscall(SYS_capget, &header, data) < 0)
        return error_set(stage->error, ERROR_CAPABILITY_FAILED, errno,
                         "cannot read the capabilities of the stage");
    data[0].inheritable = 0;
    data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) < 0)
        return error_set(stage->error, ERROR_CAPABILITY_FAILED, errno,
                         "cannot clear the inheritable capabilities");
    return 0;
}

int stage_attach_cgroup(struct stage *stage)
{
    const struct plan *plan = stage->plan;

    plan_for_each(procs, plan, plan->descriptors.cgroup_procs, int32_t)
    {
        ssize_t n;

        do
            n = write(*procs, "0", 1);
        while (n < 0 && errno == EINTR);
        if (n < 0) {
            error_set(stage->error, ERROR_CGROUP_JOIN, errno, "cannot join the cgroup \"%s\"",
                      plan_text(plan, plan->cgroup.path));
            plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_CGROUPS_PATH},
                                stage->error);
            return -EIO;
        }
    }
    return 0;
}

int stage_make_late_namespaces(struct stage *stage)
{
    uint64_t flags = stage->plan->namespaces.late_flags;

    if (unshare((int)flags) < 0)
        return error_set(stage->error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot make the container's namespaces (flags %#llx)",
                         (unsigned long long)flags);
    return (flags & CLONE_NEWTIME) != 0 ? time_namespace_enter(stage->plan, stage->error) : 0;
}

int stage_bring_loopback_up(struct stage *stage)
{
    return loopback_bring_up(stage->error);
}

int stage_write_sysctls(struct stage *stage)
{
    int proc = rootfs_open_procfs(&stage->rootfs);

    return proc < 0 ? proc : sysctl_write_all(stage->plan, proc, stage->error);
}

int stage_set_hostname(struct stage *stage)
{
    return hostname_set(stage->plan, stage->error);
}
