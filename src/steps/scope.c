/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of a scope, and whose systemd it is of; runs in dray. */
#include "steps/scope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool scope_is_of_user(bool rootless, bool in_user_namespace)
{
    struct stat status;

    if (rootless || geteuid() != 0)
        return true;
    /* root in a user namespace: its own systemd, as in a container, or the host's? */
    return in_user_namespace && (stat("/run/systemd/system", &status) < 0 || status.st_uid != 0);
}

void scope_describe(const struct plan *plan, pid_t pid, uint64_t start_time,
                    struct scope_record *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->user = plan->cgroup.user_manager;
    snprintf(ret->unit, sizeof(ret->unit), "%s", plan_text(plan, plan->cgroup.scope));
    ret->size = (uint32_t)offsetof(struct scope_record, description) + 1 +
                (uint32_t)snprintf(ret->description, sizeof(ret->description),
                                   "dray container %s (process %d started at %llu)",
                                   plan_text(plan, plan->id), pid, (unsigned long long)start_time);
}

int scope_read_record(const void *payload, size_t length, struct scope_record *ret)
{
    const size_t head = offsetof(struct scope_record, description);

    memset(ret, 0, sizeof(*ret));
    if (length <= head || length > sizeof(*ret))
        return -EPROTO;
    memcpy(ret, payload, length);
    if (ret->size != length || memchr(ret->unit, '\0', sizeof(ret->unit)) == NULL ||
        ret->description[length - head - 1] != '\0' || ret->unit[0] == '\0')
        return -EPROTO;
    return 0;
}
