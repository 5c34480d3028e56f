/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * syscall_fault REPORT WHOM ACTION N PROGRAM [ARGUMENT...]
 *
 * Runs a program under ptrace and hits the N-th system call (from 1) of WHOM: "self", the program,
 * or "child", the first process that it makes.  ACTION is "kill" (SIGKILL when the call is made) or
 * the number of an errno value, with which the call fails instead of being made; calls that cannot
 * fail are made all the same.
 *
 * Everybody else runs untraced.  Writes "NUMBER-OF-THE-CALL" to the file REPORT when it was hit,
 * else "missed COUNT".  Ends as the program does.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                              \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | \
     PTRACE_O_TRACECLONE)

struct hunt {
    const char *report;
    int child;  /* hunt the first child */
    long fault; /* errno value, or 0 to kill */
    unsigned long wanted;
    unsigned long count;
    pid_t program;
    pid_t target; /* 0 until it is known */
    int inside;   /* the target is in a system call */
    long call;    /* the one that was hit */
    int hit;
};

#if defined(__x86_64__)
static long call_number(pid_t pid)
{
    struct user_regs_struct registers;

    return ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0 ? -1 : (long)registers.orig_rax;
}

static long first_argument(pid_t pid)
{
    struct user_regs_struct registers;

    return ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0 ? -1 : (long)registers.rdi;
}

static void skip_call(pid_t pid)
{
    struct user_regs_struct registers;

    ptrace(PTRACE_GETREGS, pid, NULL, &registers);
    registers.orig_rax = (unsigned long long)-1;
    ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

static void set_result(pid_t pid, long result)
{
    struct user_regs_struct registers;

    ptrace(PTRACE_GETREGS, pid, NULL, &registers);
    registers.rax = (unsigned long long)result;
    ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}
#elif defined(__aarch64__)
static long call_number(pid_t pid)
{
    int number = -1;
    struct iovec data = {&number, sizeof(number)};

    ptrace(PTRACE_GETREGSET, pid, NT_ARM_SYSTEM_CALL, &data);
    return number;
}

static long first_argument(pid_t pid)
{
    struct user_regs_struct registers;
    struct iovec data = {&registers, sizeof(registers)};

    return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &data) < 0 ? -1 : (long)registers.regs[0];
}

static void skip_call(pid_t pid)
{
    int number = -1;
    struct iovec data = {&number, sizeof(number)};

    ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &data);
}

static void set_result(pid_t pid, long result)
{
    struct user_regs_struct registers;
    struct iovec data = {&registers, sizeof(registers)};

    ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &data);
    registers.regs[0] = (unsigned long long)result;
    ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &data);
}
#else
#error "this architecture's registers are not known here"
#endif

/* A descriptor is closed whatever close says, and a process ends; libc cannot begin without some.
 */
static int cannot_fail(pid_t pid, long call)
{
    switch (call) {
    case SYS_close:
    case SYS_exit:
    case SYS_exit_group:
    case SYS_rt_sigreturn:
    case SYS_set_tid_address:
#ifdef SYS_arch_prctl
    case SYS_arch_prctl:
#endif
        return 1;
    case SYS_prctl:
        return first_argument(pid) == PR_SET_PDEATHSIG;
    default:
        return 0;
    }
}

static void resume(const struct hunt *hunt, pid_t pid, int number)
{
    int request = pid == hunt->target && !hunt->hit ? PTRACE_SYSCALL : PTRACE_CONT;

    if (hunt->hit && hunt->inside && pid == hunt->target)
        request = PTRACE_SYSCALL;
    ptrace(request, pid, NULL, (void *)(long)number);
}

/* A stop at a system call of the target.  Returns whether the target still is traced. */
static int at_call(struct hunt *hunt, pid_t pid)
{
    if (hunt->hit) {
        /* back from the call that was not made */
        set_result(pid, -hunt->fault);
        hunt->inside = 0;
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
        return 0;
    }
    hunt->inside = !hunt->inside;
    if (!hunt->inside || ++hunt->count != hunt->wanted)
        return 1;
    hunt->hit = 1;
    hunt->call = call_number(pid);
    if (hunt->fault == 0) {
        kill(pid, SIGKILL);
        return 1;
    }
    if (cannot_fail(pid, hunt->call)) {
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
        return 0;
    }
    skip_call(pid);
    return 1;
}

static int at_event(struct hunt *hunt, pid_t pid, int event)
{
    unsigned long message = 0;

    if (event == PTRACE_EVENT_EXEC)
        return 1;
    ptrace(PTRACE_GETEVENTMSG, pid, NULL, &message);
    if (!hunt->child)
        return 1;
    /* the target is known: the program itself is of no interest any more */
    if (hunt->target == 0)
        hunt->target = (pid_t)message;
    if (pid == hunt->target)
        return 1;
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return 0;
}

/* The first stop of a process that was made: let go unless it is hunted. */
static int at_birth(const struct hunt *hunt, pid_t pid)
{
    if (pid == hunt->target || pid == hunt->program)
        return 1;
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return 0;
}

static int follow(struct hunt *hunt)
{
    int result = -1;

    for (;;) {
        int status, number, traced = 1;
        pid_t pid = waitpid(-1, &status, __WALL);

        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return result;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (pid == hunt->program)
                return status;
            continue;
        }
        number = WSTOPSIG(status);
        if (number == (SIGTRAP | 0x80) && pid == hunt->target)
            traced = at_call(hunt, pid);
        else if (status >> 16 != 0 && number == SIGTRAP)
            traced = at_event(hunt, pid, status >> 16);
        else if (number == SIGSTOP && pid != hunt->program)
            traced = at_birth(hunt, pid);
        else if (pid == hunt->program || pid == hunt->target) {
            resume(hunt, pid, number);
            continue;
        }
        if (traced)
            resume(hunt, pid, 0);
    }
}

static void write_report(const struct hunt *hunt)
{
    FILE *file = fopen(hunt->report, "we");

    if (file == NULL)
        return;
    if (hunt->hit)
        fprintf(file, "%ld\n", hunt->call);
    else
        fprintf(file, "missed %lu\n", hunt->count);
    fclose(file);
}

int main(int argc, char **argv)
{
    struct hunt hunt = {0};
    int status;

    if (argc < 6)
        return 99;
    hunt.report = argv[1];
    hunt.child = strcmp(argv[2], "child") == 0;
    hunt.fault = strcmp(argv[3], "kill") == 0 ? 0 : atol(argv[3]);
    hunt.wanted = strtoul(argv[4], NULL, 10);
    hunt.program = fork();
    if (hunt.program == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(argv[5], argv + 5);
        _exit(98);
    }
    /* up to the exec, so that counting begins with the program's own calls */
    waitpid(hunt.program, &status, 0);
    ptrace(PTRACE_SETOPTIONS, hunt.program, NULL, (void *)OPTIONS);
    ptrace(PTRACE_CONT, hunt.program, NULL, NULL);
    waitpid(hunt.program, &status, 0);
    if (!hunt.child)
        hunt.target = hunt.program;
    /* the exec itself returns once more */
    hunt.inside = !hunt.child;
    resume(&hunt, hunt.program, 0);
    status = follow(&hunt);
    write_report(&hunt);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        kill(getpid(), WTERMSIG(status));
        pause();
    }
    return WEXITSTATUS(status);
}
