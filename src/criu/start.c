/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and starting criu; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "criu/client.h"
#include "io/syscalls.h"

#define USUAL_PATH    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SOCKET_NUMBER 3

_Static_assert(SOCKET_NUMBER + 1 == CRIU_FIRST_INHERITED, "they follow each other");

static bool is_trusted(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0 &&
           (status.st_mode & 022) == 0 && (status.st_uid == 0 || status.st_uid == geteuid());
}

int criu_find(char ret_path[PATH_MAX], struct error *error)
{
    const char *list = getenv("PATH");

    if (list == NULL || list[0] == '\0')
        list = USUAL_PATH;
    while (*list != '\0') {
        size_t length = strcspn(list, ":");
        char path[PATH_MAX];

        /* a directory that depends on where we are is nobody's promise */
        if (list[0] == '/' &&
            (size_t)snprintf(path, sizeof(path), "%.*s/criu", (int)length, list) < sizeof(path) &&
            is_trusted(path)) {
            memcpy(ret_path, path, sizeof(path));
            return 0;
        }
        list += length + (list[length] == ':');
    }
    return error_set(error, ERROR_CRIU_MISSING, ENOENT,
                     "there is no program criu in $PATH to checkpoint and restore with");
}

/* Puts each descriptor where criu looks for it; those of ours that stood there are copied first. */
static int place_descriptors(const struct criu_start *start, int socket)
{
    int moved[CRIU_INHERITED_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; i <= start->inherited_count; i++, count++) {
        moved[i] = fcntl(i == 0 ? socket : start->inherited[i - 1], F_DUPFD_CLOEXEC,
                         CRIU_FIRST_INHERITED + CRIU_INHERITED_MAX);
        if (moved[i] < 0)
            return -errno;
    }
    if (start->output >= 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(start->output, STDOUT_FILENO) < 0 ||
            dup2(start->output, STDERR_FILENO) < 0)
            return -errno;
    }
    for (size_t i = 0; i < count; i++) {
        if (dup2(moved[i], SOCKET_NUMBER + (int)i) < 0)
            return -errno;
    }
    sys_close_range(SOCKET_NUMBER + (unsigned)count, ~0u, CLOSE_RANGE_CLOEXEC);
    return 0;
}

/* In the child: never returns; what fails is written to @report. */
static void run_child(const struct criu_start *start, int socket, int report)
{
    char path_entry[PATH_MAX + sizeof("PATH=")];
    char *const arguments[] = {(char[]){"criu"}, (char[]){"swrk"}, (char[]){"3"}, NULL};
    char *const environment[] = {path_entry, NULL};
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    const char *path = getenv("PATH");
    struct error error = {0};
    sigset_t none;
    int r = 0;

    /* for the firewall's programs, which it calls to hold connections back */
    snprintf(path_entry, sizeof(path_entry), "PATH=%s",
             path != NULL && strlen(path) < PATH_MAX ? path : USUAL_PATH);
    sigaction(SIGPIPE, &by_default, NULL);
    sigaction(SIGCHLD, &by_default, NULL);
    sigemptyset(&none);
    if (start->own_session)
        setsid();
    if (start->prepare != NULL)
        r = start->prepare(start->data, &error);
    if (r == 0) {
        /* moved out of the way of criu's own numbers */
        report = fcntl(report, F_DUPFD_CLOEXEC, 2 * (CRIU_FIRST_INHERITED + CRIU_INHERITED_MAX));
        r = place_descriptors(start, socket);
        if (r < 0)
            error_set(&error, ERROR_CRIU_FAILED, -r, "cannot hand descriptors to criu");
    }
    if (r == 0) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(start->path, arguments, environment);
        error_set(&error, ERROR_CRIU_FAILED, errno, "cannot execute \"%s\"", start->path);
    }
    /* less than PIPE_BUF, so all of it or nothing; a reader that is gone needs no report */
    _exit(write(report, &error, sizeof(error)) == (ssize_t)sizeof(error) ? 127 : 126);
}

_Static_assert(sizeof(struct error) <= 4096, "PIPE_BUF");

/* Returns 0 once the child has executed criu, or the error that it reported. */
static int hear_report(int report, struct error *error)
{
    struct error theirs;
    ssize_t length;

    do
        length = read(report, &theirs, sizeof(theirs));
    while (length < 0 && errno == EINTR);
    if (length == 0)
        return 0;
    if (length != (ssize_t)sizeof(theirs))
        return error_set(error, ERROR_CRIU_FAILED, EPROTO, "cannot start criu");
    error_sanitize(&theirs);
    if (error->code == ERROR_NONE)
        *error = theirs;
    return theirs.sys_errno > 0 ? -theirs.sys_errno : -EINVAL;
}

int criu_start(const struct criu_start *start, struct criu *ret, struct error *error)
{
    _cleanup_close_ int ours = -1, theirs = -1, report = -1, report_writer = -1;
    int ends[2];
    pid_t pid;
    int r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot make a pair of sockets");
    ours = ends[0];
    theirs = ends[1];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot make a pipe");
    report = ends[0];
    report_writer = ends[1];
    pid = fork();
    if (pid < 0)
        return error_set(error, ERROR_CRIU_FAILED, errno, "cannot start criu");
    if (pid == 0)
        run_child(start, theirs, report_writer);
    theirs = close_fd(theirs);
    report_writer = close_fd(report_writer);
    *ret = (struct criu){
        .pid = pid,
        .pidfd = sys_pidfd_open(pid, 0),
        .socket = -1,
        .own_session = start->own_session,
    };
    r = hear_report(report, error);
    if (r == 0 && ret->pidfd < 0)
        r = error_set(error, ERROR_CRIU_FAILED, errno, "cannot watch criu");
    if (r < 0) {
        criu_kill(ret);
        return r;
    }
    ret->socket = take_fd(&ours);
    return 0;
}
