/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "security/seccomp_decide.h"

#include <errno.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "security/credentials.h"
#include "security/seccomp_arch.h"
#include "security/seccomp_run.h"

/* 0, or -ENOTSUP for a filter that cannot be judged here. */
static int decide(const struct plan *plan, struct seccomp_data data, uint32_t *ret_action)
{
    struct plan_array instructions = plan->process.seccomp.instructions;
    struct filter_arch native;
    uint32_t decision = 0;
    int r;

    filter_arch_native(&native);
    data.arch = native.audit;
    r = seccomp_run(plan_items(plan, instructions, struct sock_filter), instructions.count, &data,
                    &decision, NULL);
    if (r == 0)
        *ret_action = decision & SECCOMP_RET_ACTION_FULL;
    return r;
}

static bool allows(const struct plan *plan, struct seccomp_data data)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;

    return decide(plan, data, &action) == 0 && action == SECCOMP_RET_ALLOW;
}

/* Addresses are left out: no profile can mean one of the stage's. */
bool seccomp_lets_enter(const struct plan *plan)
{
    const struct seccomp_data calls[] = {
        {.nr = SYS_clone, .args = {CLONE_PARENT}},
        {.nr = SYS_write, .args = {(uint64_t)plan->descriptors.control}},
        {.nr = SYS_read, .args = {(uint64_t)plan->descriptors.control}},
        {.nr = SYS_exit_group},
        {.nr = SYS_setsid},
        {.nr = SYS_rt_sigaction},
        {.nr = SYS_rt_sigprocmask},
    };
    struct seccomp_data control = {.nr = SYS_ioctl, .args = {0, TIOCSCTTY}};

    if (plan->process.seccomp.instructions.count == 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (!allows(plan, calls[i]))
            return false;
    }
    if (plan->process.terminal && !allows(plan, control))
        return false;
    plan_for_each(limit, plan, plan->process.rlimits, struct plan_rlimit)
    {
        struct seccomp_data set = {.nr = SYS_prlimit64, .args = {0, limit->resource}};

        if (!allows(plan, set))
            return false;
    }
    return true;
}

bool seccomp_lets_close(const struct plan *plan)
{
    return allows(plan, (struct seccomp_data){.nr = SYS_close});
}

/* A system call that is still to be made under the filter. */
struct needed {
    const char *name;
    struct seccomp_data data;
    bool before_agent; /* nobody could answer for it yet: the agent gets its descriptor later */
};

static const char *describe_action(uint32_t action)
{
    switch (action) {
    case SECCOMP_RET_ERRNO:
        return "fails it";
    case SECCOMP_RET_USER_NOTIF:
        return "asks an agent, who cannot answer yet,";
    case SECCOMP_RET_TRACE:
        return "asks a tracer, who is not there,";
    default:
        return "kills who makes it";
    }
}

static bool passes(const struct plan *plan, const struct needed *needed, uint32_t *ret_action)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;

    if (decide(plan, needed->data, &action) < 0)
        return true; /* the kernel will tell */
    *ret_action = action;
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
           (action == SECCOMP_RET_USER_NOTIF && !needed->before_agent);
}

int seccomp_check_needs(const struct plan *plan, struct error *error)
{
    const uint64_t control = (uint64_t)plan->descriptors.control;
    const uint64_t waits_at =
        plan->descriptors.start_fifo > 0 ? (uint64_t)plan->descriptors.start_fifo : control;
    const struct needed calls[] = {
        {"capset", {.nr = SYS_capset}, true},
        {"write", {.nr = SYS_write, .args = {control, 0, 8}}, true},
        {"read", {.nr = SYS_read, .args = {control, 0, 8}}, false},
        {"read", {.nr = SYS_read, .args = {waits_at, 0, 1}}, false},
        {"execve", {.nr = SYS_execve}, false},
    };

    if (plan->process.seccomp.instructions.count == 0)
        return 0;
    for (size_t i = credentials_keeps_sys_admin(plan) ? 0 : 1; i < ARRAY_SIZE(calls); i++) {
        uint32_t action = 0;
        int r;

        if (passes(plan, &calls[i], &action))
            continue;
        r = error_set(
            error, ERROR_SECCOMP_FORBIDS, EPERM,
            "the seccomp filter %s when the system call \"%s\" is made, which is still to "
            "come once the filter is loaded",
            describe_action(action), calls[i].name);
        plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_SECCOMP}, error);
        return r;
    }
    return 0;
}
