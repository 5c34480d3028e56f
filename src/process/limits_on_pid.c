/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dray sets on the stage from outside; runs in dray. */
#include "process/limits_on_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"

/* linux/sched/types.h, which glibc's <sched.h> collides with */
struct scheduler_attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
    uint32_t utilization_min;
    uint32_t utilization_max;
};
_Static_assert(sizeof(struct scheduler_attributes) == 56, "SCHED_ATTR_SIZE_VER1");

#define IO_PRIORITY_WHO_PROCESS 1 /* linux/ioprio.h */
#define ALL_CPUS_WORDS          (8192 / 64)

struct limit_values {
    uint64_t soft;
    uint64_t hard;
};

static int raise_rlimit(const struct plan *plan, const struct plan_rlimit *wanted, pid_t pid,
                        struct error *error)
{
    const char *name = plan_text(plan, wanted->name);
    struct limit_values old, new;

    if (syscall(SYS_prlimit64, pid, wanted->resource, NULL, &old) < 0)
        return error_set(error, ERROR_RLIMIT_FAILED, errno, "cannot read %s", name);
    new = old;
    if (new.hard < wanted->hard)
        new.hard = wanted->hard;
    if (new.soft < wanted->soft)
        new.soft = wanted->soft;
    if (new.soft == old.soft &&new.hard == old.hard)
        return 0;
    if (syscall(SYS_prlimit64, pid, wanted->resource, &new, NULL) == 0)
        return 0;
    return error_set(error, ERROR_RLIMIT_FAILED, errno,
                     "cannot raise %s to %llu: the caller's hard limit is %llu", name,
                     (unsigned long long)wanted->hard, (unsigned long long)old.hard);
}

int limits_raise_rlimits(const struct plan *plan, pid_t pid, struct error *error)
{
    plan_for_each(limit, plan, plan->process.rlimits, struct plan_rlimit)
    {
        int r = raise_rlimit(plan, limit, pid, error);

        if (r < 0) {
            plan_origin_explain(plan, limit->origin, error);
            return r;
        }
    }
    return 0;
}

int limits_set_oom_score_adj(const struct plan *plan, pid_t pid, struct error *error)
{
    int32_t wanted = plan->process.oom_score_adj, old;
    char path[64], text[16];
    ssize_t length;
    int r;

    if (!plan->process.oom_score_adj_set)
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
    length = file_read_once_at(AT_FDCWD, path, text, sizeof(text));
    if (length > 0) {
        text[strcspn(text, "\n")] = '\0';
        if (parse_i32(text, &old) == 0 && old == wanted)
            return 0;
    }
    r = snprintf(text, sizeof(text), "%d", wanted);
    r = file_write_at(AT_FDCWD, path, text, (size_t)r);
    if (r == 0)
        return 0;
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_OOM_SCORE_ADJ}, error);
    return error_set(error, ERROR_PROCESS_ATTRIBUTE, -r, "cannot set oom_score_adj to %d%s", wanted,
                     r == -EACCES ? " (lowering it needs CAP_SYS_RESOURCE)" : "");
}

static int set_affinity(const struct plan *plan, struct plan_array mask, pid_t pid,
                        struct error *error)
{
    if (syscall(SYS_sched_setaffinity, pid, mask.count * sizeof(uint64_t),
                plan_items(plan, mask, uint64_t)) == 0)
        return 0;
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_CPU_AFFINITY}, error);
    return error_set(error, ERROR_SCHEDULING_FAILED, errno, "cannot set the CPU affinity%s",
                     errno == EINVAL ? ": none of the CPUs is in the container's cpuset" : "");
}

int limits_set_affinity(const struct plan *plan, pid_t pid, struct error *error)
{
    uint64_t all[ALL_CPUS_WORDS];

    if (plan->process.affinity_final.count > 0)
        return set_affinity(plan, plan->process.affinity_final, pid, error);
    if (plan->process.affinity_initial.count > 0)
        return 0;
    memset(all, 0xff, sizeof(all));
    /* the kernel cuts it down to the cpuset; who may not call it keeps what dray has */
    if (syscall(SYS_sched_setaffinity, pid, sizeof(all), all) == 0 || errno == EPERM ||
        errno == EINVAL)
        return 0;
    return error_set(error, ERROR_SCHEDULING_FAILED, errno, "cannot reset the CPU affinity");
}

int limits_set_initial_affinity(const struct plan *plan, pid_t pid, struct error *error)
{
    if (plan->process.affinity_initial.count == 0)
        return 0;
    return set_affinity(plan, plan->process.affinity_initial, pid, error);
}

/* sched(7) */
static const char *policy_name(uint32_t policy)
{
    static const char *const names[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
                                        "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};

    return policy < sizeof(names) / sizeof(names[0]) ? names[policy] : "of an unknown policy";
}

int limits_set_scheduler(const struct plan *plan, pid_t pid, struct error *error)
{
    const struct plan_scheduler *wanted = &plan->process.scheduler;
    const struct scheduler_attributes attributes = {
        .size = sizeof(attributes),
        .policy = wanted->policy,
        .flags = wanted->flags,
        .nice = wanted->nice,
        .priority = wanted->priority,
        .runtime = wanted->runtime,
        .deadline = wanted->deadline,
        .period = wanted->period,
    };

    if (!wanted->set || syscall(SYS_sched_setattr, pid, &attributes, 0) == 0)
        return 0;
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_SCHEDULER}, error);
    return error_set(error, ERROR_SCHEDULING_FAILED, errno,
                     "cannot set the scheduler %s (nice %d, priority %u)",
                     policy_name(wanted->policy), wanted->nice, wanted->priority);
}

int limits_set_io_priority(const struct plan *plan, pid_t pid, struct error *error)
{
    if (!plan->process.io_priority_set ||
        syscall(SYS_ioprio_set, IO_PRIORITY_WHO_PROCESS, pid, plan->process.io_priority) == 0)
        return 0;
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_IO_PRIORITY}, error);
    return error_set(error, ERROR_SCHEDULING_FAILED, errno, "cannot set the I/O priority %#x",
                     plan->process.io_priority);
}

int limits_apply(const struct plan *plan, pid_t pid, struct error *error)
{
    static int (*const all[])(const struct plan *, pid_t, struct error *) = {
        limits_raise_rlimits, limits_set_oom_score_adj, limits_set_affinity,
        limits_set_scheduler, limits_set_io_priority,
    };

    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        int r = all[i](plan, pid, error);

        if (r < 0)
            return r;
    }
    return 0;
}
