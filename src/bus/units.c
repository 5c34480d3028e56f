/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/units.h"

#include <stdlib.h>

#include "bus/unit_calls.h"

#define STOP_DEADLINE_MS 15000
#define NO_SUCH_UNIT     "org.freedesktop.systemd1.NoSuchUnit"

int units_connect(bool user, struct units **ret, struct error *error)
{
    struct units *units = calloc(1, sizeof(*units));

    if (units == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot talk to systemd");
    bus_connect(&units->bus, user);
    *ret = units;
    return 0;
}

void units_disconnect(struct units *units)
{
    if (units == NULL)
        return;
    bus_done(&units->bus);
    free(units->restore.data);
    free(units);
}

static int stop_described(struct units *units, const char *description, struct error *error)
{
    struct bus_message reply;
    struct bus_job job;
    int r = unit_is_described(units, description, error);

    if (r <= 0)
        return r;
    bus_watch_jobs(&units->bus, units->unit);
    r = unit_call(units, "StopUnit", "replace", &reply, error);
    if (r < 0)
        return r;
    if (reply.type == BUS_ERROR) {
        if (!is_error(&reply, NO_SUCH_UNIT))
            r = unit_set_refused(&reply, error, "systemd refuses to stop the unit \"%s\"",
                                 units->unit);
    } else {
        r = unit_read_job(&reply, &job, error);
        if (r == 0)
            r = bus_await_job(&units->bus, &job, units->deadline, error);
    }
    return r < 0 ? r : unit_reset_failed(units, error);
}

int units_stop(bool user, const char *unit, const char *description, struct error *error)
{
    struct units *units = NULL;
    int r = units_connect(user, &units, error);

    if (r < 0)
        return r;
    r = unit_begin(units, unit, STOP_DEADLINE_MS, NULL, error);
    if (r == 0)
        do {
            r = stop_described(units, description, error);
        } while (r < 0 && unit_reconnect(units, error));
    units_disconnect(units);
    return r;
}

/* SetUnitProperties(s name, b runtime, a(sv) properties) */
static struct bus_array begin_set(struct units *units)
{
    struct bus_writer *out = &units->bus.out;

    units->serial = bus_begin(&units->bus, BUS_OBJECT, BUS_MANAGER, "SetUnitProperties", "sba(sv)");
    bus_put_string(out, units->unit);
    bus_put_number(out, 'b', 1);
    return bus_begin_array(out, '(');
}

/*
 * Ends and sends it, and waits.  systemd writes the files after it has answered, but before it
 * answers to anything else: so that is asked for in the same breath.
 */
static int end_set(struct units *units, struct bus_array properties, struct bus_message *reply,
                   struct error *error)
{
    struct bus_writer *out = &units->bus.out;
    struct bus_message written;
    uint32_t serial;
    int r;

    bus_end_array(out, properties);
    bus_end_call(out);
    serial = unit_ask_property(units, BUS_UNIT, "Description");
    r = bus_send(&units->bus, error);
    if (r == 0)
        r = bus_await_reply(&units->bus, units->serial, "SetUnitProperties", units->deadline, reply,
                            error);
    if (r < 0 || reply->type == BUS_ERROR)
        return r;
    return bus_await_reply(&units->bus, serial, "Get", units->deadline, &written, error);
}

static int set_properties(struct units *units, struct error *error)
{
    int r = 0;

    while (r == 0) {
        struct bus_array properties = begin_set(units);
        struct bus_message reply;

        r = unit_put_properties(units, error);
        if (r == 0)
            r = end_set(units, properties, &reply, error);
        if (r < 0 || reply.type != BUS_ERROR)
            return r;
        if (!unit_drop_unknown(units, &reply))
            return unit_set_refused(
                &reply, error, "systemd refuses the new limits of the unit \"%s\"", units->unit);
    }
    return r;
}

int units_set(struct units *units, const struct plan *plan, const char *unit, struct error *error)
{
    int r = unit_begin(units, unit, JOB_DEADLINE_MS, NULL, error);

    units->plan = plan;
    if (r < 0)
        return r;
    do {
        r = unit_remember_properties(units, error);
    } while (r < 0 && unit_reconnect(units, error));
    if (r < 0)
        return r;
    do {
        r = set_properties(units, error);
    } while (r < 0 && unit_reconnect(units, error));
    return r;
}

static int restore_properties(struct units *units, struct error *error)
{
    struct bus_array properties = begin_set(units);
    struct bus_message reply;
    int r;

    bus_put_values(&units->bus.out, units->restore.data, units->restore.length);
    r = end_set(units, properties, &reply, error);
    if (r == 0 && reply.type == BUS_ERROR)
        r = unit_set_refused(
            &reply, error, "systemd does not take back the limits of the unit \"%s\"", units->unit);
    return r;
}

int units_restore(struct units *units, const char *unit, struct error *error)
{
    int r;

    if (units->restore.length == 0)
        return 0;
    r = unit_begin(units, unit, STOP_DEADLINE_MS, NULL, error);
    if (r < 0)
        return r;
    do {
        r = restore_properties(units, error);
    } while (r < 0 && unit_reconnect(units, error));
    units->restore.length = 0;
    return r;
}

int units_attach(struct units *units, const char *unit, const char *below, pid_t pid,
                 const struct bus_wake *wake, struct error *error)
{
    int r = unit_begin(units, unit, JOB_DEADLINE_MS, wake, error);

    if (r < 0)
        return r;
    do {
        r = unit_attach(units, below, pid, error);
    } while (r < 0 && unit_reconnect(units, error));
    return r;
}
