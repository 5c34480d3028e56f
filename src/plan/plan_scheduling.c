/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans scheduler, I/O priority and CPU affinity.  Runs in dray. */
#include <errno.h>
#include <sched.h>

#include "plan/number_list.h"
#include "plan/plan_process_parts.h"

/* sched(7), linux/sched.h, linux/ioprio.h */
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif
#define DEADLINE_RUNTIME_MIN 1024
#define IO_PRIORITY_SHIFT    13
#define IO_PRIORITY_MAX      7
#define CPUS_MAX             8192 /* the largest CONFIG_NR_CPUS */

static const uint32_t policies[OCI_SCHED_COUNT] = {
    [OCI_SCHED_OTHER] = SCHED_OTHER, [OCI_SCHED_FIFO] = SCHED_FIFO,
    [OCI_SCHED_RR] = SCHED_RR,       [OCI_SCHED_BATCH] = SCHED_BATCH,
    [OCI_SCHED_IDLE] = SCHED_IDLE,   [OCI_SCHED_DEADLINE] = SCHED_DEADLINE,
};

static const uint64_t scheduler_flags[OCI_SCHED_FLAG_COUNT] = {
    [OCI_SCHED_FLAG_RESET_ON_FORK] = 0x01,  [OCI_SCHED_FLAG_RECLAIM] = 0x02,
    [OCI_SCHED_FLAG_DL_OVERRUN] = 0x04,     [OCI_SCHED_FLAG_KEEP_POLICY] = 0x08,
    [OCI_SCHED_FLAG_KEEP_PARAMS] = 0x10,    [OCI_SCHED_FLAG_UTIL_CLAMP_MIN] = 0x20,
    [OCI_SCHED_FLAG_UTIL_CLAMP_MAX] = 0x40,
};

static const uint32_t io_classes[OCI_IOPRIO_COUNT] = {
    [OCI_IOPRIO_REALTIME] = 1,
    [OCI_IOPRIO_BEST_EFFORT] = 2,
    [OCI_IOPRIO_IDLE] = 3,
};

static int fail(struct plan_builder *builder, const char *pointer, enum error_code code,
                const char *message)
{
    error_set_pointer(builder->error, "/process/%s", pointer);
    return error_set(builder->error, code, 0, "%s", message);
}

static int check_deadline(struct plan_builder *builder, const struct oci_scheduler *asked)
{
    uint64_t period = asked->period != 0 ? asked->period : asked->deadline;

    if (asked->runtime < DEADLINE_RUNTIME_MIN)
        return fail(builder, "scheduler/runtime", ERROR_CONFIG_RANGE,
                    "SCHED_DEADLINE needs a runtime of at least 1024 ns");
    if (asked->runtime > asked->deadline || asked->deadline > period || period >> 63 != 0)
        return fail(builder, "scheduler", ERROR_CONFIG_VALUE,
                    "SCHED_DEADLINE needs runtime <= deadline <= period");
    return 0;
}

static int check_scheduler(struct plan_builder *builder, const struct oci_scheduler *asked)
{
    bool realtime = asked->policy == OCI_SCHED_FIFO || asked->policy == OCI_SCHED_RR;
    bool fair = asked->policy == OCI_SCHED_OTHER || asked->policy == OCI_SCHED_BATCH;
    int r;

    if (asked->policy == OCI_SCHED_NONE)
        return fail(builder, "scheduler/policy", ERROR_CONFIG_MISSING,
                    "the scheduler has no policy");
    if (asked->policy == OCI_SCHED_ISO)
        return fail(builder, "scheduler/policy", ERROR_NOT_SUPPORTED,
                    "Linux has no scheduling policy SCHED_ISO");
    r = plan_check_range(builder, "/process/scheduler/nice", asked->nice, -20, 19);
    if (r < 0)
        return r;
    if (asked->nice != 0 && !fair)
        return fail(builder, "scheduler/nice", ERROR_CONFIG_CONFLICT,
                    "only SCHED_OTHER and SCHED_BATCH have a nice value");
    if (realtime)
        return plan_check_range(builder, "/process/scheduler/priority", asked->priority, 1, 99);
    if (asked->priority != 0)
        return fail(builder, "scheduler/priority", ERROR_CONFIG_CONFLICT,
                    "only SCHED_FIFO and SCHED_RR have a priority");
    return 0;
}

static int plan_scheduler(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_scheduler *asked = input->process->scheduler;
    struct plan_scheduler *plan = &builder->plan->process.scheduler;
    int r;

    if (asked == NULL)
        return 0;
    r = check_scheduler(builder, asked);
    if (r == 0 && asked->policy == OCI_SCHED_DEADLINE)
        r = check_deadline(builder, asked);
    else if (r == 0 && (asked->runtime != 0 || asked->deadline != 0 || asked->period != 0))
        r = fail(builder, "scheduler", ERROR_CONFIG_CONFLICT,
                 "only SCHED_DEADLINE has runtime, deadline and period");
    if (r < 0)
        return r;
    *plan = (struct plan_scheduler){
        .set = true,
        .policy = policies[asked->policy],
        .nice = asked->nice,
        .priority = (uint32_t)asked->priority,
        .runtime = asked->runtime,
        .deadline = asked->deadline,
        .period = asked->period,
    };
    for (size_t i = 0; i < asked->flags_count; i++)
        plan->flags |= scheduler_flags[asked->flags[i]];
    return 0;
}

static int plan_io_priority(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_io_priority *asked = input->process->io_priority;
    struct plan_process *plan = &builder->plan->process;

    if (asked == NULL)
        return 0;
    if (asked->class == OCI_IOPRIO_NONE)
        return fail(builder, "ioPriority/class", ERROR_CONFIG_MISSING,
                    "the I/O priority has no class");
    plan->io_priority_set = true;
    plan->io_priority = io_classes[asked->class] << IO_PRIORITY_SHIFT | (uint32_t)asked->priority;
    return plan_check_range(builder, "/process/ioPriority/priority", asked->priority, 0,
                            IO_PRIORITY_MAX);
}

static int plan_cpu_list(struct plan_builder *builder, const char *list, const char *which,
                         struct plan_array *mask)
{
    int r;

    if (list == NULL || list[0] == '\0')
        return 0;
    r = plan_add_number_list(builder, list, CPUS_MAX, mask);
    if (r == -ENOMEM || r == 0)
        return r;
    error_set_pointer(builder->error, "/process/execCPUAffinity/%s", which);
    return error_set(builder->error, r == -ERANGE ? ERROR_CONFIG_RANGE : ERROR_CONFIG_VALUE, 0,
                     "\"%s\" is not a list of CPUs such as \"0-3,7\"", list);
}

static int plan_affinity(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_exec_cpu_affinity *asked = input->process->exec_cpu_affinity;
    struct plan_array initial = {0}, final = {0};
    int r;

    if (asked == NULL)
        return 0;
    r = plan_cpu_list(builder, asked->initial, "initial", &initial);
    if (r == 0)
        r = plan_cpu_list(builder, asked->final, "final", &final);
    /* the spec: not for the container's first process */
    if (r == 0 && input->purpose == PLAN_EXEC) {
        builder->plan->process.affinity_initial = initial;
        builder->plan->process.affinity_final = final;
    }
    return r;
}

int plan_process_scheduling(const struct plan_input *input, struct plan_builder *builder)
{
    int r = plan_scheduler(input, builder);

    if (r == 0)
        r = plan_io_priority(input, builder);
    if (r == 0)
        r = plan_affinity(input, builder);
    return r;
}
