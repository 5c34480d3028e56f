/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dray-stage PLAN SIZE: the descriptor number of the plan, and its bytes.
 *
 * Exit status: nothing reads it; what went wrong is in the flight recorder.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/number.h"
#include "io/syscalls.h"
#include "plan/fault_injection.h"
#include "stage/stage.h"

/* Its descriptor is closed together with all others. */
static const struct plan *map_plan(const char *descriptor, const char *size)
{
    const struct plan *plan;
    uint32_t bytes;
    int32_t fd;

    if (parse_i32(descriptor, &fd) < 0 || parse_u32(size, &bytes) < 0 || bytes < sizeof(*plan))
        return NULL;
    /* private: shared maps of a sealed memfd are refused before Linux 6.7 */
    plan = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (plan == MAP_FAILED || plan->magic != PLAN_MAGIC || plan->size != bytes)
        return NULL;
    return plan;
}

static struct recorder *map_recorder(int fd)
{
    void *page = mmap(NULL, RECORDER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return page != MAP_FAILED ? page : NULL;
}

/* A process that others in the container's PID namespace can see must not be open to them. */
static bool is_exposed(const struct plan *plan)
{
    return plan->purpose != PLAN_CREATE || (plan->namespaces.joined & CLONE_NEWPID) != 0;
}

static int walk(struct stage *stage, const struct step *steps, const stage_function *functions,
                uint32_t count)
{
    for (uint32_t row = 0; row < count; row++) {
        int r;

        if (functions[row] == NULL || !step_is_due(&steps[row], STEP_STAGE, stage->plan))
            continue;
        stage->row = row;
        stage->recorder->row = row;
        if (fault_before("stage", steps[row].name))
            r = error_set(stage->error, ERROR_INTERNAL, EIO, "injected fault");
        else
            r = functions[row](stage);
        fault_after("stage", steps[row].name);
        if (r < 0) {
            error_set(stage->error, ERROR_INTERNAL, -r, "step %s failed without a reason",
                      steps[row].name);
            stage->error->step = row + 1;
            stage->error->role = STEP_STAGE;
            stage->recorder->phase = RECORDER_FAILED;
            return r;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct stage stage; /* set below: in .bss it is no part of the image */
    const struct plan *plan = argc == 3 ? map_plan(argv[1], argv[2]) : NULL;

    if (plan == NULL)
        return 2;
    if (is_exposed(plan))
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    stage.plan = plan;
    stage.procfs = stage.procfs_context = stage.slave = stage.listener = -1;
    stage.recorder = map_recorder(plan->descriptors.recorder);
    if (stage.recorder == NULL)
        return 2;
    stage.error = &stage.recorder->error;
    if (plan->purpose == PLAN_CREATE)
        walk(&stage, create_steps, create_functions, CREATE_STEPS);
    else if (plan->purpose == PLAN_EXEC)
        walk(&stage, exec_steps, exec_functions, EXEC_STEPS);
    else if (walk(&stage, mounts_steps, mounts_functions, MOUNTS_STEPS) == 0)
        _exit(0);
    /* walking ends with the execution of the program, so getting here is failure */
    _exit(1);
}
