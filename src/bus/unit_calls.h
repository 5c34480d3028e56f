/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What requests about units are made of; within src/bus.  Runs in dray. */
#ifndef DRAY_BUS_UNIT_CALLS_H
#define DRAY_BUS_UNIT_CALLS_H

#include <errno.h>
#include <string.h>

#include "bus/connection.h"
#include "bus/units.h"

#define BUS_SCOPE "org.freedesktop.systemd1.Scope"
#define BUS_UNIT  "org.freedesktop.systemd1.Unit"

struct units {
    struct bus bus;
    const char *unit; /* of the request that is being made, as all that follows */
    uint64_t deadline;
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

/* Waits for the job that @reply names. */
int unit_await_job(struct units *units, const struct bus_message *reply, struct bus_job *ret,
                   struct error *error);

/* Adds a call that asks for a property; it is not sent yet.  Returns its serial. */
uint32_t unit_ask_property(struct units *units, const char *interface, const char *name);

/* Reads the plan's properties as they are now into units->restore, in one round trip. */
int unit_remember_properties(struct units *units, struct error *error);

/* Sets an error with systemd's own words as its detail. */
int unit_set_refused(const struct bus_message *reply, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
