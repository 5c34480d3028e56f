/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the systemd cgroup manager.  A scope is made around a process that is there already, so
 * they come after the clone; systemd works while dray does what it needs no cgroup for.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "state/journal.h"
#include "steps/rows.h"
#include "steps/scope.h"

/* The helper has deadlines of its own; this one is for a helper that hangs. */
#define ANSWER_DEADLINE_MS 40000

/* It loads and connects while we read and plan. */
int row_start_helper(struct operation *operation)
{
    const struct runtime *runtime = operation->runtime;

    if (runtime->cgroup_manager != PLAN_CGROUP_SYSTEMD)
        return 0;
    operation->user_manager = scope_is_of_user(runtime->rootless == RUNTIME_ROOTLESS_TRUE,
                                               operation->host.in_user_namespace);
    return scope_connect(operation->user_manager, operation->signal_fd, &operation->link,
                         operation->error);
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
                 : scope_request(operation->link, plan, &record, identity->pid, operation->error);
}

/* Until the helper has an answer, the stage has ended, or a signal has come. */
static int wait_for_answer(struct operation *operation)
{
    struct pollfd events[] = {
        {.fd = scope_descriptor(operation->link), .events = POLLIN},
        {.fd = operation->stage.pidfd, .events = POLLIN},
        {.fd = operation->signal_fd, .events = POLLIN},
    };

    if (events[0].fd < 0)
        return operation_check_interrupt(operation); /* answered already */
    for (;;) {
        int r = poll(events, ARRAY_SIZE(events), ANSWER_DEADLINE_MS);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return error_set(operation->error, ERROR_SYSTEM, errno, "cannot wait for the helper");
        if (r == 0)
            return error_set(operation->error, ERROR_HELPER_FAILED, ETIMEDOUT,
                             "the helper does not answer");
        if (events[0].revents != 0)
            return 0;
        if (events[1].revents != 0)
            return operation_explain_stage(operation);
        r = operation_check_interrupt(operation);
        if (r < 0)
            return r;
    }
}

int row_await_scope(struct operation *operation)
{
    int r = wait_for_answer(operation);

    if (r == 0)
        r = scope_await(operation->link, operation->error);
    scope_disconnect(operation->link);
    operation->link = NULL;
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
    return operation_blame_stage(operation, r);
}

/* Let in by systemd where the kernel says that it is not ours to do. */
static int attach_by_systemd(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    struct scope_record record = {.user = plan->cgroup.user_manager};
    const char *below;
    struct scope_link *link;
    int r;

    snprintf(record.unit, sizeof(record.unit), "%s", plan_text(plan, plan->cgroup.scope));
    below = cgroup_path_in_unit(&operation->cgroup, record.unit);
    if (below == NULL)
        return error_set(operation->error, ERROR_CGROUP_JOIN, EACCES,
                         "the container's first process has left the unit \"%s\", and its cgroup "
                         "cannot be joined",
                         record.unit);
    r = scope_connect(record.user, operation->signal_fd, &link, operation->error);
    if (r < 0)
        return r;
    r = scope_attach(link, &record, below, operation->stage.identity.pid, operation->error);
    scope_disconnect(link);
    return r;
}

int row_attach_scope(struct operation *operation)
{
    int r = cgroup_attach(&operation->cgroup, operation->stage.identity.pid, operation->error);

    if ((r == -EACCES || r == -EPERM) && operation->error->code == ERROR_NONE)
        return attach_by_systemd(operation);
    return r;
}
