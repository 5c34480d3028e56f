/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What requests about units are made of; within src/bus.  Runs in dray. */
#ifndef DRAY_BUS_UNIT_CALLS_H
#define DRAY_BUS_UNIT_CALLS_H

#include <errno.h>
#include <string.h>

#include "bus/connection.h"
#include "bus/units.h"

#define JOB_DEADLINE_MS 30000

#define BUS_SCOPE "org.freedesktop.systemd1.Scope"
#define BUS_UNIT  "org.freedesktop.systemd1.Unit"

struct units {
    struct bus bus;
    const char *unit; /* of the request that is being made, as all that follows */
    uint64_t deadline;
    uint64_t return_deadline; /* until when a systemd that went away is waited for; 0: none has */
    uint32_t serial;
    const struct plan *plan;
    char description[1280];
    pid_t pid;
    unsigned dropped;          /* bit per property, in its order, that this systemd does not know */
    struct bus_writer restore; /* elements of a(sv): what SetUnitProperties replaced */
};

static inline bool is_error(const struct bus_message *reply, const char *name)
{
    return reply->type == BUS_ERROR && strcmp(reply->text[BUS_FIELD_ERROR_NAME], name) == 0;
}

/* What every request begins with.  @wake: what else ends the waiting; or NULL. */
int unit_begin(struct units *units, const char *unit, int deadline_ms, const struct bus_wake *wake,
               struct error *error);

/*
 * After a request has failed with @error: if that was because systemd is being executed anew, waits
 * for it, connects again and forgets the error.  False: the request has failed.
 */
bool unit_reconnect(struct units *units, struct error *error);

/* Adds the plan's properties but for those that were dropped to the call that was begun. */
int unit_put_properties(struct units *units, struct error *error);

/*
 * "Cannot set property X, or unknown property.": an older systemd does not know it.  One that can
 * be done without is left out the next time; true if there is one.
 */
bool unit_drop_unknown(struct units *units, const struct bus_message *reply);

/* A method of the manager's that takes the unit's name and a mode (NULL: none), and its answer. */
int unit_call(struct units *units, const char *method, const char *mode, struct bus_message *ret,
              struct error *error);

int unit_reset_failed(struct units *units, struct error *error);

/* Lets systemd move process @pid to the cgroup @below the unit's. */
int unit_attach(struct units *units, const char *below, pid_t pid, struct error *error);

/* The job that @reply names, for bus_await_job(). */
int unit_read_job(const struct bus_message *reply, struct bus_job *ret, struct error *error);

/*
 * A property of the unit that is a string.  Returns 1 with @ret, as far as it fits; 0: it has none;
 * or a negative errno value with the error set.
 */
int unit_text_property(struct units *units, const char *name, char *ret, size_t size,
                       struct error *error);

/* 1: the unit is the one that is described so; 0: another's, or none. */
int unit_is_described(struct units *units, const char *description, struct error *error);

/* Adds a call that asks for a property; it is not sent yet.  Returns its serial. */
uint32_t unit_ask_property(struct units *units, const char *interface, const char *name);

/* Reads the plan's properties as they are now into units->restore, in one round trip. */
int unit_remember_properties(struct units *units, struct error *error);

/* Sets an error with systemd's own words as its detail. */
int unit_set_refused(const struct bus_message *reply, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
