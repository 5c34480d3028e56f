/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stage/procfs_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/reap.h"
#include "io/syscalls.h"
#include "plan/fault_injection.h"
#include "security/capabilities.h"
#include "security/seccomp_load.h"

#define DEADLINE_MS 20000
#define END_MS      5000

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define NATIVE_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_ARCH AUDIT_ARCH_PPC64LE
#else
#define NATIVE_ARCH 0 /* every call kills, so that the open fails */
#endif

#define LOAD(field)                                                                    \
    {                                                                                  \
        BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offsetof(struct seccomp_data, field) \
    }
/* skips @skip instructions when the number is that of @call */
#define IF_CALL(call, skip)                                  \
    {                                                        \
        BPF_JMP | BPF_JEQ | BPF_K, skip, 0, (uint32_t)(call) \
    }

static const struct sock_filter own_calls[] = {
    LOAD(arch),
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 6, NATIVE_ARCH},
    LOAD(nr),
    IF_CALL(SYS_clone, 5),
    IF_CALL(SYS_fsopen, 4),
    IF_CALL(SYS_sendmsg, 3),
    IF_CALL(SYS_exit_group, 2),
    IF_CALL(SYS_exit, 1),
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
};

/* An empty directory that is a file system of its own and attached nowhere. */
static int make_empty_directory(void)
{
    _cleanup_close_ int context = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
    int mount;

    if (context < 0 || sys_fsconfig(context, FSCONFIG_SET_STRING, "size", "4k", 0) < 0 ||
        sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -errno;
    mount =
        sys_fsmount(context, FSMOUNT_CLOEXEC,
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    return mount < 0 ? -errno : mount;
}

/* The one message: a context.  Under the filter. */
static bool send_context(int socket)
{
    int context = sys_fsopen("proc", FSOPEN_CLOEXEC);
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    int32_t value = context < 0 ? errno : 0;
    struct iovec data = {&value, sizeof(value)};
    struct msghdr packet = {.msg_iov = &data, .msg_iovlen = 1};

    if (context >= 0) {
        *(int *)(void *)CMSG_DATA(&control.header) = context;
        packet.msg_control = control.space;
        packet.msg_controllen = sizeof(control.space);
    }
    return syscall(SYS_sendmsg, socket, &packet, 0) == (long)sizeof(value);
}

/*
 * Everything is given up while still in the PID namespace of dray, where nobody of the container
 * can look; then the child comes into being on the other side.
 */
static bool prepare(struct stage *stage, const struct plan_join *join, int empty, int socket)
{
    struct error ignored = {0};
    const uint64_t admin = UINT64_C(1) << CAP_SYS_ADMIN;

    if (fchdir(empty) < 0 || chroot(".") < 0 || setns(join->descriptor, CLONE_NEWPID) < 0)
        return false;
    munmap(stage->recorder, RECORDER_SIZE);
    if (dup2(socket, 0) < 0 || sys_close_range(1, ~0U, 0) < 0)
        return false;
    return capabilities_drop_bounding(0, &ignored) == 0 &&
           capabilities_set(admin, admin, 0, &ignored) == 0 &&
           capabilities_set_ambient(0, &ignored) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           seccomp_load_filter(own_calls, ARRAY_SIZE(own_calls), 0, false, NULL, &ignored) == 0;
}

static _Noreturn void make_child(struct stage *stage, const struct plan_join *join, int empty,
                                 int socket, int32_t *ret_child)
{
    long pid;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!prepare(stage, join, empty, socket))
        _exit(1);
    /* a child of the stage's, which waits for it and may have to end it */
    pid = syscall(SYS_clone, (unsigned long)(CLONE_PARENT | CLONE_PARENT_SETTID), NULL, ret_child,
                  NULL, NULL);
    if (pid == 0)
        _exit(send_context(0) ? 0 : 1);
    _exit(pid < 0 ? 1 : 0);
}

static int wait_readable(int fd, int deadline_ms)
{
    struct pollfd event = {.fd = fd, .events = POLLIN};
    int r;

    do
        r = poll(&event, 1, deadline_ms);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

/* The context, or a negative errno value. */
static int receive_context(int socket)
{
    struct message message;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec data = {&message, sizeof(message)};
    struct msghdr packet = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};
    ssize_t length;
    int r = wait_readable(socket, fault_held_ms(DEADLINE_MS));

    if (r < 0)
        return r;
    do
        length = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return -errno;
    if (length < (ssize_t)sizeof(int32_t) || packet.msg_controllen < CMSG_LEN(sizeof(int)) ||
        control.header.cmsg_type != SCM_RIGHTS)
        return -EPROTO;
    return *(int *)(void *)CMSG_DATA(&control.header);
}

/*
 * Ends the child and takes its status, as far as who traces it gives it away.  Its number is
 * checked: only a child of ours is signalled.
 */
static int end_child(pid_t child)
{
    _cleanup_close_ int pidfd = child > 0 ? sys_pidfd_open(child, 0) : -1;
    siginfo_t info;
    int status;

    if (pidfd < 0 || waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return -ECHILD;
    if (wait_readable(pidfd, 0) < 0)
        sys_pidfd_send_signal(pidfd, SIGKILL);
    if (wait_readable(pidfd, END_MS) < 0)
        return -ETIMEDOUT;
    return reap_child(child, &status);
}

static int run(struct stage *stage, const struct plan_join *join, int empty, int32_t *child)
{
    int sockets[2], status = 0, r, context;
    long pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return -errno;
    pid = syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        make_child(stage, join, empty, sockets[1], child);
    r = pid < 0 ? -errno : 0;
    close_fd(sockets[1]);
    while (r == 0 && waitpid((pid_t)pid, &status, 0) < 0)
        r = errno == EINTR ? 0 : -errno;
    if (r == 0 && status != 0)
        r = -EPERM;
    context = r == 0 ? receive_context(sockets[0]) : r;
    close_fd(sockets[0]);
    if (r == 0) {
        r = end_child(*(volatile int32_t *)child);
        if (r < 0 && context >= 0) {
            close_fd(context);
            context = r;
        }
    }
    return context;
}

int procfs_opener_open(struct stage *stage, const struct plan_join *join)
{
    _cleanup_close_ int empty = make_empty_directory();
    int32_t *child;
    int r = empty;

    if (empty >= 0) {
        child =
            mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        r = child == MAP_FAILED ? -errno : run(stage, join, empty, child);
        if (child != MAP_FAILED)
            munmap(child, sizeof(*child));
    }
    if (r >= 0)
        return r;
    return error_set(stage->error, r == -ETIMEDOUT ? ERROR_STAGE_HELD : ERROR_NAMESPACE_FAILED, -r,
                     "cannot open a procfs of the joined PID namespace \"%s\"",
                     plan_text(stage->plan, join->path));
}
