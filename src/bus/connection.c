/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/connection.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

uint64_t bus_deadline(int milliseconds)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000 +
           (uint64_t)(milliseconds > 0 ? milliseconds : 0);
}

const char *bus_name(const struct bus *bus)
{
    return bus->user ? "the user's systemd" : "systemd";
}

static int set_died(struct bus *bus, int r, struct error *error)
{
    bus->interrupted = r == -ECONNRESET || r == -EPIPE;
    return error_set(error, ERROR_SYSTEMD_BUS, -r, "the connection to %s has broken",
                     bus_name(bus));
}

uint32_t bus_begin(struct bus *bus, const char *object, const char *interface, const char *method,
                   const char *signature)
{
    const struct bus_call call = {.destination = bus->direct ? NULL : BUS_SYSTEMD,
                                  .object = object,
                                  .interface = interface,
                                  .method = method,
                                  .signature = signature};

    bus_begin_call(&bus->out, &call, ++bus->serial);
    return bus->serial;
}

/* Its answer says nothing: without the match systemd still tells who has asked for the job. */
void bus_watch_jobs(struct bus *bus, const char *unit)
{
    static const struct bus_call call = {.destination = BUS_DAEMON,
                                         .object = BUS_DAEMON_OBJECT,
                                         .interface = BUS_DAEMON,
                                         .method = "AddMatch",
                                         .signature = "s",
                                         .no_reply = true};
    char rule[512];

    if (bus->direct)
        return; /* it tells all that it has to tell */
    snprintf(rule, sizeof(rule),
             "type='signal',sender='" BUS_SYSTEMD "',path='" BUS_OBJECT "',interface='" BUS_MANAGER
             "',member='JobRemoved',arg2='%s'",
             unit);
    bus_begin_call(&bus->out, &call, ++bus->serial);
    bus_put_string(&bus->out, rule);
    bus_end_call(&bus->out);
}

/* Takes what there is.  Returns 0 or an error that is set. */
static int receive(struct bus *bus, struct error *error)
{
    ssize_t n;

    if (bus->begin > 0) {
        memmove(bus->input, bus->input + bus->begin, bus->end - bus->begin);
        bus->end -= bus->begin;
        bus->begin = 0;
    }
    n = recv(bus->socket, bus->input + bus->end, sizeof(bus->input) - bus->end, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return set_died(bus, n < 0 ? -errno : -ECONNRESET, error);
    bus->end += (size_t)n;
    return 0;
}

/*
 * One line of the server's in the handshake: "DATA", because the first one of ours did not say who
 * we are and the socket does, then "OK" with an id.  Returns 1, or 0 when it is not there yet.
 */
static int read_line(struct bus *bus, struct error *error)
{
    const char *line = (const char *)bus->input + bus->begin;
    size_t length = bus->end - bus->begin;
    const char *end = memchr(line, '\n', length);

    if (end == NULL)
        return length < sizeof(bus->input) ? 0 : set_died(bus, -EPROTO, error);
    bus->begin += (size_t)(end - line) + 1;
    if (end == line || end[-1] != '\r')
        return set_died(bus, -EPROTO, error);
    length = (size_t)(end - line) - 1;
    if (length >= 3 && memcmp(line, "OK ", 3) == 0) {
        bus->trusted = true;
        bus->admitted = bus->direct;
    } else if (length >= 8 && memcmp(line, "REJECTED", 8) == 0) {
        return error_set(error, ERROR_SYSTEMD_BUS, EPERM,
                         "the bus of %s does not let us in: it wants another user", bus_name(bus));
    } else if (length < 4 || memcmp(line, "DATA", 4) != 0) {
        return set_died(bus, -EPROTO, error);
    }
    return 1;
}

/* Reads the lines that are there until the handshake is over.  0, or an error is set. */
static int shake_hands(struct bus *bus, struct error *error)
{
    int r = 1;

    while (r > 0 && !bus->trusted)
        r = read_line(bus, error);
    return r < 0 ? r : 0;
}

int bus_send(struct bus *bus, struct error *error)
{
    int r = 0;

    if (bus->out.failed)
        return error_set(error, ERROR_SYSTEMD_UNIT, EMSGSIZE, "the request to %s is too large",
                         bus_name(bus));
    if (!bus->trusted && (r = receive(bus, error)) == 0)
        r = shake_hands(bus, error);
    if (r < 0)
        return r;
    while (bus->trusted && bus->sent < bus->out.length) {
        ssize_t n = send(bus->socket, bus->output + bus->sent, bus->out.length - bus->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n < 0 && errno != EINTR)
            return set_died(bus, -errno, error);
        if (n > 0)
            bus->sent += (size_t)n;
    }
    if (bus->trusted)
        bus->sent = bus->out.length = 0;
    return 0;
}

/* Waits until the peer has sent something or takes something.  -ETIMEDOUT, or an error is set. */
static int wait_for_peer(struct bus *bus, uint64_t deadline, struct error *error)
{
    const struct bus_wake *wake = bus->wake;
    struct pollfd events[3] = {
        {.fd = bus->socket, .events = POLLIN},
        {.fd = wake != NULL ? wake->descriptors[0] : -1, .events = POLLIN},
        {.fd = wake != NULL ? wake->descriptors[1] : -1, .events = POLLIN},
    };
    uint64_t now = bus_deadline(0), limit = deadline;
    int r;

    if (!bus->admitted && bus->admission_deadline < limit)
        limit = bus->admission_deadline;
    if (bus->trusted && bus->sent < bus->out.length)
        events[0].events |= POLLOUT;
    if (now >= limit && limit < deadline)
        return error_set(error, ERROR_SYSTEMD_BUS, ETIMEDOUT,
                         "the bus of %s does not let us in: it has not answered", bus_name(bus));
    if (now >= limit)
        return -ETIMEDOUT;
    r = poll(events, ARRAY_SIZE(events), limit - now < INT_MAX ? (int)(limit - now) : INT_MAX);
    if (r < 0 && errno != EINTR)
        return set_died(bus, -errno, error);
    if (r <= 0)
        return 0;
    r = events[1].revents != 0 || events[2].revents != 0 ? wake->woken(wake->data) : 0;
    if (r == 0 && (events[0].revents & POLLOUT) != 0)
        r = bus_send(bus, error);
    if (r == 0 && (events[0].revents & ~POLLOUT) != 0)
        r = receive(bus, error);
    return r;
}

int bus_pause(struct bus *bus, int milliseconds, struct error *error)
{
    const struct bus_wake *wake = bus->wake;
    struct pollfd events[2] = {
        {.fd = wake != NULL ? wake->descriptors[0] : -1, .events = POLLIN},
        {.fd = wake != NULL ? wake->descriptors[1] : -1, .events = POLLIN},
    };
    int r = poll(events, ARRAY_SIZE(events), milliseconds);

    if (r < 0 && errno != EINTR)
        return set_died(bus, -errno, error);
    return r > 0 ? wake->woken(wake->data) : 0;
}

/* JobRemoved(u id, o job, s unit, s result): all are kept, since it may come before the answer. */
static void note_job(struct bus *bus, const struct bus_message *signal)
{
    struct bus_job *job = &bus->jobs[bus->jobs_count % BUS_JOBS_KEPT];
    struct bus_reader body = signal->body;
    const char *path, *unit, *result;
    uint64_t id;

    if (strcmp(signal->text[BUS_FIELD_MEMBER], "JobRemoved") != 0 ||
        strcmp(signal->text[BUS_FIELD_INTERFACE], BUS_MANAGER) != 0 ||
        strcmp(signal->text[BUS_FIELD_SIGNATURE], "uoss") != 0 ||
        bus_read_number(&body, 'u', &id) < 0 || bus_read_text(&body, 'o', &path) < 0 ||
        bus_read_text(&body, 's', &unit) < 0 || bus_read_text(&body, 's', &result) < 0)
        return;
    snprintf(job->path, sizeof(job->path), "%s", path);
    snprintf(job->sender, sizeof(job->sender), "%s", signal->text[BUS_FIELD_SENDER]);
    snprintf(job->result, sizeof(job->result), "%s", result);
    bus->jobs_count++;
}

/* Passes over what nobody wants.  True when all of it has come. */
static bool skip_input(struct bus *bus)
{
    size_t length = bus->end - bus->begin, size = bus->skip < length ? bus->skip : length;

    bus->begin += size;
    bus->skip -= size;
    return bus->skip == 0;
}

/* The bytes of the next whole message.  1, 0 when it is not there yet, or an error is set. */
static int take_message(struct bus *bus, const unsigned char **ret, size_t *ret_size,
                        struct error *error)
{
    while (skip_input(bus)) {
        const unsigned char *head = bus->input + bus->begin;
        size_t length = bus->end - bus->begin, size;

        if (length < BUS_HEAD_SIZE)
            return 0;
        if (bus_message_size(head, &size) < 0)
            return set_died(bus, -EPROTO, error);
        if (size > sizeof(bus->input) && head[1] != BUS_SIGNAL)
            return set_died(bus, -EMSGSIZE, error);
        if (size > sizeof(bus->input)) {
            bus->skip = size;
            continue;
        }
        if (length < size)
            return 0;
        bus->begin += size;
        *ret = head;
        *ret_size = size;
        return 1;
    }
    return 0;
}

static int answer_to_hello(struct bus *bus, const struct bus_message *message, struct error *error)
{
    if (message->type != BUS_METHOD_RETURN)
        return error_set(error, ERROR_SYSTEMD_BUS, EPERM,
                         "the bus of %s does not let us in: it refuses to greet", bus_name(bus));
    bus->admitted = true;
    return 0;
}

/* The next message that has been received.  1, 0 when there is none, or an error is set. */
static int next_message(struct bus *bus, struct bus_message *ret, struct error *error)
{
    const unsigned char *data = NULL;
    size_t size = 0;
    int r = 0;

    if (!bus->trusted) {
        r = shake_hands(bus, error);
        if (r == 0 && bus->trusted)
            r = bus_send(bus, error); /* what has waited for it */
    }
    if (r < 0 || !bus->trusted)
        return r;
    do {
        r = take_message(bus, &data, &size, error);
        if (r <= 0)
            return r;
        r = bus_message_parse(data, size, ret);
        /* in the other byte order: nothing of systemd's */
    } while (r == -EOPNOTSUPP);
    if (r < 0)
        return set_died(bus, r, error);
    if (ret->type == BUS_SIGNAL)
        note_job(bus, ret);
    else if (!bus->admitted && ret->reply_serial == BUS_HELLO_SERIAL)
        r = answer_to_hello(bus, ret, error);
    return r < 0 ? r : 1;
}

/* Errors that are not systemd's: it is not there, or the connection is not. */
static int check_answered(struct bus *bus, const struct bus_message *reply, struct error *error)
{
    static const char *const absent[] = {
        BUS_DAEMON ".Error.ServiceUnknown", BUS_DAEMON ".Error.NameHasNoOwner",
        BUS_DAEMON ".Error.Spawn.ExecFailed", BUS_DAEMON ".Error.Spawn.ServiceNotFound"};
    static const char *const broken[] = {
        BUS_DAEMON ".Error.NoReply", BUS_DAEMON ".Error.Disconnected", BUS_DAEMON ".Error.Timeout"};
    const char *name = reply->text[BUS_FIELD_ERROR_NAME];

    if (reply->type != BUS_ERROR)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
        if (strcmp(name, absent[i]) == 0) {
            bus->interrupted = true;
            return error_set(error, ERROR_SYSTEMD_BUS, 0, "cannot reach %s: it is not on the bus",
                             bus_name(bus));
        }
    for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
        if (strcmp(name, broken[i]) == 0)
            return set_died(bus, -ECONNRESET, error);
    return 0;
}

static bool is_reply(const struct bus_message *message, uint32_t serial)
{
    return (message->type == BUS_METHOD_RETURN || message->type == BUS_ERROR) &&
           message->reply_serial == serial;
}

int bus_await_reply(struct bus *bus, uint32_t serial, const char *method, uint64_t deadline,
                    struct bus_message *ret, struct error *error)
{
    struct bus_message reply;

    for (;;) {
        int r = next_message(bus, &reply, error);

        if (r > 0 && is_reply(&reply, serial)) {
            r = check_answered(bus, &reply, error);
            if (r == 0)
                *ret = reply;
            return r;
        }
        if (r == 0)
            r = wait_for_peer(bus, deadline, error);
        if (r == -ETIMEDOUT)
            r = error_set(error, ERROR_SYSTEMD_BUS, ETIMEDOUT, "%s does not answer to %s",
                          bus_name(bus), method);
        if (r < 0)
            return r;
    }
}

static bool find_job(const struct bus *bus, struct bus_job *job)
{
    unsigned kept = bus->jobs_count < BUS_JOBS_KEPT ? bus->jobs_count : BUS_JOBS_KEPT;

    for (unsigned i = 0; i < kept; i++) {
        const struct bus_job *done = &bus->jobs[i];

        /* a signal that another sent to us is none of systemd's */
        if (strcmp(done->path, job->path) == 0 && strcmp(done->sender, job->sender) == 0) {
            memcpy(job->result, done->result, sizeof(job->result));
            return true;
        }
    }
    return false;
}

int bus_await_job(struct bus *bus, struct bus_job *job, uint64_t deadline, struct error *error)
{
    while (!find_job(bus, job)) {
        struct bus_message message;
        int r = next_message(bus, &message, error);

        if (r == 0)
            r = wait_for_peer(bus, deadline, error);
        if (r == -ETIMEDOUT)
            return error_set(error, ERROR_SYSTEMD_BUS, ETIMEDOUT,
                             "%s has not finished the job in time", bus_name(bus));
        if (r < 0)
            return r;
    }
    return 0;
}
