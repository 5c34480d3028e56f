/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the systemd cgroup manager.  A scope is made around a process that is there already, so
 * they come after the clone; systemd works while dray does what it needs no cgroup for.
 */
#include <errno.h>
#include <poll.h>

#include "bus/units.h"
#include "state/journal.h"
#include "steps/rows.h"
#include "steps/scope.h"

/* It lets us in while we read and plan. */
int row_connect_systemd(struct operation *operation)
{
    const struct runtime *runtime = operation->runtime;

    if (runtime->cgroup_manager != PLAN_CGROUP_SYSTEMD)
        return 0;
    operation->user_manager = scope_is_of_user(runtime->rootless == RUNTIME_ROOTLESS_TRUE,
                                               operation->host.in_user_namespace);
    return units_connect(operation->user_manager, &operation->units, operation->error);
}

int row_request_scope(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    const struct process_identity *identity = &operation->stage.identity;
    struct scope_record record;
    int r;

    scope_describe(plan, identity->pid, identity->start_time, &record);
    r = journal_append(operation->journal, JOURNAL_SCOPE, &record, record.size, operation->error);
    /* what is undone first is the process: systemd would only ask it to end */
    if (r == 0)
        r = journal_append(operation->journal, JOURNAL_PROCESS, identity, sizeof(*identity),
                           operation->error);
    return r < 0 ? r
                 : units_start(operation->units, plan, record.description, identity->pid,
                               operation->error);
}

/* The stage has ended, or a signal has come. */
static int stop_waiting(void *data)
{
    struct operation *operation = data;
    struct pollfd ended = {.fd = operation->stage.pidfd, .events = POLLIN};

    return poll(&ended, 1, 0) > 0 ? operation_explain_stage(operation)
                                  : operation_check_interrupt(operation);
}

static struct bus_wake find_wake(struct operation *operation)
{
    return (struct bus_wake){.descriptors = {operation->stage.pidfd, operation->signal_fd},
                             .woken = stop_waiting,
                             .data = operation};
}

int row_await_scope(struct operation *operation)
{
    const struct bus_wake wake = find_wake(operation);
    int r = units_await_start(operation->units, &wake, operation->error);

    units_disconnect(operation->units);
    operation->units = NULL;
    return operation_blame_stage(operation, r);
}

int row_scope_cgroup(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    pid_t pid = operation->stage.identity.pid;
    struct cgroup_record record;
    int r = cgroup_describe_scope(&operation->host.cgroups, plan_text(plan, plan->cgroup.scope),
                                  pid, &record, operation->error);

    if (r < 0)
        return operation_blame_stage(operation, r);
    r = journal_append(operation->journal, JOURNAL_CGROUP, &record, record.size, operation->error);
    if (r < 0)
        return r;
    r = cgroup_open_record(&operation->cgroup, &record, record.size);
    if (r < 0)
        return error_set(operation->error, ERROR_INTERNAL, -r, "the cgroup's record is unsound");
    operation->has_cgroup = true;
    r = cgroup_complete_scope(&operation->cgroup, plan, &operation->host.cgroups, pid,
                              operation->error);
    if (r == 0)
        r = cgroup_make_delegated(&operation->cgroup, plan, operation->error);
    /* restore: criu, below which all that it restores goes */
    if (r == 0 && operation->restore != NULL)
        r = cgroup_enter_delegated(&operation->cgroup, plan, pid, operation->error);
    return operation_blame_stage(operation, r);
}

/* Let in by systemd where the kernel says that it is not ours to do. */
static int attach_by_systemd(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    const char *unit = plan_text(plan, plan->cgroup.scope);
    const char *below;
    const struct bus_wake wake = find_wake(operation);
    struct units *units = NULL;
    int r;

    below = cgroup_path_in_unit(&operation->cgroup, unit);
    if (below == NULL)
        return error_set(operation->error, ERROR_CGROUP_JOIN, EACCES,
                         "the container's first process has left the unit \"%s\", and its cgroup "
                         "cannot be joined",
                         unit);
    r = units_connect(plan->cgroup.user_manager, &units, operation->error);
    if (r < 0)
        return r;
    r = units_attach(units, unit, below, operation->stage.identity.pid, &wake, operation->error);
    units_disconnect(units);
    return r;
}

int row_attach_scope(struct operation *operation)
{
    int r = cgroup_attach(&operation->cgroup, operation->stage.identity.pid, operation->error);

    if ((r == -EACCES || r == -EPERM) && operation->error->code == ERROR_NONE)
        return attach_by_systemd(operation);
    return r;
}
