/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to systemd: over a bus, or over systemd's own socket, where it is the peer itself
 * and no bus daemon is in between.  It is written to at once and read when there is something to
 * wait for; every wait has a deadline.  Runs in dray.
 */
#ifndef DRAY_BUS_CONNECTION_H
#define DRAY_BUS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "bus/message.h"

#define BUS_SYSTEMD       "org.freedesktop.systemd1"
#define BUS_OBJECT        "/org/freedesktop/systemd1"
#define BUS_MANAGER       "org.freedesktop.systemd1.Manager"
#define BUS_DAEMON        "org.freedesktop.DBus"
#define BUS_DAEMON_OBJECT "/org/freedesktop/DBus"
#define BUS_HELLO_SERIAL  1
#define BUS_JOBS_KEPT     16
#define BUS_OUTPUT_MAX    (128u << 10) /* bytes of all messages that are sent at once */
#define BUS_INPUT_MAX                                                          \
    (64u << 10) /* bytes of a message that is read; a longer signal is skipped \
                 */

/* What ends a wait besides its deadline. */
struct bus_wake {
    int descriptors[2]; /* readable: @woken is called; -1: none */
    /* Returns 0 to go on waiting, or a negative errno value with the error set. */
    int (*woken)(void *data);
    void *data;
};

/* A job that systemd has said it is done with. */
struct bus_job {
    char path[128];
    char sender[32];
    char result[32]; /* "done", "failed" … */
};

struct bus {
    int socket;   /* -1: there is none, and @error says why */
    bool user;    /* the user's systemd, not the system's */
    bool direct;  /* systemd's own socket */
    bool trusted; /* it has said OK: what follows are messages */
    bool admitted;
    bool interrupted; /* the other side went away in the middle */
    uint64_t admission_deadline;
    struct error error;
    const struct bus_wake *wake; /* or NULL */
    uint32_t serial;             /* of the last call */
    struct bus_job jobs[BUS_JOBS_KEPT];
    unsigned jobs_count; /* ever; the last BUS_JOBS_KEPT are there */
    struct bus_writer out;
    size_t sent;
    size_t begin; /* what has been received and not been read is in front of @end */
    size_t end;
    size_t skip; /* bytes to come that nobody wants */
    unsigned char input[BUS_INPUT_MAX];
    unsigned char output[BUS_OUTPUT_MAX];
};

/* Milliseconds of the monotonic clock, @milliseconds from now. */
uint64_t bus_deadline(int milliseconds);

/*
 * Connects to the system's systemd or to the user's and sends all that it takes to be let in; waits
 * for no answer.  Without @bus->socket the reason is in @bus->error.  Release with bus_done().
 * @bus: all zero.
 */
void bus_connect(struct bus *bus, bool user);
void bus_done(struct bus *bus);

/*
 * A systemd that is executed anew (the upgrade of its package does that) leaves what it was asked
 * unanswered and comes back soon.  True when the conversation broke in such a way and a systemd is
 * what this host, or this user, has.
 */
bool bus_may_return(const struct bus *bus);

/* Connects again.  What was begun is forgotten; its owner asks again.  @bus->wake stays. */
void bus_reconnect(struct bus *bus);

/* Waits.  Returns 0, or a negative errno value with the error set when something else ended it. */
int bus_pause(struct bus *bus, int milliseconds, struct error *error);

/* Whose systemd it is, for messages. */
const char *bus_name(const struct bus *bus);

/*
 * Begins a call of a method of systemd's; the arguments are added to @bus->out.  Call
 * bus_end_call() then.  Returns its serial.
 */
uint32_t bus_begin(struct bus *bus, const char *object, const char *interface, const char *method,
                   const char *signature);

/* Asks to be told when the unit's jobs are done, which takes words on a bus. */
void bus_watch_jobs(struct bus *bus, const char *unit);

/*
 * Sends what was added since, as far as the peer takes it now; the waits send the rest.
 * Returns 0, or a negative errno value with the error set.
 */
int bus_send(struct bus *bus, struct error *error);

/*
 * Waits for the answer to the call @serial of the method @method.  Returns 0 with *ret, valid until
 * the next wait, which may also be an error of systemd's; a negative errno value with the error set
 * when no answer came.
 */
int bus_await_reply(struct bus *bus, uint32_t serial, const char *method, uint64_t deadline,
                    struct bus_message *ret, struct error *error);

/* Waits until the job of @job's path and sender is done; result: what systemd says of it. */
int bus_await_job(struct bus *bus, struct bus_job *job, uint64_t deadline, struct error *error);

#endif
