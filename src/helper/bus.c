/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_DEADLINE_MS 10000
#define PRIVATE_SOCKET      "/run/systemd/private"

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

uint64_t bus_deadline(int milliseconds)
{
    return now() + (uint64_t)(milliseconds > 0 ? milliseconds : 0) * 1000;
}

static const char *name_of(const struct bus *bus)
{
    return bus->user ? "the user's systemd" : "systemd";
}

/* JobRemoved(u id, o job, s unit, s result): all are kept, since it may come before the answer. */
static int note_job(sd_bus_message *signal, void *data, sd_bus_error *error)
{
    struct bus *bus = data;
    const char *path, *unit, *result, *sender = sd_bus_message_get_sender(signal);
    struct bus_job *job = &bus->jobs[bus->jobs_count % JOBS_KEPT];
    uint32_t id;

    (void)error;
    if (sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result) < 0)
        return 0;
    snprintf(job->path, sizeof(job->path), "%s", path);
    snprintf(job->sender, sizeof(job->sender), "%s", sender != NULL ? sender : "");
    snprintf(job->result, sizeof(job->result), "%s", result);
    bus->jobs_count++;
    return 0;
}

/* systemd's own socket, which only its owner may use: there without, or before, a bus daemon. */
static int connect_directly(struct bus *bus)
{
    const char *directory = getenv("XDG_RUNTIME_DIR");
    char address[512];
    int length, r;

    if (bus->user && (directory == NULL || directory[0] != '/'))
        return -ENOMEDIUM;
    if (bus->user)
        length = snprintf(address, sizeof(address), "unix:path=%s/systemd/private", directory);
    else
        length = snprintf(address, sizeof(address), "unix:path=%s", PRIVATE_SOCKET);
    if (length < 0 || (size_t)length >= sizeof(address))
        return -ENAMETOOLONG;
    r = sd_bus_new(&bus->bus);
    if (r >= 0)
        r = sd_bus_set_address(bus->bus, address);
    if (r >= 0)
        r = sd_bus_start(bus->bus);
    if (r < 0)
        bus->bus = sd_bus_unref(bus->bus);
    bus->direct = r >= 0;
    return r;
}

static int connect_any(struct bus *bus)
{
    int r = bus->user ? sd_bus_open_user(&bus->bus) : sd_bus_open_system(&bus->bus);
    int direct;

    if (r >= 0)
        return 0;
    bus->bus = NULL;
    if (bus->user ? getenv("DBUS_SESSION_BUS_ADDRESS") != NULL
                  : getenv("DBUS_SYSTEM_BUS_ADDRESS") != NULL)
        return r; /* that one and no other */
    direct = connect_directly(bus);
    return direct >= 0 ? 0 : r;
}

void bus_connect(struct bus *bus, bool user)
{
    int r;

    bus->user = user;
    r = connect_any(bus);
    if (r >= 0)
        r = sd_bus_match_signal_async(bus->bus, NULL, bus->direct ? NULL : BUS_SYSTEMD, BUS_OBJECT,
                                      BUS_MANAGER, "JobRemoved", note_job, NULL, bus);
    bus->connected = r < 0 ? r : 0;
    if (r >= 0)
        return;
    error_set(
        &bus->error, ERROR_SYSTEMD_BUS, -r, "cannot reach %s: no bus answers at %s", name_of(bus),
        user ? "$DBUS_SESSION_BUS_ADDRESS or $XDG_RUNTIME_DIR/bus" : "/run/dbus/system_bus_socket");
}

void bus_done(struct bus *bus)
{
    bus->bus = sd_bus_unref(bus->bus);
}

static int set_died(struct bus *bus, int r, struct error *error)
{
    return error_set(error, ERROR_SYSTEMD_BUS, -r, "the connection to %s has broken", name_of(bus));
}

/* Waits for something on the bus and handles it.  -ETIMEDOUT, or an error that is set. */
static int turn(struct bus *bus, uint64_t deadline, struct error *error)
{
    uint64_t wake = UINT64_MAX, time;
    struct pollfd events[2] = {{.fd = bus->caller, .events = POLLIN}};
    int r = sd_bus_process(bus->bus, NULL);

    if (r > 0)
        return 0;
    if (r == 0)
        r = sd_bus_get_events(bus->bus);
    if (r < 0)
        return set_died(bus, r, error);
    events[1].fd = sd_bus_get_fd(bus->bus);
    events[1].events = (short)r;
    sd_bus_get_timeout(bus->bus, &wake);
    if (wake > deadline)
        wake = deadline;
    time = now();
    if (time >= deadline)
        return -ETIMEDOUT;
    r = poll(events, 2, wake > time ? (int)((wake - time + 999) / 1000) : 0);
    if (r < 0 && errno != EINTR)
        return set_died(bus, -errno, error);
    if (r > 0 && events[0].revents != 0)
        return error_set(error, ERROR_SYSTEMD_BUS, EPIPE, "dray does not wait any more");
    return 0;
}

int bus_wait_connected(struct bus *bus, uint64_t deadline, struct error *error)
{
    uint64_t limit = bus_deadline(CONNECT_DEADLINE_MS);
    int r = 0;

    if (bus->connected < 0) {
        *error = bus->error;
        return bus->connected;
    }
    if (limit > deadline)
        limit = deadline;
    while (r == 0 && sd_bus_is_ready(bus->bus) == 0)
        r = turn(bus, limit, error);
    if (r == 0 && sd_bus_is_ready(bus->bus) < 0)
        r = set_died(bus, sd_bus_is_ready(bus->bus), error);
    if (r == -ETIMEDOUT)
        r = error_set(error, ERROR_SYSTEMD_BUS, ETIMEDOUT,
                      "the bus of %s does not let us in: it has not answered", name_of(bus));
    return r;
}

static int keep_reply(sd_bus_message *reply, void *data, sd_bus_error *error)
{
    sd_bus_message **place = data;

    (void)error;
    *place = sd_bus_message_ref(reply);
    return 0;
}

/* Errors that are not systemd's: it is not there, or the connection is not. */
static int check_answered(struct bus *bus, sd_bus_message *reply, struct error *error)
{
    static const char *const absent[] = {SD_BUS_ERROR_SERVICE_UNKNOWN,
                                         SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                         "org.freedesktop.DBus.Error.Spawn.ExecFailed",
                                         "org.freedesktop.DBus.Error.Spawn.ServiceNotFound"};
    static const char *const broken[] = {SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED,
                                         SD_BUS_ERROR_TIMEOUT};

    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        if (sd_bus_message_is_method_error(reply, absent[i]) > 0)
            return error_set(error, ERROR_SYSTEMD_BUS, 0, "cannot reach %s: it is not on the bus",
                             name_of(bus));
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        if (sd_bus_message_is_method_error(reply, broken[i]) > 0)
            return set_died(bus, -ECONNRESET, error);
    return 0;
}

int bus_call(struct bus *bus, sd_bus_message *message, uint64_t deadline,
             sd_bus_message **ret_reply, struct error *error)
{
    sd_bus_message *reply = NULL;
    sd_bus_slot *slot = NULL;
    uint64_t time = now();
    int r;

    r = sd_bus_call_async(bus->bus, &slot, message, keep_reply, &reply,
                          deadline > time ? deadline - time + 1000000 : 1);
    if (r < 0)
        set_died(bus, r, error);
    while (r >= 0 && reply == NULL) {
        r = turn(bus, deadline, error);
        /* the member moves when the message is sealed */
        if (r == -ETIMEDOUT)
            r = error_set(error, ERROR_SYSTEMD_BUS, ETIMEDOUT, "%s does not answer to %s",
                          name_of(bus), sd_bus_message_get_member(message));
    }
    sd_bus_slot_unref(slot);
    sd_bus_message_unref(message);
    if (r < 0) {
        sd_bus_message_unref(reply);
        return r;
    }
    r = check_answered(bus, reply, error);
    if (r < 0)
        reply = sd_bus_message_unref(reply);
    *ret_reply = reply;
    return r;
}

int bus_wait_job(struct bus *bus, struct bus_job *job, uint64_t deadline, struct error *error)
{
    for (;;) {
        unsigned kept = bus->jobs_count < JOBS_KEPT ? bus->jobs_count : JOBS_KEPT;
        int r;

        for (unsigned i = 0; i < kept; i++) {
            const struct bus_job *done = &bus->jobs[i];

            /* a signal that another sent to us is none of systemd's */
            if (strcmp(done->path, job->path) == 0 && strcmp(done->sender, job->sender) == 0) {
                memcpy(job->result, done->result, sizeof(job->result));
                return 0;
            }
        }
        r = turn(bus, deadline, error);
        if (r == -ETIMEDOUT)
            return error_set(error, ERROR_SYSTEMD_BUS, ETIMEDOUT,
                             "%s has not finished the job in time", name_of(bus));
        if (r < 0)
            return r;
    }
}

sd_bus_message *bus_new_call(struct bus *bus, const char *object, const char *interface,
                             const char *method)
{
    sd_bus_message *message = NULL;

    return sd_bus_message_new_method_call(bus->bus, &message, bus->direct ? NULL : BUS_SYSTEMD,
                                          object, interface, method) < 0
               ? NULL
               : message;
}

int bus_set_refused(sd_bus_message *reply, struct error *error, const char *format, ...)
{
    const sd_bus_error *said = sd_bus_message_get_error(reply);
    char message[sizeof(error->message)], detail[sizeof(error->detail)];
    va_list arguments;
    int length, r;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    r = error_set(error, ERROR_SYSTEMD_UNIT, 0, "%s", message);
    length = snprintf(detail, sizeof(detail), "%s: %s", said != NULL ? said->name : "no error name",
                      said != NULL && said->message != NULL ? said->message : "");
    error_set_detail(error, detail,
                     (size_t)length < sizeof(detail) ? (size_t)length : sizeof(detail) - 1);
    return r;
}
