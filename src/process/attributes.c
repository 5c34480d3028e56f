/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the stage sets on itself before it becomes the program; runs in the stage. */
#include "process/attributes.h"

#include <errno.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int process_start_session(struct error *error)
{
    /* what nohup, conmon, shells and scripting languages are known to leave ignored */
    static const int often_ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGTERM,
                                        SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU};
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;

    if (setsid() < 0 && getsid(0) != getpid())
        return error_set(error, ERROR_PROCESS_ATTRIBUTE, errno, "cannot start a session");
    for (size_t i = 0; i < sizeof(often_ignored) / sizeof(often_ignored[0]); i++)
        sigaction(often_ignored[i], &by_default, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

void process_set_umask(const struct plan *plan)
{
    /* the spec leaves the default to the runtime; the caller's must not leak in */
    umask(plan->process.umask_set ? plan->process.umask : 0022);
}

int process_set_personality(const struct plan *plan, struct error *error)
{
    if (!plan->process.personality_set || personality(plan->process.personality) >= 0)
        return 0;
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_PERSONALITY}, error);
    return error_set(error, ERROR_PROCESS_ATTRIBUTE, errno, "cannot set the personality %#x",
                     plan->process.personality);
}

int process_set_memory_policy(const struct plan *plan, struct error *error)
{
    const struct plan_memory_policy *policy = &plan->process.memory_policy;
    const uint64_t *nodes = NULL;
    unsigned long bits = 0;

    if (!policy->set)
        return 0;
    if (policy->nodes.count > 0) {
        nodes = plan_items(plan, policy->nodes, uint64_t);
        /* the kernel takes one off (mm/mempolicy.c, get_nodes()) */
        bits = policy->nodes_bits + 1;
    }
    if (syscall(SYS_set_mempolicy, policy->mode, nodes, bits) == 0)
        return 0;
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_MEMORY_POLICY}, error);
    return error_set(error, ERROR_PROCESS_ATTRIBUTE, errno,
                     "cannot set the memory policy (mode %#x)%s", policy->mode,
                     errno == EINVAL ? "; does the host have these nodes?" : "");
}

int process_set_rlimits(const struct plan *plan, struct error *error)
{
    plan_for_each(limit, plan, plan->process.rlimits, struct plan_rlimit)
    {
        const uint64_t values[2] = {limit->soft, limit->hard};

        if (syscall(SYS_prlimit64, 0, limit->resource, values, NULL) == 0)
            continue;
        plan_origin_explain(plan, limit->origin, error);
        return error_set(error, ERROR_RLIMIT_FAILED, errno,
                         "cannot set %s to %llu (soft) and %llu (hard)",
                         plan_text(plan, limit->name), (unsigned long long)limit->soft,
                         (unsigned long long)limit->hard);
    }
    return 0;
}
