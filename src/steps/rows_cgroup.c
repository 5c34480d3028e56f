/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows for the container's cgroup. */
#include "state/journal.h"
#include "steps/rows.h"

static int journal_record(void *context, const struct cgroup_record *record, struct error *error)
{
    struct operation *operation = context;

    return journal_append(operation->journal, JOURNAL_CGROUP, record, record->size, error);
}

int row_cgroup_make(struct operation *operation)
{
    struct cgroup_record record;
    int r = cgroup_describe(operation_plan(operation), &operation->host.cgroups, &record,
                            operation->error);

    if (r < 0)
        return r;
    r = cgroup_open_record(&operation->cgroup, &record, record.size);
    if (r < 0)
        return error_set(operation->error, ERROR_INTERNAL, -r, "the cgroup's record is unsound");
    operation->has_cgroup = true;
    r = cgroup_make(&operation->cgroup, operation_plan(operation), &operation->host.cgroups,
                    journal_record, operation, operation->error);
    return r < 0 ? r
                 : cgroup_make_delegated(&operation->cgroup, operation_plan(operation),
                                         operation->error);
}

int row_cgroup_limits(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);

    return cgroup_apply(&operation->cgroup, plan, plan->cgroup.writes, operation->error);
}

int row_cgroup_devices(struct operation *operation)
{
    return cgroup_apply_devices(&operation->cgroup, operation_plan(operation), operation->error);
}

/* What was restored is there already: CRIU makes the namespace where it was, and moves it on. */
int row_cgroup_delegate(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    int r = 0;

    if (operation->restore == NULL)
        r = cgroup_enter_delegated(&operation->cgroup, plan, operation->stage.identity.pid,
                                   operation->error);
    if (r == 0)
        r = cgroup_give_delegated(&operation->cgroup, plan, operation->error);
    return operation->restore == NULL ? operation_blame_stage(operation, r) : r;
}
