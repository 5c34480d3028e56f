/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Feeds a hook's process, listens to it and waits for its end; runs in dray and in the stage.
 *
 * One poll loop over its three pipes and its pidfd: a state document that is larger than a pipe
 * (10,000 annotations) and a hook that writes before it reads cannot block each other.  Its end is
 * the process's end, not that of the pipes, which a daemon that it leaves behind may hold open.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "hook/spawn.h"
#include "io/syscalls.h"

enum { POLL_PIDFD, POLL_INPUT, POLL_OUTPUT, POLL_ERRORS, POLL_SIGNAL, POLL_PEER, POLL_COUNT };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Writes what fits; closes stdin at the end of the text, or when the hook does not want it. */
static void feed(struct hook_process *process, struct iovec **input, size_t *count)
{
    while (*count > 0) {
        ssize_t n = writev(process->input, *input, (int)*count);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            break; /* EPIPE: a hook may ignore its stdin */
        while (*count > 0 && (size_t)n >= (*input)->iov_len) {
            n -= (ssize_t)(*input)->iov_len;
            (*input)++;
            (*count)--;
        }
        if (*count > 0) {
            (*input)->iov_base = (char *)(*input)->iov_base + n;
            (*input)->iov_len -= (size_t)n;
        }
    }
    process->input = close_fd(process->input);
}

static void keep_tail(struct hook_process *process, const char *text, size_t length)
{
    size_t kept = process->tail_length;

    if (length > HOOK_TAIL_SIZE) {
        text += length - HOOK_TAIL_SIZE;
        length = HOOK_TAIL_SIZE;
    }
    if (kept + length > HOOK_TAIL_SIZE) {
        size_t surplus = kept + length - HOOK_TAIL_SIZE;

        memmove(process->tail, process->tail + surplus, kept - surplus);
        kept -= surplus;
    }
    memcpy(process->tail + kept, text, length);
    process->tail_length = kept + length;
}

/* Reads all that is there; closes the pipe at its end. */
static void listen_to(struct hook_process *process, int *fd)
{
    char text[4096];

    while (*fd >= 0) {
        ssize_t n = read(*fd, text, sizeof(text));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            *fd = close_fd(*fd);
        else if (fd == &process->errors)
            keep_tail(process, text, (size_t)n);
    }
}

/*
 * Waits for something to do until @deadline (0: for ever).
 * Returns 1, 0 when the process has ended, or a negative errno value.
 */
static int wait_for_event(const struct hook_process *process, int64_t deadline,
                          struct pollfd events[POLL_COUNT])
{
    int64_t left = -1;
    int r;

    events[POLL_PIDFD] = (struct pollfd){.fd = process->pidfd, .events = POLLIN};
    events[POLL_INPUT] = (struct pollfd){.fd = process->input, .events = POLLOUT};
    events[POLL_OUTPUT] = (struct pollfd){.fd = process->output, .events = POLLIN};
    events[POLL_ERRORS] = (struct pollfd){.fd = process->errors, .events = POLLIN};
    events[POLL_SIGNAL] = (struct pollfd){.fd = process->interrupts[0], .events = POLLIN};
    events[POLL_PEER] = (struct pollfd){.fd = process->interrupts[1], .events = POLLIN};
    if (deadline > 0) {
        left = deadline - now_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        if (left > INT32_MAX)
            left = INT32_MAX;
    }
    r = poll(events, POLL_COUNT, (int)left);
    if (r < 0 && errno != EINTR)
        return -errno;
    if (r <= 0)
        memset(events, 0, sizeof(struct pollfd[POLL_COUNT]));
    return events[POLL_PIDFD].revents == 0;
}

static int talk(struct hook_process *process, struct iovec *input, size_t input_count,
                int64_t deadline)
{
    struct pollfd events[POLL_COUNT];

    for (;;) {
        int r = wait_for_event(process, deadline, events);

        if (r < 0)
            return r;
        if (r > 0 && (events[POLL_SIGNAL].revents | events[POLL_PEER].revents) != 0)
            return -EINTR;
        if (events[POLL_INPUT].revents != 0)
            feed(process, &input, &input_count);
        if (events[POLL_OUTPUT].revents != 0 || r == 0)
            listen_to(process, &process->output);
        if (events[POLL_ERRORS].revents != 0 || r == 0)
            listen_to(process, &process->errors);
        if (r == 0)
            return 0;
    }
}

int hook_process_wait(struct hook_process *process, struct iovec *input, size_t input_count,
                      uint32_t timeout, int *ret_status)
{
    int64_t deadline = timeout > 0 ? now_ms() + (int64_t)timeout * 1000 : 0;
    int r = talk(process, input, input_count, deadline), status = 0;

    if (r < 0) {
        /* its group first: not reaped yet, so its number is still its own */
        kill(-process->pid, SIGKILL);
        sys_pidfd_send_signal(process->pidfd, SIGKILL);
    }
    while (waitpid(process->pid, &status, 0) < 0) {
        if (errno == EINTR)
            continue;
        if (r == 0)
            r = -errno;
        break;
    }
    if (r < 0)
        listen_to(process, &process->errors);
    process->pidfd = close_fd(process->pidfd);
    process->input = close_fd(process->input);
    process->output = close_fd(process->output);
    process->errors = close_fd(process->errors);
    if (r == 0)
        *ret_status = status;
    return r;
}
