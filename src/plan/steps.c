/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rows of the step lists a plan needs; the same code in dray and in the stage. */
#include "plan/steps.h"

#include "io/syscalls.h"

#include <sched.h>

static bool has_cgroup(const struct plan *plan)
{
    return plan->cgroup.path != 0;
}

/* systemd makes the cgroup around a process that is there already */
static bool has_scope(const struct plan *plan)
{
    return plan->cgroup.scope != 0;
}

static bool joins_namespaces(const struct plan *plan)
{
    return plan->namespaces.joins.count > 0;
}

static bool makes_after_joining(const struct plan *plan)
{
    return plan->namespaces.make_after_joining;
}

static bool makes_user_namespace(const struct plan *plan)
{
    return (plan->namespaces.clone_flags & CLONE_NEWUSER) != 0;
}

static bool makes_network_namespace(const struct plan *plan)
{
    return (plan->namespaces.clone_flags & CLONE_NEWNET) != 0;
}

static bool has_rdt(const struct plan *plan)
{
    return plan->rdt.set;
}

static bool has_net_devices(const struct plan *plan)
{
    return plan->net_devices.count > 0;
}

static bool has_user_namespace(const struct plan *plan)
{
    return ((plan->namespaces.clone_flags | plan->namespaces.joined) & CLONE_NEWUSER) != 0;
}

static bool has_hooks(const struct plan *plan, enum plan_hook_kind kind)
{
    return plan->hooks.kinds[kind].count > 0;
}

static bool has_runtime_hooks(const struct plan *plan)
{
    return has_hooks(plan, PLAN_HOOK_PRESTART) || has_hooks(plan, PLAN_HOOK_CREATE_RUNTIME);
}

static bool has_create_container_hooks(const struct plan *plan)
{
    return has_hooks(plan, PLAN_HOOK_CREATE_CONTAINER);
}

/* one of these has run, or will: poststop hooks are owed */
static bool has_create_hooks(const struct plan *plan)
{
    return has_runtime_hooks(plan) || has_create_container_hooks(plan);
}

bool plan_enters_last(const struct plan *plan)
{
    if ((plan->namespaces.joined & CLONE_NEWPID) == 0 || has_user_namespace(plan))
        return false;
    return plan->purpose == PLAN_EXEC ||
           (plan->namespaces.procfs_from_outside && !has_create_hooks(plan));
}

static bool enters_last(const struct plan *plan)
{
    return plan_enters_last(plan);
}

static bool enters_no_later(const struct plan *plan)
{
    return !plan_enters_last(plan);
}

/* A PID or time namespace that is not made by the clone itself takes effect for a child only. */
static bool enters_by_child(const struct plan *plan)
{
    return ((plan->namespaces.joined & CLONE_NEWPID) != 0 && !plan_enters_last(plan)) ||
           plan->namespaces.make_after_joining;
}

/*
 * What the stage must not overtake: it may be refused once its credentials are dropped; a child
 * that goes on in the stage's place does nothing before the journal knows it; and sysctls and hooks
 * find the network devices moved, and all that it will use counted in its group of resctrl.
 */
static bool waits_for_dray(const struct plan *plan)
{
    return enters_by_child(plan) || has_user_namespace(plan) || plan->process.rlimits.count > 0 ||
           plan->process.oom_score_adj_set || has_net_devices(plan) || has_rdt(plan);
}

/* dray sets what it can on the stage alone, or, when that goes on as a child, on the child. */
static bool exec_waits_for_dray(const struct plan *plan)
{
    return !plan_enters_last(plan) || waits_for_dray(plan) || has_scope(plan);
}

/* The cgroup namespace is rooted where the stage is at first; then dray moves it on. */
static bool delegates_cgroup(const struct plan *plan)
{
    return plan->cgroup.delegate != 0;
}

/* A real-time process cannot enter a cgroup without real-time budget: it becomes one inside. */
static bool waits_until_attached(const struct plan *plan)
{
    return delegates_cgroup(plan) || (plan->process.scheduler.set && !plan_enters_last(plan));
}

static bool has_initial_affinity(const struct plan *plan)
{
    return plan->process.affinity_initial.count > 0;
}

static bool attaches_cgroup(const struct plan *plan)
{
    return plan->descriptors.cgroup_procs.count > 0;
}

static bool makes_late_namespaces(const struct plan *plan)
{
    return plan->namespaces.late_flags != 0;
}

static bool has_start_container_hooks(const struct plan *plan)
{
    return has_hooks(plan, PLAN_HOOK_START_CONTAINER);
}

static bool has_sysctls(const struct plan *plan)
{
    return plan->namespaces.sysctls.count > 0;
}

static bool has_host_names(const struct plan *plan)
{
    return plan->namespaces.hostname != 0 || plan->namespaces.domainname != 0;
}

static bool has_terminal(const struct plan *plan)
{
    return plan->process.terminal;
}

static bool has_new_keyring(const struct plan *plan)
{
    return plan->process.new_keyring;
}

static bool has_detached_tree(const struct plan *plan)
{
    return plan->rootfs.detached_tree;
}

static bool has_labels(const struct plan *plan)
{
    return plan->process.apparmor != 0 || plan->process.selinux != 0;
}

static bool has_rlimits(const struct plan *plan)
{
    return plan->process.rlimits.count > 0;
}

static bool sends_pidfd(const struct plan *plan)
{
    return plan->process.pidfd_socket != 0;
}

static bool has_notify_socket(const struct plan *plan)
{
    return plan->process.notify_socket;
}

static bool has_seccomp_listener(const struct plan *plan)
{
    return plan->process.seccomp.listener;
}

static bool waits_for_start(const struct plan *plan)
{
    return plan->descriptors.start_fifo >= 0;
}

static bool adds_mounts(const struct plan *plan)
{
    return plan->rootfs.mounts.count > 0;
}

static bool removes_mounts(const struct plan *plan)
{
    return plan->unmounts.count > 0;
}

#define always NULL
#define STEP(row_name, row_role, condition) \
    {.name = #row_name, .role = STEP_##row_role, .applies = condition},

const struct step create_steps[CREATE_STEPS] = {
#include "plan/create_steps.def"
};

const struct step exec_steps[EXEC_STEPS] = {
#include "plan/exec_steps.def"
};

const struct step restore_steps[RESTORE_STEPS] = {
#include "plan/restore_steps.def"
};

const struct step mounts_steps[MOUNTS_STEPS] = {
#include "plan/mounts_steps.def"
};
