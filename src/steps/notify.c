/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The proxy of sd_notify(3); runs in dray. */
#include "steps/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "state/directory.h"
#include "steps/rows.h"

#define VARIABLE     "NOTIFY_SOCKET"
#define MESSAGE_SIZE 4096
#define INSIDE       "/run/notify"
#define QUEUE_MAX    512 /* net.unix.max_dgram_qlen, as systemd raises it */

/*
 * What a container may say of itself (sd_notify(3)); not which process the service is, nor that a
 * descriptor be kept.
 */
static const char *const sayings[] = {
    "READY=1",         "STATUS=",    "STOPPING=1", "RELOADING=1",
    "MONOTONIC_USEC=", "WATCHDOG=1", "ERRNO=",     "EXTEND_TIMEOUT_USEC=",
};

static const char *manager_path(void)
{
    const char *path = getenv(VARIABLE);

    return path != NULL && (path[0] == '/' || path[0] == '@') ? path : NULL;
}

static int add_mount(struct operation *operation, const char *source)
{
    static const char *const options[] = {"bind", "nosuid", "nodev", "noexec", "ro", NULL};
    struct oci_spec *spec = operation->spec;
    struct oci_mount *mounts =
        oci_arena_alloc_array(&operation->arena, spec->mounts_count + 1, sizeof(*mounts));

    if (mounts == NULL)
        return -ENOMEM;
    if (spec->mounts_count > 0)
        memcpy(mounts, spec->mounts, spec->mounts_count * sizeof(*mounts));
    mounts[spec->mounts_count] = (struct oci_mount){
        .destination = INSIDE,
        .type = "bind",
        .source = oci_arena_strdup(&operation->arena, source),
    };
    spec->mounts = mounts;
    if (mounts[spec->mounts_count].source == NULL)
        return -ENOMEM;
    return operation_append_strings(operation, &mounts[spec->mounts_count++].options, options);
}

int notify_extend_spec(struct operation *operation, bool *ret_wanted)
{
    static const char *const env[] = {VARIABLE "=" INSIDE "/" STATE_NOTIFY_SOCKET, NULL};
    char path[PATH_MAX];
    int r;

    /* a restored one has the mounts that it was checkpointed with */
    *ret_wanted = operation->create != NULL && operation->restore == NULL && manager_path() != NULL;
    if (!*ret_wanted)
        return 0;
    r = state_format_path(operation->runtime->root, operation->id, STATE_NOTIFY, path,
                          sizeof(path));
    if (r == 0)
        r = add_mount(operation, path);
    if (r == 0)
        r = operation_append_strings(operation, &operation->spec->process->env, env);
    return r == 0 ? 0
                  : error_set(operation->error, ERROR_NOTIFY_SOCKET, -r,
                              "cannot plan the socket for notifications");
}

/* Connected, so that a wrong variable is told before the program runs. */
static int connect_manager(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int manager = -1;
    size_t length = strlen(path);

    if (length >= sizeof(address.sun_path))
        return error_set(error, ERROR_NOTIFY_SOCKET, ENAMETOOLONG,
                         "the socket \"%.200s\" of " VARIABLE " cannot be named", path);
    memcpy(address.sun_path, path, length + 1);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (manager < 0 || connect(manager, (const struct sockaddr *)&address,
                               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
        return error_set(error, ERROR_NOTIFY_SOCKET, errno,
                         "cannot connect to the socket \"%.200s\" of " VARIABLE, path);
    return take_fd(&manager);
}

static int bind_socket(int directory, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    /* an address holds 108 bytes, a path may be longer */
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_NOTIFY_SOCKET,
             directory);
    unlinkat(directory, STATE_NOTIFY_SOCKET, 0);
    if (made < 0 || bind(made, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_set(error, ERROR_NOTIFY_SOCKET, errno,
                         "cannot make the container's socket for notifications");
    /*
     * Any user in the container may use it, nobody else comes so far.  A container that may mount
     * can make its place writable, and put a link there.
     */
    if (fchmodat(directory, STATE_NOTIFY_SOCKET, 0666, AT_SYMLINK_NOFOLLOW) < 0)
        return error_set(error, ERROR_NOTIFY_SOCKET, errno,
                         "cannot let the container use its socket for notifications");
    return take_fd(&made);
}

int notify_listen(int directory, struct notify *ret, struct error *error)
{
    const char *path = manager_path();
    _cleanup_close_ int place = -1;

    *ret = NOTIFY_NONE;
    if (path == NULL)
        return 0;
    place = openat(directory, STATE_NOTIFY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0 && errno == ENOENT)
        return 0;
    if (place < 0)
        return error_set(error, ERROR_STATE_DAMAGED, errno, "cannot open \"%s\"", STATE_NOTIFY);
    ret->manager = connect_manager(path, error);
    if (ret->manager < 0)
        return ret->manager;
    ret->socket = bind_socket(place, error);
    return ret->socket < 0 ? ret->socket : 0;
}

static bool may_say(const char *line)
{
    for (size_t i = 0; i < ARRAY_SIZE(sayings); i++) {
        if (strncmp(line, sayings[i], strlen(sayings[i])) == 0)
            return true;
    }
    return false;
}

bool notify_forward(struct notify *notify)
{
    char message[MESSAGE_SIZE], passed[MESSAGE_SIZE + 32];
    /* without room for descriptors they are closed at once, which answers BARRIER=1 */
    ssize_t size = recv(notify->socket, message, sizeof(message) - 1, 0);
    size_t length = 0;
    bool ready = false;

    if (size <= 0)
        return false;
    message[size] = '\0';
    for (char *line = message, *rest = NULL; (line = strtok_r(line, "\n", &rest)) != NULL;
         line = NULL) {
        if (!may_say(line))
            continue;
        length += (size_t)snprintf(passed + length, sizeof(passed) - length, "%s\n", line);
        ready |= strcmp(line, "READY=1") == 0;
    }
    if (ready)
        length += (size_t)snprintf(passed + length, sizeof(passed) - length, "MAINPID=%d\n",
                                   (int)notify->pid);
    /* Only what it waits for is worth waiting for a manager that is slow, and that once. */
    if (length > 0 && send(notify->manager, passed, length,
                           MSG_NOSIGNAL | (ready && !notify->ready ? 0 : MSG_DONTWAIT)) < 0)
        return ready;
    notify->ready |= ready;
    return ready;
}

int notify_await_ready(struct notify *notify, int pidfd, struct error *error)
{
    struct pollfd events[] = {{.fd = notify->socket, .events = POLLIN},
                              {.fd = pidfd, .events = POLLIN}};

    for (;;) {
        if (poll(events, ARRAY_SIZE(events), -1) < 0) {
            if (errno == EINTR)
                continue;
            return error_set(error, ERROR_SYSTEM, errno,
                             "cannot wait until the container is ready");
        }
        if (events[0].revents != 0 && notify_forward(notify))
            return 0;
        /* what it said last has been read: the socket comes first */
        if (events[0].revents == 0 && events[1].revents != 0)
            return 0;
    }
}

void notify_drain(struct notify *notify)
{
    struct pollfd left = {.fd = notify->socket, .events = POLLIN};

    /* others who have the socket may go on for ever */
    for (int i = 0; i < QUEUE_MAX && notify->socket >= 0 && poll(&left, 1, 0) > 0; i++)
        notify_forward(notify);
}

void notify_done(struct notify *notify)
{
    close_fd(notify->socket);
    close_fd(notify->manager);
    *notify = NOTIFY_NONE;
}

int row_notify_directory(struct operation *operation)
{
    if (mkdirat(operation->directory, STATE_NOTIFY, 0755) < 0 ||
        fchmodat(operation->directory, STATE_NOTIFY, 0755, AT_SYMLINK_NOFOLLOW) < 0)
        return error_set(operation->error, ERROR_STATE_WRITE, errno, "cannot make \"%s\"",
                         STATE_NOTIFY);
    return operation->create->run
               ? notify_listen(operation->directory, &operation->notify, operation->error)
               : 0;
}
