/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "steps/host_mounts.h"

#ifdef DYNAMIC_PROGRAM

#include "helper/unmount.h"

int host_mounts_count(const char *path, struct error *error)
{
    return mounts_below(path, false, error);
}

int host_mounts_remove(const char *path, struct error *error)
{
    int r = mounts_below(path, true, error);

    return r < 0 ? r : 0;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* A helper that somebody else could replace is none. */
static bool is_trusted(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_uid == 0 || status.st_uid == geteuid()) && (status.st_mode & 022) == 0;
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

static int converse(int socket, const struct helper_request *request, struct helper_reply *reply,
                    struct error *error)
{
    if (send(socket, request, sizeof(*request), MSG_NOSIGNAL) != (ssize_t)sizeof(*request))
        return error_set(error, ERROR_HELPER_FAILED, errno, "cannot ask the helper");
    if (recv(socket, reply, sizeof(*reply), 0) != (ssize_t)sizeof(*reply))
        return error_set(error, ERROR_HELPER_FAILED, EPROTO, "the helper gave no answer");
    error_sanitize(&reply->error);
    return 0;
}

static int ask_helper(const struct helper_request *request, struct helper_reply *reply,
                      struct error *error)
{
    char path[PATH_MAX];
    char *const arguments[] = {(char[]){"dray-helper"}, NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    _cleanup_close_ int ours = -1, theirs = -1;
    int sockets[2];
    pid_t pid;
    int r = find_helper(path, error);

    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot make a pair of sockets");
    ours = sockets[0];
    theirs = sockets[1];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
    r = posix_spawn(&pid, path, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (r != 0)
        return error_set(error, ERROR_HELPER_FAILED, r, "cannot execute the helper \"%s\"", path);
    theirs = close_fd(theirs);
    r = converse(ours, request, reply, error);
    waitpid(pid, NULL, 0);
    return r;
}

static int ask(enum helper_operation operation, const char *path, struct error *error)
{
    struct helper_request request = {.magic = HELPER_MAGIC, .operation = operation};
    struct helper_reply reply;
    int r;

    if ((size_t)snprintf(request.path, sizeof(request.path), "%s", path) >= sizeof(request.path))
        return error_set(error, ERROR_HELPER_FAILED, ENAMETOOLONG, "the path is too long");
    r = ask_helper(&request, &reply, error);
    if (r == 0 && reply.result < 0)
        *error = reply.error;
    return r < 0 ? r : reply.result;
}

int host_mounts_count(const char *path, struct error *error)
{
    return ask(HELPER_COUNT_BELOW, path, error);
}

int host_mounts_remove(const char *path, struct error *error)
{
    int r = ask(HELPER_UNMOUNT_BELOW, path, error);

    return r < 0 ? r : 0;
}

#endif
