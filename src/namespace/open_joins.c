/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and verifying the namespaces to join; runs in dray. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "namespace/join.h"
#include "plan/fault_injection.h"

static int open_join(const struct plan *plan, struct plan_join *join, struct error *error)
{
    const char *path = plan_text(plan, join->path);
    _cleanup_close_ int fd = -1;
    struct stat status;
    int type;

    /* looked at before it is opened for reading: the path may be a fifo or a device */
    if (stat(path, &status) < 0)
        return error_set(error, ERROR_NAMESPACE_PATH, errno, "cannot open the %s namespace \"%s\"",
                         namespace_type_name(join->type), path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_NAMESPACE_TYPE, 0,
                         "\"%s\" is no namespace: it is not a regular file", path);
    fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return error_set(error, ERROR_NAMESPACE_PATH, errno, "cannot open the %s namespace \"%s\"",
                         namespace_type_name(join->type), path);
    type = ioctl(fd, NS_GET_NSTYPE);
    if (type < 0)
        return error_set(error, ERROR_NAMESPACE_TYPE, errno, "\"%s\" is no namespace", path);
    if ((uint64_t)(unsigned)type != join->type)
        return error_set(error, ERROR_NAMESPACE_TYPE, 0,
                         "\"%s\" is a %s namespace, but a %s namespace is wanted", path,
                         namespace_type_name((unsigned)type), namespace_type_name(join->type));
    join->descriptor = take_fd(&fd);
    return 0;
}

int namespace_open_joins(struct plan *plan, struct error *error)
{
    struct plan_join *joins =
        (struct plan_join *)(uintptr_t)plan_items(plan, plan->namespaces.joins, struct plan_join);

    for (uint32_t i = 0; i < plan->namespaces.joins.count; i++) {
        int r = open_join(plan, &joins[i], error);

        if (r < 0) {
            plan_origin_explain(plan, joins[i].origin, error);
            error_set_subject(error, plan_text(plan, joins[i].path));
            return r;
        }
    }
    return 0;
}

/* Since Linux 6.17 the kernel can be told which PID namespace a procfs is to show. */
static bool knows_pidns(int context, const struct plan_join *join)
{
    return !fault_is_old_procfs() &&
           sys_fsconfig(context, FSCONFIG_SET_FD, "pidns", NULL, join->descriptor) == 0;
}

/* What a filter is loaded with when it has no address is EFAULT where there are filters. */
static bool has_filters(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 && errno == EFAULT;
}

static unsigned count_procfs(const struct plan *plan)
{
    unsigned count = 0;

    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        const char *type = plan_text(plan, mount->type);

        count += type != NULL && strcmp(type, "proc") == 0;
    }
    return count;
}

void namespace_plan_procfs(struct plan *plan)
{
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        _cleanup_close_ int context = -1;

        if (join->type != CLONE_NEWPID)
            continue;
        context = sys_fsopen("proc", FSOPEN_CLOEXEC);
        if (context < 0)
            return;
        plan->namespaces.procfs_from_outside = knows_pidns(context, join);
        if (plan->namespaces.procfs_from_outside || count_procfs(plan) > 1 || !has_filters())
            return;
        plan->namespaces.procfs_from_outside = true;
        plan->namespaces.procfs_by_opener = count_procfs(plan) == 1;
    }
}

void namespace_close_joins(struct plan *plan)
{
    struct plan_join *joins =
        (struct plan_join *)(uintptr_t)plan_items(plan, plan->namespaces.joins, struct plan_join);

    for (uint32_t i = 0; i < plan->namespaces.joins.count; i++)
        joins[i].descriptor = close_fd(joins[i].descriptor);
}
