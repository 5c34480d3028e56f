/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clone window: what happens between clone3 and the stage's execution.  Runs in dray.
 *
 * The child shares dray's memory while dray sleeps (CLONE_VM | CLONE_VFORK), so it may do no more
 * than a few system calls and must never block: cloning into a frozen cgroup would leave dray
 * asleep for ever, therefore nobody calls this for one.  CLONE_VM is never used without
 * CLONE_VFORK: a memory limit too small for the stage would have dray itself killed, because the
 * memory is shared.
 */
#include "config.h"

#include "namespace/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "io/syscalls.h"
#include "namespace/clone.h"
#include "namespace/restrictions.h"
#include "namespace/time_offsets.h"
#include "plan/journal_format.h"

#define WINDOW_STACK_SIZE 16384

enum window_step {
    WINDOW_NONE,
    WINDOW_CGROUP,
    WINDOW_NAMESPACES,
    WINDOW_JOURNAL,
    WINDOW_TIME_OFFSETS,
    WINDOW_CAPABILITIES,
    WINDOW_DESCRIPTORS,
    WINDOW_EXECUTE,
};

static const char *const window_texts[] = {
    [WINDOW_CGROUP] = "cannot join the container's cgroup",
    [WINDOW_NAMESPACES] = "cannot make the time or cgroup namespace",
    [WINDOW_JOURNAL] = "cannot write the journal",
    [WINDOW_TIME_OFFSETS] = "cannot set the offsets of the time namespace",
    [WINDOW_CAPABILITIES] = "cannot keep the capabilities of the new user namespace",
    [WINDOW_DESCRIPTORS] =
        "cannot hand descriptors to the stage (it takes close_range(2), Linux 5.11)",
    [WINDOW_EXECUTE] = "cannot execute the stage",
};

/* What dray and the child, which shares its memory, tell each other. */
struct window {
    const struct spawn_request *request;
    int32_t child_pid; /* in dray's PID namespace; the kernel writes it before both go on */
    uint64_t start_time;
    int procs;                /* cgroup.procs, when clone3 could not be had; -1 */
    bool by_hand;             /* likewise: the child does what clone3 would have done */
    volatile uint32_t failed; /* enum window_step */
    volatile int32_t sys_errno;
};

static int fail_window(struct window *window, enum window_step step)
{
    window->sys_errno = errno;
    window->failed = step;
    return 127;
}

/* Appends {pid, start time}, so that a journal never lacks the process it has to kill. */
static int write_identity(struct window *window)
{
    struct {
        struct journal_header header;
        struct process_identity identity;
    } __attribute__((packed)) record = {
        .header = {.kind = (uint32_t)window->request->journal_kind,
                   .length = sizeof(struct process_identity)},
        .identity = {.pid = window->child_pid},
    };
    struct process_status status;
    int r;

    /* /proc is the host's: "self" would need its own PID namespace's, the number does not */
    r = process_read_status(window->child_pid, &status);
    if (r < 0) {
        errno = -r;
        return -1;
    }
    record.identity.start_time = status.start_time;
    window->start_time = status.start_time;
    return write(window->request->journal, &record, sizeof(record)) == sizeof(record) ? 0 : -1;
}

/*
 * In a new user namespace uid 0 is not mapped yet, so exec would take all capabilities away and the
 * stage could not even become root.  Ambient capabilities survive it.
 */
static int keep_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    uint64_t permitted;

    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &header, data) < 0)
        return -1;
    permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    for (unsigned capability = 0; capability < 64; capability++) {
        if ((permitted >> capability & 1) != 0 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
            return -1;
    }
    return 0;
}

/* The stage gets the descriptors it was promised and no other: callers leak theirs. */
static int hand_over_descriptors(const struct spawn_request *request)
{
    if (sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        return -1;
    for (uint32_t fd = 3; fd < 3 + request->plan->process.preserve_fds; fd++) {
        if (fcntl((int)fd, F_SETFD, 0) < 0)
            return -1;
    }
    for (size_t i = 0; i < request->inherited_count; i++) {
        if (request->inherited[i] >= 0 && fcntl(request->inherited[i], F_SETFD, 0) < 0)
            return -1;
    }
    return 0;
}

/* What only clone3 does: the cgroup before the namespace that is rooted in it. */
#define BY_HAND_FLAGS ((uint64_t)CLONE_NEWTIME | CLONE_NEWCGROUP)

static int do_by_hand(struct window *window)
{
    uint64_t flags = window->request->clone_flags & BY_HAND_FLAGS;

    if (window->procs >= 0 && write(window->procs, "0", 1) != 1)
        return fail_window(window, WINDOW_CGROUP);
    if (flags != 0 && unshare((int)flags) < 0)
        return fail_window(window, WINDOW_NAMESPACES);
    return 0;
}

static int run_window(void *data)
{
    struct window *window = data;
    const struct spawn_request *request = window->request;
#ifdef FAULT_INJECTION
    char *const *environment = environ;
#else
    static char *const environment[] = {NULL};
#endif

    if (window->by_hand && do_by_hand(window) != 0)
        return 127;
    if (request->journal >= 0 && write_identity(window) < 0)
        return fail_window(window, WINDOW_JOURNAL);
    if ((request->clone_flags & CLONE_NEWTIME) != 0 && time_offsets_write(request->plan, NULL) < 0)
        return fail_window(window, WINDOW_TIME_OFFSETS);
    if ((request->clone_flags & CLONE_NEWUSER) != 0 && keep_capabilities() < 0)
        return fail_window(window, WINDOW_CAPABILITIES);
    if (hand_over_descriptors(request) < 0)
        return fail_window(window, WINDOW_DESCRIPTORS);
    sys_execveat(request->image, "", (char *const *)(uintptr_t)request->arguments, environment,
                 AT_EMPTY_PATH);
    return fail_window(window, WINDOW_EXECUTE);
}

/* cgroups(7), "Cgroups v2 thread mode" */
static const char threaded_text[] =
    "cannot start a process in the container's cgroup: one above it is threaded, as it has "
    "processes and gives controllers to cgroups below";

static int explain_clone(const struct spawn_request *request, int sys_errno, struct error *error)
{
    bool user = (request->clone_flags & CLONE_NEWUSER) != 0;

    switch (sys_errno) {
    case EPERM:
        error_set(error, ERROR_NAMESPACE_FAILED, sys_errno,
                  "cannot make the container's namespaces: this user may not%s",
                  user ? restrictions_explain() : "");
        break;
    case ENOSPC:
    case EUSERS:
        error_set(error, ERROR_NAMESPACE_FAILED, sys_errno,
                  "cannot make the container's namespaces: a limit in /proc/sys/user is reached%s",
                  user ? restrictions_explain() : "");
        break;
    case EAGAIN:
        error_set(
            error, ERROR_SPAWN_FAILED, sys_errno,
            "cannot start a process: a limit on processes is reached (RLIMIT_NPROC, pids.max)");
        break;
    case EINVAL:
        error_set(error, ERROR_NAMESPACE_FAILED, sys_errno,
                  "this kernel cannot make the namespaces that the container wants (flags %#llx)",
                  (unsigned long long)request->clone_flags);
        break;
    case EACCES:
        error_set(error, ERROR_CGROUP_JOIN, sys_errno,
                  "cannot start a process in the container's cgroup: it takes the right to write "
                  "cgroup.procs there and in the cgroup above both it and dray's own");
        break;
    case EOPNOTSUPP:
        error_set(error, ERROR_CGROUP_JOIN, sys_errno, "%s", threaded_text);
        break;
    default:
        error_set(error, ERROR_SPAWN_FAILED, sys_errno, "cannot start a process");
    }
    return -sys_errno;
}

/* The child ended in the window: says where, or that a signal took it. */
static int explain_window(const struct window *window, struct error *error)
{
    int sys_errno = window->sys_errno;

    if (window->failed == WINDOW_NONE)
        return 0;
    if (window->failed == WINDOW_EXECUTE && sys_errno == ENOMEM)
        return error_set(error, ERROR_MEMORY_LIMIT_TOO_SMALL, sys_errno,
                         "the memory limit leaves no room for the container's first process");
    if (window->failed == WINDOW_EXECUTE && (sys_errno == EACCES || sys_errno == EPERM)) {
        error_set(error, ERROR_STAGE_REFUSED, sys_errno,
                  "a security module forbids to execute the stage");
        return SPAWN_IMAGE_REFUSED;
    }
    if (window->failed == WINDOW_CGROUP && sys_errno == EOPNOTSUPP)
        return error_set(error, ERROR_CGROUP_JOIN, sys_errno, "%s", threaded_text);
    if (window->failed == WINDOW_TIME_OFFSETS)
        error_set_pointer(error, "/linux/timeOffsets");
    error_set(error, window->failed == WINDOW_TIME_OFFSETS ? ERROR_TIME_OFFSET : ERROR_SPAWN_FAILED,
              sys_errno, "%s", window_texts[window->failed]);
    return sys_errno > 0 ? -sys_errno : -EINVAL;
}

/*
 * The child never returned from its functions, so AddressSanitizer still has their frames marked on
 * what is now free for ours.
 */
static void unmark_stack(char *stack, size_t size)
{
#if defined(__SANITIZE_ADDRESS__)
    extern void __asan_unpoison_memory_region(const volatile void *, size_t);

    __asan_unpoison_memory_region(stack, size);
#else
    (void)stack;
    (void)size;
#endif
}

/* The call that every kernel has and every filter lets through; a pidfd is opened afterwards. */
static pid_t clone_by_hand(struct window *window, char *stack_end, int *ret_pidfd)
{
    const struct spawn_request *request = window->request;
    uint64_t flags = (request->clone_flags & ~BY_HAND_FLAGS) | CLONE_VM | CLONE_VFORK |
                     CLONE_PARENT_SETTID | SIGCHLD;
    _cleanup_close_ int procs = -1;
    pid_t pid;

    if (request->cgroup >= 0) {
        procs = openat(request->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        if (procs < 0)
            return -1;
    }
    window->procs = procs;
    window->by_hand = true;
    pid = clone(run_window, stack_end, (int)flags, window, &window->child_pid);
    /* our own child, not reaped yet: the pid cannot belong to another */
    if (pid >= 0)
        *ret_pidfd = sys_pidfd_open(pid, 0);
    return pid;
}

/* Nothing that waits for the child or signals it could do without a pidfd. */
static int refuse_child(pid_t pid, struct error *error)
{
    int r = error_set(error, ERROR_SPAWN_FAILED, errno,
                      "cannot open a pidfd of the new process: the kernel, or a filter around this "
                      "runtime, knows neither clone3 nor pidfd_open");

    /* our own child, not reaped yet */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return r;
}

static int clone_in_window(const struct spawn_request *request, struct window *window,
                           struct spawned *ret, struct error *error)
{
    _Alignas(16) char stack[WINDOW_STACK_SIZE];
    int pidfd = -1;
    struct clone_request clone = {
        .flags = request->clone_flags | CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | CLONE_PIDFD,
        .parent_tid = (uintptr_t)&window->child_pid,
        .pidfd = (uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uintptr_t)stack,
        .stack_size = sizeof(stack),
    };
    pid_t pid;
    int r;

    if (request->cgroup >= 0) {
        clone.flags |= CLONE_INTO_CGROUP;
        clone.cgroup = (uint64_t)request->cgroup;
    }
    pid = clone3_with_function(&clone, run_window, window);
    if (pid < 0 && (errno == ENOSYS || errno == EPERM))
        pid = clone_by_hand(window, stack + sizeof(stack), &pidfd);
    unmark_stack(stack, sizeof(stack));
    if (pid < 0)
        return explain_clone(request, errno, error);
    r = explain_window(window, error);
    if (r < 0) {
        waitpid(pid, NULL, 0);
        close_fd(pidfd);
        return r;
    }
    if (pidfd < 0)
        return refuse_child(pid, error);
    *ret = (struct spawned){
        .identity = {.pid = pid, .start_time = window->start_time},
        .pidfd = pidfd,
    };
    return 0;
}

int spawn_stage(const struct spawn_request *request, struct spawned *ret, struct error *error)
{
    struct window window = {.request = request, .procs = -1};

    return clone_in_window(request, &window, ret, error);
}
