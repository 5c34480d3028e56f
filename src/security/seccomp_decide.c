/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs compiled filters over system calls that are known in advance.  Runs in dray; pure. */
#include "security/seccomp_decide.h"

#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "security/seccomp_arch.h"

static bool compare(uint16_t code, uint32_t accumulator, uint32_t value)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return accumulator == value;
    case BPF_JGT:
        return accumulator > value;
    case BPF_JGE:
        return accumulator >= value;
    default:
        return (accumulator & value) != 0;
    }
}

uint32_t seccomp_decide(const struct sock_filter *program, size_t count,
                        const struct seccomp_data *data)
{
    uint32_t accumulator = 0;

    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *at = &program[i];

        switch (at->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (at->k > sizeof(*data) - sizeof(accumulator))
                return SECCOMP_RET_KILL_PROCESS;
            memcpy(&accumulator, (const char *)data + at->k, sizeof(accumulator));
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            accumulator &= at->k;
            break;
        case BPF_RET | BPF_K:
            return at->k;
        case BPF_JMP | BPF_JA:
            i += at->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JSET | BPF_K:
            i += compare(at->code, accumulator, at->k) ? at->jt : at->jf;
            break;
        default:
            return SECCOMP_RET_KILL_PROCESS;
        }
    }
    return SECCOMP_RET_KILL_PROCESS;
}

static bool allows(const struct plan *plan, struct seccomp_data data)
{
    struct plan_array instructions = plan->process.seccomp.instructions;
    struct filter_arch native;
    uint32_t decision;

    filter_arch_native(&native);
    data.arch = native.audit;
    decision = seccomp_decide(plan_items(plan, instructions, struct sock_filter),
                              instructions.count, &data);
    return (decision & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW;
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
