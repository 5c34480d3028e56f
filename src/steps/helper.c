/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "steps/helper.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "helper/protocol.h"
#include "io/file.h"

/* A helper that somebody else could replace is none. */
static bool is_trusted(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           file_owner_is_trusted(status.st_uid) && (status.st_mode & 022) == 0;
}

/* The installed one; a dray that runs from its build tree has it beside its sources. */
static int find_helper(char path[PATH_MAX], struct error *error)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash;

    snprintf(path, PATH_MAX, "%s", HELPER_PATH);
    if (is_trusted(path))
        return 0;
    program[length > 0 ? length : 0] = '\0';
    slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
        if ((size_t)snprintf(path, PATH_MAX, "%s/src/helper/dray-helper", program) < PATH_MAX &&
            is_trusted(path))
            return 0;
    }
    return error_set(error, ERROR_HELPER_FAILED, ENOENT, "there is no helper at \"%s\"",
                     HELPER_PATH);
}

/* Executes the helper with the socket as its standard input and no signal held back. */
static int spawn(const char *path, const char *argument, int socket, pid_t *ret)
{
    char word[16];
    char *const arguments[] = {(char[]){"dray-helper"}, argument != NULL ? word : NULL, NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int r;

    snprintf(word, sizeof(word), "%s", argument != NULL ? argument : "");
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    r = posix_spawn(ret, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}

int helper_start(struct helper *ret, const char *argument, struct error *error)
{
    char path[PATH_MAX];
    _cleanup_close_ int ours = -1, theirs = -1;
    int sockets[2];
    int r = find_helper(path, error);

    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot make a pair of sockets");
    ours = sockets[0];
    theirs = sockets[1];
    r = spawn(path, argument, theirs, &ret->pid);
    if (r != 0)
        return error_set(error, ERROR_HELPER_FAILED, r, "cannot execute the helper \"%s\"", path);
    ret->socket = take_fd(&ours);
    return 0;
}

void helper_stop(struct helper *helper)
{
    helper->socket = close_fd(helper->socket);
    /* all was said: what it would do at its leisure is not worth waiting for */
    if (helper->pid > 0 && kill(helper->pid, SIGKILL) == 0)
        waitpid(helper->pid, NULL, 0);
    helper->pid = 0;
}

int helper_send(const struct helper *helper, const void *request, size_t size, struct error *error)
{
    if (send(helper->socket, request, size, MSG_NOSIGNAL) != (ssize_t)size)
        return error_set(error, ERROR_HELPER_FAILED, errno, "cannot ask the helper");
    return 0;
}

int helper_receive(const struct helper *helper, struct error *error)
{
    struct helper_reply reply;
    ssize_t length;

    do
        length = recv(helper->socket, &reply, sizeof(reply), 0);
    while (length < 0 && errno == EINTR);
    if (length != (ssize_t)sizeof(reply))
        return error_set(error, ERROR_HELPER_FAILED, EPROTO, "the helper gave no answer");
    error_sanitize(&reply.error);
    if (reply.result < 0 && error->code == ERROR_NONE)
        *error = reply.error;
    return reply.result;
}
