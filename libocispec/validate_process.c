/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules for the process, in config.json and for exec. */
#include <inttypes.h>
#include <string.h>

#include "validate.h"

static void validate_user(struct validation *validation, const struct place *place,
                          const struct oci_user *user)
{
    const struct place *gids = PLACE_KEY(place, "additionalGids");
    static const char message[] = "4294967295 is no ID, the kernel uses it for \"unchanged\"";

    if (user->uid == UINT32_MAX)
        validation_refuse(validation, PLACE_KEY(place, "uid"), OCI_FAULT_RANGE, message);
    if (user->gid == UINT32_MAX)
        validation_refuse(validation, PLACE_KEY(place, "gid"), OCI_FAULT_RANGE, message);
    for (size_t i = 0; i < user->additional_gids.count; i++)
        if (user->additional_gids.items[i] == UINT32_MAX)
            validation_refuse(validation, PLACE_ENTRY(gids, i), OCI_FAULT_RANGE, message);
    if (user->umask.set && user->umask.value > 0777)
        validation_refuse(validation, PLACE_KEY(place, "umask"), OCI_FAULT_RANGE,
                          "the umask %u is more than 511 (0777)", user->umask.value);
}

static void validate_rlimits(struct validation *validation, const struct place *place,
                             const struct oci_rlimit *rlimits, size_t count)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        const struct oci_rlimit *rlimit = &rlimits[i];
        const struct place *entry = PLACE_ENTRY(place, i);
        int number = oci_rlimit_number(rlimit->type);

        if (number < 0) {
            validation_refuse_word(validation, PLACE_KEY(entry, "type"), rlimit->type,
                                   oci_rlimit_names(), "\"%.60s\" is not a resource limit",
                                   rlimit->type);
            continue;
        }
        if ((seen & UINT64_C(1) << number) != 0)
            validation_refuse(validation, PLACE_KEY(entry, "type"), OCI_FAULT_DUPLICATE,
                              "the limit %s occurs twice", rlimit->type);
        seen |= UINT64_C(1) << number;
        if (rlimit->soft > rlimit->hard)
            validation_refuse(validation, PLACE_KEY(entry, "soft"), OCI_FAULT_CONFLICT,
                              "the soft limit %" PRIu64 " of %s is above the hard limit %" PRIu64,
                              rlimit->soft, rlimit->type, rlimit->hard);
    }
}

/* Bits of the known names; the others are reported. */
static uint64_t capability_mask(struct validation *validation, const struct place *place,
                                const struct oci_strings *names)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < names->count; i++) {
        int number = oci_capability_number(names->items[i]);

        if (number >= 0)
            mask |= UINT64_C(1) << number;
        else
            validation_refuse_word(validation, PLACE_ENTRY(place, i), names->items[i],
                                   oci_capability_names(), "\"%.60s\" is not a capability",
                                   names->items[i]);
    }
    return mask;
}

static void refuse_capabilities(struct validation *validation, const struct place *place,
                                uint64_t mask, const char *missing_in)
{
    if (mask != 0)
        validation_refuse(validation, place, OCI_FAULT_CONFLICT,
                          "%s is not in the %s set, which the kernel demands",
                          oci_capability_names()[__builtin_ctzll(mask)], missing_in);
}

static void check_capabilities(struct validation *validation, const struct place *place,
                               const struct oci_capabilities *sets)
{
    const struct place *effective_place = PLACE_KEY(place, "effective");
    const struct place *ambient_place = PLACE_KEY(place, "ambient");
    uint64_t effective, inheritable, permitted, ambient;

    capability_mask(validation, PLACE_KEY(place, "bounding"), &sets->bounding);
    effective = capability_mask(validation, effective_place, &sets->effective);
    inheritable = capability_mask(validation, PLACE_KEY(place, "inheritable"), &sets->inheritable);
    permitted = capability_mask(validation, PLACE_KEY(place, "permitted"), &sets->permitted);
    ambient = capability_mask(validation, ambient_place, &sets->ambient);
    refuse_capabilities(validation, effective_place, effective & ~permitted, "permitted");
    refuse_capabilities(validation, ambient_place, ambient & ~permitted, "permitted");
    refuse_capabilities(validation, ambient_place, ambient & permitted & ~inheritable,
                        "inheritable");
}

/* sched(7): runtime <= deadline <= period, a period of 0 is the deadline, at least 1024 ns. */
static void validate_deadline(struct validation *validation, const struct place *place,
                              const struct oci_scheduler *scheduler)
{
    uint64_t period = scheduler->period == 0 ? scheduler->deadline : scheduler->period;

    if (scheduler->runtime < 1024)
        validation_refuse(validation, PLACE_KEY(place, "runtime"), OCI_FAULT_RANGE,
                          "SCHED_DEADLINE needs a runtime of at least 1024 nanoseconds");
    if (scheduler->deadline < scheduler->runtime)
        validation_refuse(validation, PLACE_KEY(place, "deadline"), OCI_FAULT_CONFLICT,
                          "the deadline is shorter than the runtime");
    if (period < scheduler->deadline)
        validation_refuse(validation, PLACE_KEY(place, "period"), OCI_FAULT_CONFLICT,
                          "the period is shorter than the deadline");
    if ((scheduler->deadline | period) >> 63 != 0)
        validation_refuse(validation, PLACE_KEY(place, "deadline"), OCI_FAULT_RANGE,
                          "the kernel takes deadlines and periods below 2^63 nanoseconds");
}

static void validate_scheduler(struct validation *validation, const struct place *place,
                               const struct oci_scheduler *scheduler)
{
    bool realtime = scheduler->policy == OCI_SCHED_FIFO || scheduler->policy == OCI_SCHED_RR;
    const char *policy = oci_scheduler_policy_name(scheduler->policy);

    if (scheduler->policy == OCI_SCHED_ISO)
        validation_refuse(validation, PLACE_KEY(place, "policy"), OCI_FAULT_NOT_SUPPORTED,
                          "no Linux kernel has SCHED_ISO");
    if (scheduler->nice < -20 || scheduler->nice > 19)
        validation_refuse(validation, PLACE_KEY(place, "nice"), OCI_FAULT_RANGE,
                          "the nice value %d is not from -20 to 19", scheduler->nice);
    if (realtime && (scheduler->priority < 1 || scheduler->priority > 99))
        validation_refuse(validation, PLACE_KEY(place, "priority"), OCI_FAULT_RANGE,
                          "%s needs a priority from 1 to 99, not %d", policy, scheduler->priority);
    if (!realtime && scheduler->priority != 0)
        validation_refuse(validation, PLACE_KEY(place, "priority"), OCI_FAULT_CONFLICT,
                          "only SCHED_FIFO and SCHED_RR have a priority, %s has none", policy);
    if (scheduler->policy == OCI_SCHED_DEADLINE)
        validate_deadline(validation, place, scheduler);
    else if (scheduler->runtime != 0 || scheduler->deadline != 0 || scheduler->period != 0)
        validation_refuse(validation, PLACE_KEY(place, "policy"), OCI_FAULT_CONFLICT,
                          "runtime, deadline and period are for SCHED_DEADLINE, not for %s",
                          policy);
}

static void validate_affinity(struct validation *validation, const struct place *place,
                              const struct oci_exec_cpu_affinity *affinity)
{
    if (affinity->initial != NULL && !form_is_number_list(affinity->initial))
        validation_refuse(validation, PLACE_KEY(place, "initial"), OCI_FAULT_VALUE,
                          "\"%.60s\" is not a list of CPUs such as 0-3,7", affinity->initial);
    if (affinity->final != NULL && !form_is_number_list(affinity->final))
        validation_refuse(validation, PLACE_KEY(place, "final"), OCI_FAULT_VALUE,
                          "\"%.60s\" is not a list of CPUs such as 0-3,7", affinity->final);
}

static void validate_numbers(struct validation *validation, const struct place *place,
                             const struct oci_process *process)
{
    const struct oci_console_size *size = process->console_size;
    const struct oci_optional_i32 score = process->oom_score_adj;

    if (size != NULL && process->terminal &&
        (size->height > UINT16_MAX || size->width > UINT16_MAX))
        validation_refuse(validation, PLACE_KEY(place, "consoleSize"), OCI_FAULT_RANGE,
                          "a terminal has at most 65535 rows and columns");
    if (score.set && (score.value < -1000 || score.value > 1000))
        validation_refuse(validation, PLACE_KEY(place, "oomScoreAdj"), OCI_FAULT_RANGE,
                          "%d is not from -1000 to 1000", score.value);
    if (process->io_priority != NULL &&
        (process->io_priority->priority < 0 || process->io_priority->priority > 7))
        validation_refuse(validation, PLACE_KEY(PLACE_KEY(place, "ioPriority"), "priority"),
                          OCI_FAULT_RANGE, "the I/O priority %d is not from 0 to 7",
                          process->io_priority->priority);
}

void validate_process(struct validation *validation, const struct place *place,
                      const struct oci_process *process)
{
    if (process->args.count == 0 && (validation->flags & OCI_VALIDATE_RUNNABLE) != 0)
        validation_refuse(validation, PLACE_KEY(place, "args"), OCI_FAULT_MISSING,
                          "\"args\" is empty: there is no program to start");
    if (!form_is_absolute(process->cwd))
        validation_refuse(validation, PLACE_KEY(place, "cwd"), OCI_FAULT_VALUE,
                          "the working directory \"%.100s\" is not an absolute path", process->cwd);
    validate_env(validation, PLACE_KEY(place, "env"), &process->env);
    if (process->user != NULL)
        validate_user(validation, PLACE_KEY(place, "user"), process->user);
    validate_rlimits(validation, PLACE_KEY(place, "rlimits"), process->rlimits,
                     process->rlimits_count);
    if (process->capabilities != NULL && (validation->flags & OCI_VALIDATE_CHECK) != 0)
        check_capabilities(validation, PLACE_KEY(place, "capabilities"), process->capabilities);
    validate_numbers(validation, place, process);
    if (process->scheduler != NULL)
        validate_scheduler(validation, PLACE_KEY(place, "scheduler"), process->scheduler);
    if (process->exec_cpu_affinity != NULL)
        validate_affinity(validation, PLACE_KEY(place, "execCPUAffinity"),
                          process->exec_cpu_affinity);
}
