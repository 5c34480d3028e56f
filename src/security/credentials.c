/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From root in the container to the process's user; runs in the stage.
 *
 * Ids are set by raw system calls: a libc's own functions may signal other threads, which the stage
 * does not have.
 */
#include "security/credentials.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "security/capabilities.h"

/* Where the first numbers belong to 16-bit ids, the right ones have a suffix. */
#ifdef SYS_setresuid32
#define SETRESUID SYS_setresuid32
#define SETRESGID SYS_setresgid32
#define SETGROUPS SYS_setgroups32
#else
#define SETRESUID SYS_setresuid
#define SETRESGID SYS_setresgid
#define SETGROUPS SYS_setgroups
#endif

/* An id outside the user namespace's map is EINVAL, which alone says little. */
static const char *id_hint(int sys_errno)
{
    return sys_errno == EINVAL ? ", which is not mapped in the user namespace" : "";
}

/* What an ordinary user's user namespace has when nothing but its own gid is mapped in it. */
static const char *groups_hint(int sys_errno)
{
    return sys_errno == EPERM ? ": setgroups is denied in the user namespace, which maps too few "
                                "gids for the user to be trusted with groups"
                              : id_hint(sys_errno);
}

static int set_groups(const struct plan *plan, struct error *error)
{
    const struct plan_process *process = &plan->process;

    if (process->keep_groups)
        return 0;
    if (syscall(SETGROUPS, (int)process->groups.count,
                plan_items(plan, process->groups, uint32_t)) == 0)
        return 0;
    if (errno == EPERM && process->groups_may_be_denied)
        return 0;
    return error_set(error, ERROR_CREDENTIALS_FAILED, errno,
                     "cannot set the %u additional groups%s", process->groups.count,
                     groups_hint(errno));
}

static int set_ids(const struct plan *plan, struct error *error)
{
    uint32_t uid = plan->process.uid, gid = plan->process.gid;

    if (syscall(SETRESGID, gid, gid, gid) < 0)
        return error_set(error, ERROR_CREDENTIALS_FAILED, errno, "cannot become gid %u%s", gid,
                         id_hint(errno));
    /* else leaving uid 0 would take the permitted set, and with it the final one */
    if (uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return error_set(error, ERROR_CREDENTIALS_FAILED, errno,
                         "cannot keep the capabilities over the change of user");
    if (syscall(SETRESUID, uid, uid, uid) < 0)
        return error_set(error, ERROR_CREDENTIALS_FAILED, errno, "cannot become uid %u%s", uid,
                         id_hint(errno));
    return 0;
}

bool credentials_keeps_sys_admin(const struct plan *plan)
{
    const struct plan_process *process = &plan->process;

    return process->seccomp.instructions.count > 0 && !process->no_new_privileges &&
           (process->capabilities.effective & CAPABILITY_BIT(CAP_SYS_ADMIN)) == 0;
}

static int set_capabilities(const struct plan *plan, struct error *error)
{
    const struct plan_capabilities *final = &plan->process.capabilities;
    uint64_t kept = 0;

    if (credentials_keeps_sys_admin(plan)) {
        int r = capabilities_get(NULL, &kept, NULL, error);

        if (r < 0)
            return r;
        kept &= CAPABILITY_BIT(CAP_SYS_ADMIN);
    }
    return capabilities_set(final->effective | kept, final->permitted | kept, final->inheritable,
                            error);
}

int credentials_drop(const struct plan *plan, struct error *error)
{
    int r;

    /* needs CAP_SETPCAP, so before anything is given up */
    r = capabilities_drop_bounding(plan->process.capabilities.bounding, error);
    if (r == 0)
        r = set_groups(plan, error);
    if (r == 0)
        r = set_ids(plan, error);
    if (r == 0)
        r = set_capabilities(plan, error);
    if (r == 0)
        r = capabilities_set_ambient(plan->process.capabilities.ambient, error);
    if (r < 0 && error != NULL)
        plan_origin_explain(plan,
                            (struct plan_origin){.kind = error->code == ERROR_CREDENTIALS_FAILED
                                                             ? ORIGIN_USER
                                                             : ORIGIN_CAPABILITIES},
                            error);
    return r;
}

int credentials_finish(const struct plan *plan, struct error *error)
{
    const struct plan_capabilities *final = &plan->process.capabilities;

    if (!credentials_keeps_sys_admin(plan))
        return 0;
    return capabilities_set(final->effective, final->permitted, final->inheritable, error);
}

int credentials_set_no_new_privileges(const struct plan *plan, struct error *error)
{
    if (plan->process.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set(error, ERROR_PROCESS_ATTRIBUTE, errno, "cannot set no-new-privileges");
    return 0;
}
