/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step lists as both programs see them: names, roles, and which rows a plan needs.
 * What a row does is in src/steps for dray and in src/stage for the stage.
 */
#ifndef DRAY_PLAN_STEPS_H
#define DRAY_PLAN_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

enum step_role {
    STEP_DRAY = 1,
    STEP_STAGE = 2,
    STEP_BOTH = STEP_DRAY | STEP_STAGE, /* a message between the two */
};

enum create_step {
#define STEP(name, role, condition) CREATE_##name,
#include "plan/create_steps.def"
#undef STEP
    CREATE_STEPS
};

enum exec_step {
#define STEP(name, role, condition) EXEC_##name,
#include "plan/exec_steps.def"
#undef STEP
    EXEC_STEPS
};

enum restore_step {
#define STEP(name, role, condition) RESTORE_##name,
#include "plan/restore_steps.def"
#undef STEP
    RESTORE_STEPS
};

/*
 * True when the stage enters the PID namespace that it joins with everything given up that the
 * program does not get (ENTER_LAST).  Who has CAP_SYS_PTRACE in there may then look into it and
 * take it over, and gains nothing.  Not with a user namespace, which keeps what was executed
 * outside of it from those inside; hooks that run while a container is created are told the pid
 * that it keeps, so there the stage enters first (ENTER_BY_CHILD); so it does where only a process
 * inside can mount a procfs: without fsopen(2) or seccomp filters, or with more than one procfs
 * before Linux 6.17 (plan_namespaces.procfs_from_outside).
 */
bool plan_enters_last(const struct plan *plan);

enum mounts_step {
#define STEP(name, role, condition) MOUNTS_##name,
#include "plan/mounts_steps.def"
#undef STEP
    MOUNTS_STEPS
};

/* One row of a list. */
struct step {
    const char *name; /* "MOUNT_ROOT" */
    enum step_role role;
    bool (*applies)(const struct plan *plan); /* NULL: always, also while there is no plan yet */
};

extern const struct step create_steps[CREATE_STEPS];
extern const struct step exec_steps[EXEC_STEPS];
extern const struct step restore_steps[RESTORE_STEPS];
extern const struct step mounts_steps[MOUNTS_STEPS];

/* True when the row is one of @role's and @plan needs it. */
static inline bool step_is_due(const struct step *step, enum step_role role,
                               const struct plan *plan)
{
    return (step->role & role) != 0 && (step->applies == NULL || step->applies(plan));
}

#endif
