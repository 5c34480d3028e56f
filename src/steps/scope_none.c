/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The systemd cgroup manager of a dray that was built without libsystemd: there is none. */
#include "steps/scope.h"

static int set_none(struct error *error)
{
    return error_set(error, ERROR_NOT_SUPPORTED, 0,
                     "this dray was built without libsystemd: it has no systemd cgroup manager");
}

int scope_connect(bool user, int wake, struct scope_link **ret, struct error *error)
{
    (void)user;
    (void)wake;
    (void)ret;
    return set_none(error);
}

void scope_disconnect(struct scope_link *link)
{
    (void)link; /* nobody got one */
}

int scope_descriptor(const struct scope_link *link)
{
    (void)link;
    return -1;
}

int scope_request(struct scope_link *link, const struct plan *plan,
                  const struct scope_record *record, pid_t pid, struct error *error)
{
    (void)link;
    (void)plan;
    (void)record;
    (void)pid;
    return set_none(error);
}

int scope_await(struct scope_link *link, struct error *error)
{
    (void)link;
    return set_none(error);
}

int scope_set(struct scope_link *link, const struct plan *plan, const struct scope_record *record,
              struct error *error)
{
    (void)link;
    (void)plan;
    (void)record;
    return set_none(error);
}

int scope_restore(struct scope_link *link, const struct scope_record *record, struct error *error)
{
    (void)link;
    (void)record;
    return set_none(error);
}

int scope_attach(struct scope_link *link, const struct scope_record *record, const char *below,
                 pid_t pid, struct error *error)
{
    (void)link;
    (void)record;
    (void)below;
    (void)pid;
    return set_none(error);
}

int scope_stop(const struct scope_record *record, struct error *error)
{
    (void)record;
    return set_none(error);
}
