/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joining namespaces by path; the stage's side allocates nothing. */
#include "namespace/join.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/syscalls.h"

const char *namespace_type_name(uint64_t type)
{
    switch (type) {
    case CLONE_NEWNS:
        return "mount";
    case CLONE_NEWPID:
        return "pid";
    case CLONE_NEWNET:
        return "network";
    case CLONE_NEWIPC:
        return "ipc";
    case CLONE_NEWUTS:
        return "uts";
    case CLONE_NEWUSER:
        return "user";
    case CLONE_NEWCGROUP:
        return "cgroup";
    case CLONE_NEWTIME:
        return "time";
    default:
        return "unknown";
    }
}

static int join_one(const struct plan *plan, const struct plan_join *join, struct error *error)
{
    int sys_errno;

    if (setns(join->descriptor, (int)join->type) == 0)
        return 0;
    sys_errno = errno;
    /* setns into one's own user namespace is refused, but there is nothing to do either */
    if (sys_errno == EINVAL && join->type == CLONE_NEWUSER)
        return 0;
    error_set(error, ERROR_NAMESPACE_FAILED, sys_errno, "cannot join the %s namespace \"%s\"",
              namespace_type_name(join->type), plan_text(plan, join->path));
    plan_origin_explain(plan, join->origin, error);
    return -sys_errno;
}

int namespace_join_all(const struct plan *plan, struct error *error)
{
    const struct plan_join *joins = plan_items(plan, plan->namespaces.joins, struct plan_join);
    uint32_t count = plan->namespaces.joins.count;
    const struct plan_join *user = NULL;
    uint64_t done = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (joins[i].type == CLONE_NEWUSER)
            user = &joins[i];
    }
    /*
     * Those of the host are out of reach once we are in the user namespace, those that belong to it
     * before: try each first here and once more there.
     */
    for (uint32_t i = 0; user != NULL && i < count; i++) {
        if (&joins[i] != user && joins[i].type != CLONE_NEWNS &&
            setns(joins[i].descriptor, (int)joins[i].type) == 0)
            done |= joins[i].type;
    }
    if (user != NULL) {
        int r = join_one(plan, user, error);

        if (r < 0)
            return r;
        done |= CLONE_NEWUSER;
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((done & joins[i].type) == 0) {
            int r = join_one(plan, &joins[i], error);

            if (r < 0)
                return r;
        }
    }
    return 0;
}
