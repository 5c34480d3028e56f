/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clone3 on a stack of its own; runs in dray.
 *
 * A child that shares our memory must not return into our frames, so the way from the system call
 * to its function has to be written by hand: a register holds the function, another its argument.
 */
#include "namespace/clone.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#if defined(__x86_64__)
#define HAVE_CLONE_ON_STACK 1
static pid_t clone3_on_stack(const struct clone_request *request, size_t size,
                             int (*function)(void *), void *data)
{
    long result;
    register int (*function_register)(void *) __asm__("r12") = function;
    register void *data_register __asm__("r13") = data;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     /* the child: an aligned stack, no frame above */
                     "xor %%ebp, %%ebp\n\t"
                     "and $-16, %%rsp\n\t"
                     "mov %%r13, %%rdi\n\t"
                     "call *%%r12\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov %[exit_group], %%eax\n\t"
                     "syscall\n\t"
                     "hlt\n"
                     "1:"
                     : "=a"(result)
                     : "a"((long)SYS_clone3), "D"(request), "S"(size), "r"(function_register),
                       "r"(data_register), [exit_group] "i"(SYS_exit_group)
                     : "rcx", "r11", "memory", "cc");
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return (pid_t)result;
}
#elif defined(__aarch64__)
#define HAVE_CLONE_ON_STACK 1
static pid_t clone3_on_stack(const struct clone_request *request, size_t size,
                             int (*function)(void *), void *data)
{
    register long number __asm__("x8") = SYS_clone3;
    register long result __asm__("x0") = (long)request;
    register size_t size_register __asm__("x1") = size;
    register int (*function_register)(void *) __asm__("x20") = function;
    register void *data_register __asm__("x21") = data;

    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, #0\n\t"
                     "mov x30, #0\n\t"
                     "mov x0, x21\n\t"
                     "blr x20\n\t"
                     "mov x8, %[exit_group]\n\t"
                     "svc #0\n"
                     "1:"
                     : "+r"(result)
                     : "r"(number), "r"(size_register), "r"(function_register),
                       "r"(data_register), [exit_group] "i"(SYS_exit_group)
                     : "memory", "cc");
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return (pid_t)result;
}
#else
#define HAVE_CLONE_ON_STACK 0
#endif

pid_t clone3_with_function(const struct clone_request *request, int (*function)(void *), void *data)
{
#if HAVE_CLONE_ON_STACK
    return clone3_on_stack(request, sizeof(*request), function, data);
#else
    (void)request;
    (void)function;
    (void)data;
    errno = ENOSYS;
    return -1;
#endif
}
