/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to systemd, with a deadline for everything.  Uses sd-bus; runs in the helper. */
#ifndef DRAY_HELPER_BUS_H
#define DRAY_HELPER_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/error.h"

#define BUS_SYSTEMD  "org.freedesktop.systemd1"
#define BUS_OBJECT   "/org/freedesktop/systemd1"
#define BUS_MANAGER  "org.freedesktop.systemd1.Manager"
#define BUS_SCOPE    "org.freedesktop.systemd1.Scope"
#define BUS_UNIT     "org.freedesktop.systemd1.Unit"
#define JOB_NAME_MAX 128
#define JOBS_KEPT    16

/* A job that systemd has said it is done with. */
struct bus_job {
    char path[JOB_NAME_MAX];
    char sender[32];
    char result[32]; /* "done", "failed" … */
};

struct bus {
    sd_bus *bus;
    bool user;
    bool direct;        /* systemd's own socket: no bus daemon in between */
    int connected;      /* 0: may be asked; or the negative errno value of bus_connect() */
    struct error error; /* of bus_connect() */
    int caller;         /* ends the waiting when it is readable or closed; -1 */
    struct bus_job jobs[JOBS_KEPT];
    unsigned jobs_count; /* ever; the last JOBS_KEPT are there */
};

/* Microseconds of the monotonic clock, @milliseconds from now. */
uint64_t bus_deadline(int milliseconds);

/*
 * Connects to the system's bus or to the user's (DBUS_SESSION_BUS_ADDRESS or
 * $XDG_RUNTIME_DIR/bus); without a bus daemon to systemd's own socket.  Waits for nothing.
 * The outcome is in bus->connected, and comes with the first call.
 */
void bus_connect(struct bus *bus, bool user);
void bus_done(struct bus *bus);

/* Waits until the bus has let us in.  Returns 0 or a negative errno value with the error set. */
int bus_wait_connected(struct bus *bus, uint64_t deadline, struct error *error);

/*
 * A call to systemd and its answer.  Returns 0 with *ret_reply, which may also be an error of
 * systemd's (sd_bus_message_is_method_error()); a negative errno value with the error set when no
 * answer came.  Takes the message.
 */
int bus_call(struct bus *bus, sd_bus_message *message, uint64_t deadline,
             sd_bus_message **ret_reply, struct error *error);

/* Waits until the job of @job's path and sender is done; result: what systemd says of it. */
int bus_wait_job(struct bus *bus, struct bus_job *job, uint64_t deadline, struct error *error);

/* A method call of systemd's manager; or NULL: out of memory. */
sd_bus_message *bus_new_call(struct bus *bus, const char *object, const char *interface,
                             const char *method);

/* Sets an error with systemd's own words as its detail. */
int bus_set_refused(sd_bus_message *reply, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
