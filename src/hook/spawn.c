/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts a hook's process; runs in dray and in the stage.
 *
 * The child shares our memory until it executes (CLONE_VM | CLONE_VFORK, as posix_spawn(3) does
 * it): no page table is copied, it uses nothing but system calls, and what failed in it is simply
 * written to our stack.
 */
#include "hook/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/syscalls.h"

#define CHILD_STACK_SIZE 16384
#define CHILD_FAILED     127

struct child {
    const struct hook_program *program;
    int stdio[3];
    volatile int failed_errno;
    const char *volatile failed_step;
};

static void child_fail(struct child *child, const char *step)
{
    child->failed_errno = errno;
    child->failed_step = step;
    _exit(CHILD_FAILED);
}

/* never returns, so AddressSanitizer would not take back its marks on our stack */
__attribute__((no_sanitize("address"))) static int run_child(void *argument)
{
    struct child *child = argument;
    const struct hook_program *program = child->program;
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;

    setsid();
    sigaction(SIGPIPE, &by_default, NULL);
    sigaction(SIGCHLD, &by_default, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(child->stdio[fd], fd) < 0)
            child_fail(child, "cannot set up the stdio of");
    sys_close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    if (program->directory != NULL && chdir(program->directory) < 0) {
        /* the bundle may be gone by the time poststop hooks run: theirs is the caller's then */
    }
    execve(program->path, program->arguments, program->environment);
    child_fail(child, "cannot execute");
    return CHILD_FAILED;
}

/* A close-on-exec pipe with no end among 0-2, where dup2() of the child would overwrite it. */
static int make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    for (unsigned i = 0; i < 2; i++) {
        int moved;

        if (ends[i] > STDERR_FILENO)
            continue;
        moved = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (moved < 0) {
            int r = -errno;

            close_fd(ends[0]);
            close_fd(ends[1]);
            return r;
        }
        close_fd(ends[i]);
        ends[i] = moved;
    }
    return 0;
}

/* The end that is ours must not block us; O_NONBLOCK concerns that end alone. */
static int keep_end(int ours, int *place)
{
    *place = ours;
    return fcntl(ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_pipes(const struct hook_program *program, struct hook_process *process,
                      struct child *child)
{
    int ends[2], r = make_pipe(ends);

    if (r < 0)
        return r;
    child->stdio[STDIN_FILENO] = ends[0];
    r = keep_end(ends[1], &process->input);
    child->stdio[STDOUT_FILENO] = program->stdout_fd;
    if (r == 0 && program->stdout_fd < 0) {
        r = make_pipe(ends);
        if (r == 0) {
            child->stdio[STDOUT_FILENO] = ends[1];
            r = keep_end(ends[0], &process->output);
        }
    }
    child->stdio[STDERR_FILENO] = program->stderr_fd;
    if (r == 0 && program->stderr_fd < 0) {
        r = make_pipe(ends);
        if (r == 0) {
            child->stdio[STDERR_FILENO] = ends[1];
            r = keep_end(ends[0], &process->errors);
        }
    }
    return r;
}

static void close_child_ends(const struct hook_program *program, struct child *child)
{
    close_fd(child->stdio[STDIN_FILENO]);
    if (program->stdout_fd < 0)
        close_fd(child->stdio[STDOUT_FILENO]);
    if (program->stderr_fd < 0)
        close_fd(child->stdio[STDERR_FILENO]);
}

static void close_our_ends(struct hook_process *process)
{
    process->pidfd = close_fd(process->pidfd);
    process->input = close_fd(process->input);
    process->output = close_fd(process->output);
    process->errors = close_fd(process->errors);
}

int hook_process_start(const struct hook_program *program, struct hook_process *ret,
                       const char **ret_step)
{
    char stack[CHILD_STACK_SIZE] __attribute__((aligned(16)));
    struct child child = {.program = program, .stdio = {-1, -1, -1}};
    int r;

    *ret = (struct hook_process){
        .pidfd = -1, .input = -1, .output = -1, .errors = -1, .interrupts = {-1, -1}};
    *ret_step = "cannot make the pipes of";
    r = open_pipes(program, ret, &child);
    if (r == 0) {
        *ret_step = "cannot start";
        ret->pid = clone(run_child, stack + sizeof(stack),
                         CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &ret->pidfd);
        if (ret->pid < 0)
            r = -errno;
    }
    close_child_ends(program, &child);
    if (r == 0 && child.failed_step != NULL) {
        *ret_step = child.failed_step;
        r = -child.failed_errno;
        waitpid(ret->pid, NULL, 0);
    }
    if (r < 0)
        close_our_ends(ret);
    return r;
}
