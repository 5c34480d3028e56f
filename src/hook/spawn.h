/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One hook's process: started, fed, listened to, and waited for or killed.  dray and stage. */
#ifndef DRAY_HOOK_SPAWN_H
#define DRAY_HOOK_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define HOOK_TAIL_SIZE 1024

struct hook_program {
    const char *path;
    char *const *arguments;
    char *const *environment;
    const char *directory; /* working directory, NULL: the caller's */
    int stdout_fd;         /* -1: a pipe that is read and forgotten */
    int stderr_fd;         /* -1: a pipe of which the end is kept */
};

struct hook_process {
    pid_t pid;
    int pidfd;
    int input; /* our ends of its pipes, non-blocking; -1: none, or closed already */
    int output;
    int errors;
    int interrupts[2]; /* not ours: readable when waiting has to end; -1 */
    size_t tail_length;
    char tail[HOOK_TAIL_SIZE]; /* the last of what it wrote to stderr */
};

/*
 * Starts it in a session of its own, with no descriptor but its stdio and with default signals.
 * Returns 0, and *@ret must then be finished by hook_process_wait(); or a negative errno value,
 * with
 * *@ret_step naming what failed.  SIGPIPE must be ignored by the caller.
 */
int hook_process_start(const struct hook_program *program, struct hook_process *ret,
                       const char **ret_step);

/*
 * Feeds @input to its stdin, reads its output and waits for its end.
 *
 * @timeout: in seconds; 0: none.  When it is over the process and its group are killed.
 * Returns 0 with the wait(2) status stored, -ETIMEDOUT or -EINTR for process->interrupts (it is
 * dead and reaped then), or another negative errno value.  Closes all of *@process.
 */
int hook_process_wait(struct hook_process *process, struct iovec *input, size_t input_count,
                      uint32_t timeout, int *ret_status);

#endif
