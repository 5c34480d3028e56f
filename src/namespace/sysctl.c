/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "namespace/sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/procfs.h"

static int write_sysctl(const struct plan *plan, const struct plan_sysctl *sysctl, int proc,
                        struct error *error)
{
    const char *key = plan_text(plan, sysctl->key);
    const char *value = plan_text(plan, sysctl->value);
    char path[256];
    int r;

    if ((size_t)snprintf(path, sizeof(path), "sys/%s", key) >= sizeof(path))
        r = -ENAMETOOLONG;
    else
        r = procfs_write_file(proc, path, value, strlen(value));
    if (r == 0)
        return 0;
    if (r == -ENOENT)
        error_set(error, ERROR_SYSCTL_FAILED, -r, "this kernel has no sysctl \"%s\"", key);
    else
        error_set(error, ERROR_SYSCTL_FAILED, -r, "cannot set the sysctl \"%s\" to \"%s\"", key,
                  value);
    plan_origin_explain(plan, sysctl->origin, error);
    return r;
}

int sysctl_write_all(const struct plan *plan, int proc, struct error *error)
{
    plan_for_each(sysctl, plan, plan->namespaces.sysctls, struct plan_sysctl)
    {
        int r = write_sysctl(plan, sysctl, proc, error);

        if (r < 0)
            return r;
    }
    return 0;
}

int hostname_set(const struct plan *plan, struct error *error)
{
    const char *hostname = plan_text(plan, plan->namespaces.hostname);
    const char *domainname = plan_text(plan, plan->namespaces.domainname);

    if (hostname != NULL && sethostname(hostname, strlen(hostname)) < 0) {
        error_set(error, ERROR_HOSTNAME_FAILED, errno, "cannot set the host name \"%s\"", hostname);
        plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_HOSTNAME}, error);
        return -errno;
    }
    if (domainname != NULL && setdomainname(domainname, strlen(domainname)) < 0) {
        error_set(error, ERROR_HOSTNAME_FAILED, errno, "cannot set the domain name \"%s\"",
                  domainname);
        plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_DOMAINNAME}, error);
        return -errno;
    }
    return 0;
}
