/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads the filter; runs in the stage.  No memory is allocated, so no limit can break it. */
#include "security/seccomp_load.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

static int explain(int sys_errno, uint32_t flags, bool new_listener, struct error *error)
{
    int r;

    switch (sys_errno) {
    case EACCES:
        r = error_set(error, ERROR_SECCOMP_LOAD, sys_errno,
                      "cannot load the seccomp filter: that takes process.noNewPrivileges or "
                      "CAP_SYS_ADMIN");
        break;
    case EINVAL:
        r = error_set(error, ERROR_SECCOMP_LOAD, sys_errno,
                      "the kernel refuses the seccomp filter or one of its flags 0x%x", flags);
        break;
    case ENOSYS:
        r = error_set(error, ERROR_SECCOMP_LOAD, sys_errno, "this kernel has no seccomp filters");
        break;
    case EBUSY:
        r = error_set(error, ERROR_SECCOMP_LOAD, sys_errno,
                      new_listener ? "cannot load the seccomp filter: "
                                     "dray itself runs under one that notifies an agent"
                                   : "cannot load the seccomp filter");
        break;
    default:
        r = error_set(error, ERROR_SECCOMP_LOAD, sys_errno, "cannot load the seccomp filter");
        break;
    }
    error_set_pointer(error, "/linux/seccomp");
    return r;
}

int seccomp_load_filter(const struct sock_filter *instructions, size_t count, uint32_t flags,
                        bool new_listener, int *ret_listener, struct error *error)
{
    struct sock_fprog program = {
        .len = (unsigned short)count,
        .filter = (struct sock_filter *)instructions, /* the kernel only reads it */
    };
    long r;

    if (count == 0 || count > BPF_MAXINSNS)
        return explain(EINVAL, flags, new_listener, error);
    if (new_listener)
        flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (r < 0 && errno == EINVAL && (flags & SECCOMP_FILTER_FLAG_SPEC_ALLOW) != 0)
        r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                    flags & ~(uint32_t)SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
    if (r < 0)
        return explain(errno, flags, new_listener, error);
    if (new_listener)
        *ret_listener = (int)r;
    else if (r > 0) /* TSYNC: the thread that could not follow */
        return explain(ESRCH, flags, new_listener, error);
    return 0;
}
