/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the kernel look like one without openat2 and the newer mount calls, by a filter on system
 * calls that answers ENOSYS; OLD_KERNEL_ERRNO changes that, as the filters of older engines say
 * EPERM.
 */
#ifndef DRAY_TESTS_NAMESPACE_OLD_KERNEL_H
#define DRAY_TESTS_NAMESPACE_OLD_KERNEL_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef OLD_KERNEL_ERRNO
#define OLD_KERNEL_ERRNO ENOSYS
#endif

static void become_old_kernel(void)
{
    static const unsigned missing[] = {SYS_open_tree, SYS_move_mount,   SYS_fsopen,
                                       SYS_fsconfig,  SYS_fsmount,      SYS_fspick,
                                       SYS_openat2,   SYS_mount_setattr};
    enum { COUNT = sizeof(missing) / sizeof(missing[0]) };
    struct sock_filter filter[COUNT + 3];
    struct sock_fprog program = {.len = COUNT + 3, .filter = filter};

    filter[0] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < COUNT; i++)
        filter[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, missing[i],
                                                     (unsigned char)(COUNT - i), 0);
    filter[COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[COUNT + 2] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | OLD_KERNEL_ERRNO);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(1);
}

#endif
