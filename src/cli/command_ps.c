/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray ps: the processes of a container, as their ids or as ps(1) shows them.  Runs in dray. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/ps_table.h"
#include "io/file.h"

#define PS_OUTPUT_LIMIT ((size_t)256 << 20)

/* ps gets the write end as its stdout, and SIGPIPE as it is by default. */
static int spawn_ps(char *const *argv, int output, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int result;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    result = posix_spawn_file_actions_init(&actions);
    if (result != 0)
        return -result;
    result = posix_spawnattr_init(&attributes);
    if (result == 0) {
        posix_spawnattr_setsigdefault(&attributes, &defaults);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        result = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (result == 0)
            result = posix_spawnp(ret_pid, "ps", &actions, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return -result;
}

static int wait_for_ps(pid_t pid, struct error *error)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return error_set(error, ERROR_SYSTEM, errno, "ps: cannot wait for ps(1)");
    }
    if (WIFSIGNALED(status))
        return error_set(error, ERROR_SYSTEM, 0, "ps: signal %d ended ps(1)", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return error_set(error, ERROR_SYSTEM, 0, "ps: ps(1) exited with %d", WEXITSTATUS(status));
    return 0;
}

/* Everything ps prints, from malloc(). */
static int run_ps(char *const *argv, char **ret_output, struct error *error)
{
    _cleanup_free_ char *output = NULL;
    _cleanup_close_ int read_end = -1;
    int ends[2];
    size_t length;
    pid_t pid;
    int result, wait_result;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "ps: cannot make a pipe");
    read_end = ends[0];
    result = spawn_ps(argv, ends[1], &pid);
    close(ends[1]);
    if (result < 0)
        return error_set(error, ERROR_SYSTEM, -result, "ps: cannot run ps(1)");
    result = file_read_all(read_end, PS_OUTPUT_LIMIT, NULL, &output, &length);
    read_end = close_fd(read_end);
    wait_result = wait_for_ps(pid, error);
    if (wait_result < 0)
        return wait_result;
    if (result < 0)
        return error_set(error, ERROR_SYSTEM, -result, "ps: cannot read what ps(1) prints");
    *ret_output = take_pointer(output);
    return 0;
}

static int add_table(struct invocation *invocation, struct buffer *text, pid_t *pids, size_t count)
{
    char *default_options[] = {(char *)"ps", (char *)"-ef", NULL};
    _cleanup_free_ char *output = NULL;
    char **words = invocation->arguments.words;
    bool has_options = invocation->arguments.word_count > 1;
    int result;

    if (count == 0)
        return 0;
    if (has_options)
        words[0] = default_options[0]; /* the id is not needed any more */
    result = run_ps(has_options ? words : default_options, &output, &invocation->error);
    if (result < 0)
        return result;
    return ps_table_filter(text, output, pids, count, &invocation->error);
}

static void add_json(struct buffer *text, const pid_t *pids, size_t count)
{
    buffer_add_char(text, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_add_char(text, ',');
        buffer_add_number(text, (uint64_t)pids[i]);
    }
    buffer_add_text(text, "]\n");
}

int command_ps(struct invocation *invocation)
{
    _cleanup_buffer_ struct buffer text = {0};
    _cleanup_free_ pid_t *pids = NULL;
    size_t count = 0;
    int result = command_open_library(invocation);

    if (result == 0)
        result = dray_processes(invocation->dray, command_id(invocation), &pids, &count);
    if (result < 0)
        return result;
    if (invocation->arguments.format == OUTPUT_JSON)
        add_json(&text, pids, count);
    else
        result = add_table(invocation, &text, pids, count);
    if (result < 0)
        return result;
    return output_write(&text, &invocation->error);
}
