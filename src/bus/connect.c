/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd is reached, and what is sent to be let in; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bus/address.h"
#include "bus/connection.h"

#define CONNECT_DEADLINE_MS 10000
#define OVERFLOW_UID        65534 /* of users that our user namespace does not know */
#define SYSTEM_BUS          "unix:path=/run/dbus/system_bus_socket"

/*
 * EXTERNAL without a name: the server takes it from the socket, which is right in user namespaces,
 * too.  Nothing of it needs an answer before the rest can be sent; messages do, since systemd's own
 * socket would not look at those that come together with it.
 */
static const char handshake[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

/* A bus is root's or ours: what another has put there is none. */
static int check_owner(int socket)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
        return -errno;
    return peer.uid == 0 || peer.uid == geteuid() || peer.uid == OVERFLOW_UID ? 0 : -EPERM;
}

static int connect_to(struct bus *bus, const struct bus_address *address)
{
    /* a server whose queue is full makes connect() wait, for so long */
    const struct timeval limit = {.tv_sec = CONNECT_DEADLINE_MS / 1000};
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
        connect(fd, (const struct sockaddr *)&address->name, address->length) < 0)
        return -errno;
    r = check_owner(fd);
    if (r == 0)
        bus->socket = take_fd(&fd);
    return r;
}

/* The first one of the list that answers; else the last one's error. */
static int connect_any(struct bus *bus, const char *list)
{
    int r, result = -EINVAL;

    for (;;) {
        struct bus_address address;

        r = bus_address_next(&list, &address);
        if (r == 0)
            return result;
        if (r > 0)
            r = connect_to(bus, &address);
        if (r == 0)
            return 0;
        result = r;
    }
}

/*
 * systemd's own socket, which is its owner's alone, where there is no bus, or not yet.  Not before
 * the bus: systemd sets up all its objects for each connection and tells it everything that
 * happens, which costs more time than a bus daemon in between.
 */
static int connect_directly(struct bus *bus, const char *directory, int r)
{
    struct bus_address address;

    if (bus_address_of_path(directory, "systemd/private", &address) < 0 ||
        connect_to(bus, &address) < 0) {
        bus->interrupted = true; /* a systemd that is there has one */
        return r;
    }
    bus->direct = true;
    return 0;
}

static int connect_system(struct bus *bus)
{
    const char *given = getenv("DBUS_SYSTEM_BUS_ADDRESS");
    int r;

    if (given != NULL && given[0] != '\0')
        return connect_any(bus, given); /* that one and no other */
    r = connect_any(bus, SYSTEM_BUS);
    return r < 0 ? connect_directly(bus, "/run", r) : 0;
}

static int connect_user(struct bus *bus)
{
    const char *given = getenv("DBUS_SESSION_BUS_ADDRESS");
    const char *directory = getenv("XDG_RUNTIME_DIR");
    struct bus_address address;
    int r;

    if (given != NULL && given[0] != '\0')
        return connect_any(bus, given);
    if (directory == NULL || directory[0] == '\0')
        return -ENOMEDIUM;
    r = bus_address_of_path(directory, "bus", &address);
    if (r == 0)
        r = connect_to(bus, &address);
    return r < 0 ? connect_directly(bus, directory, r) : 0;
}

static void send_greeting(struct bus *bus)
{
    static const struct bus_call hello = {.destination = BUS_DAEMON,
                                          .object = BUS_DAEMON_OBJECT,
                                          .interface = BUS_DAEMON,
                                          .method = "Hello",
                                          .signature = ""};

    bus->serial = BUS_HELLO_SERIAL;
    if (!bus->direct) {
        bus_begin_call(&bus->out, &hello, BUS_HELLO_SERIAL);
        bus_end_call(&bus->out);
    }
    if (send(bus->socket, handshake, sizeof(handshake) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) !=
        (ssize_t)sizeof(handshake) - 1) {
        error_set(&bus->error, ERROR_SYSTEMD_BUS, errno, "the connection to %s has broken",
                  bus_name(bus));
        bus->interrupted = true;
        bus->socket = close_fd(bus->socket);
    }
}

static void connect_again(struct bus *bus)
{
    int r;

    bus->socket = -1;
    bus->out = (struct bus_writer){.data = bus->output, .capacity = sizeof(bus->output)};
    bus->admission_deadline = bus_deadline(CONNECT_DEADLINE_MS);
    r = bus->user ? connect_user(bus) : connect_system(bus);
    if (r == 0) {
        send_greeting(bus);
        return;
    }
    error_set(&bus->error, ERROR_SYSTEMD_BUS, -r, "cannot reach %s: no bus answers at %s",
              bus_name(bus),
              bus->user ? "$DBUS_SESSION_BUS_ADDRESS or $XDG_RUNTIME_DIR/bus"
                        : "/run/dbus/system_bus_socket");
}

void bus_connect(struct bus *bus, bool user)
{
    bus->user = user;
    connect_again(bus);
}

void bus_done(struct bus *bus)
{
    bus->socket = close_fd(bus->socket);
}

void bus_reconnect(struct bus *bus)
{
    bus_done(bus);
    bus->direct = bus->trusted = bus->admitted = bus->interrupted = false;
    error_clear(&bus->error);
    bus->jobs_count = 0;
    bus->sent = bus->begin = bus->end = bus->skip = 0;
    connect_again(bus);
}

/* sd_booted(3), and the same for a user's */
bool bus_may_return(const struct bus *bus)
{
    const char *directory = bus->user ? getenv("XDG_RUNTIME_DIR") : "/run";
    _cleanup_close_ int fd = -1;

    if (!bus->interrupted || directory == NULL || directory[0] != '/')
        return false;
    fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && faccessat(fd, bus->user ? "systemd" : "systemd/system", F_OK, 0) == 0;
}
