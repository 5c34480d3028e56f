/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/properties.h"
#include "bus/unit_calls.h"

#define JOB_DEADLINE_MS  30000
#define STOP_DEADLINE_MS 15000
#define NO_SUCH_UNIT     "org.freedesktop.systemd1.NoSuchUnit"
#define UNIT_EXISTS      "org.freedesktop.systemd1.UnitExists"

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

/* What every request begins with. */
static int begin_request(struct units *units, const char *unit, int deadline_ms,
                         const struct bus_wake *wake, struct error *error)
{
    if (units->bus.socket < 0) {
        *error = units->bus.error;
        return error->sys_errno > 0 ? -error->sys_errno : -EINVAL;
    }
    units->unit = unit;
    units->bus.wake = wake;
    units->deadline = bus_deadline(deadline_ms);
    units->dropped = 0;
    return 0;
}

/* StartTransientUnit(s name, s mode, a(sv) properties, a(sa(sv)) aux) */
static int send_start(struct units *units, struct error *error)
{
    const struct plan *plan = units->plan;
    struct bus_writer *out = &units->bus.out;
    struct bus_array properties, pids;
    int r;

    units->serial =
        bus_begin(&units->bus, BUS_OBJECT, BUS_MANAGER, "StartTransientUnit", "ssa(sv)a(sa(sv))");
    bus_put_string(out, units->unit);
    bus_put_string(out, "fail");
    properties = bus_begin_array(out, '(');
    bus_put_text_property(out, "Description", units->description);
    bus_put_text_property(out, "Slice", plan_text(plan, plan->cgroup.slice));
    bus_begin_property(out, "Delegate", "b");
    bus_put_number(out, 'b', 1);
    bus_begin_property(out, "PIDs", "au");
    pids = bus_begin_array(out, 'u');
    bus_put_number(out, 'u', (uint32_t)units->pid);
    bus_end_array(out, pids);
    r = unit_put_properties(units, error);
    bus_end_array(out, properties);
    bus_end_array(out, bus_begin_array(out, '('));
    bus_end_call(out);
    return r < 0 ? r : bus_send(&units->bus, error);
}

int units_start(struct units *units, const struct plan *plan, const char *description, pid_t pid,
                struct error *error)
{
    const char *unit = plan_text(plan, plan->cgroup.scope);
    int r = begin_request(units, unit, JOB_DEADLINE_MS, NULL, error);

    if (r < 0)
        return r;
    units->plan = plan;
    snprintf(units->description, sizeof(units->description), "%s", description);
    units->pid = pid;
    bus_watch_jobs(&units->bus, unit);
    return send_start(units, error);
}

static int set_start_refused(struct units *units, const struct bus_message *reply,
                             struct error *error)
{
    if (is_error(reply, UNIT_EXISTS))
        return error_set(error, ERROR_CGROUP_IN_USE, EEXIST, "the unit \"%s\" is there already",
                         units->unit);
    return unit_set_refused(reply, error, "systemd refuses to start the unit \"%s\"", units->unit);
}

/* A unit that has failed is only a name that is taken; a unit that runs does not mind. */
static int reset_failed(struct units *units, struct error *error)
{
    struct bus_message reply;

    return unit_call(units, "ResetFailedUnit", NULL, &reply, error);
}

int units_await_start(struct units *units, const struct bus_wake *wake, struct error *error)
{
    struct bus_message reply;
    bool reset = false;
    struct bus_job job;
    int r;

    units->bus.wake = wake;
    for (;;) {
        r = bus_await_reply(&units->bus, units->serial, "StartTransientUnit", units->deadline,
                            &reply, error);
        if (r < 0)
            return r;
        if (reply.type != BUS_ERROR)
            break;
        if (is_error(&reply, UNIT_EXISTS) && !reset) {
            reset = true;
            r = reset_failed(units, error);
        } else if (!unit_drop_unknown(units, &reply)) {
            return set_start_refused(units, &reply, error);
        }
        if (r == 0)
            r = send_start(units, error);
        if (r < 0)
            return r;
    }
    r = unit_await_job(units, &reply, &job, error);
    if (r < 0 || strcmp(job.result, "done") == 0)
        return r;
    return error_set(error, ERROR_SYSTEMD_UNIT, 0,
                     "systemd could not start the unit \"%s\": the job is \"%s\"", units->unit,
                     job.result);
}

/* 1: the unit is the one that is described so; 0: another's, or none. */
static int is_described(struct units *units, const char *description, struct error *error)
{
    uint32_t serial = unit_ask_property(units, BUS_UNIT, "Description");
    const char *signature, *found;
    struct bus_message reply;
    int r = bus_send(&units->bus, error);

    if (r == 0)
        r = bus_await_reply(&units->bus, serial, "Get", units->deadline, &reply, error);
    if (r < 0)
        return r;
    return reply.type != BUS_ERROR && strcmp(reply.text[BUS_FIELD_SIGNATURE], "v") == 0 &&
           bus_read_text(&reply.body, 'g', &signature) == 0 && strcmp(signature, "s") == 0 &&
           bus_read_text(&reply.body, 's', &found) == 0 && strcmp(found, description) == 0;
}

static int stop_described(struct units *units, struct error *error)
{
    struct bus_message reply;
    struct bus_job job;
    int r;

    bus_watch_jobs(&units->bus, units->unit);
    r = unit_call(units, "StopUnit", "replace", &reply, error);
    if (r < 0)
        return r;
    if (reply.type != BUS_ERROR)
        r = unit_await_job(units, &reply, &job, error);
    else if (!is_error(&reply, NO_SUCH_UNIT))
        r = unit_set_refused(&reply, error, "systemd refuses to stop the unit \"%s\"", units->unit);
    return r < 0 ? r : reset_failed(units, error);
}

int units_stop(bool user, const char *unit, const char *description, struct error *error)
{
    struct units *units = NULL;
    int r = units_connect(user, &units, error);

    if (r < 0)
        return r;
    r = begin_request(units, unit, STOP_DEADLINE_MS, NULL, error);
    if (r == 0)
        r = is_described(units, description, error);
    if (r > 0)
        r = stop_described(units, error);
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

int units_set(struct units *units, const struct plan *plan, const char *unit, struct error *error)
{
    int r = begin_request(units, unit, JOB_DEADLINE_MS, NULL, error);

    units->plan = plan;
    if (r == 0)
        r = unit_remember_properties(units, error);
    while (r == 0) {
        struct bus_array properties = begin_set(units);
        struct bus_message reply;

        r = unit_put_properties(units, error);
        if (r == 0)
            r = end_set(units, properties, &reply, error);
        if (r < 0 || reply.type != BUS_ERROR)
            return r;
        if (!unit_drop_unknown(units, &reply))
            return unit_set_refused(&reply, error,
                                    "systemd refuses the new limits of the unit \"%s\"", unit);
    }
    return r;
}

int units_restore(struct units *units, const char *unit, struct error *error)
{
    struct bus_array properties;
    struct bus_message reply;
    int r;

    if (units->restore.length == 0)
        return 0;
    r = begin_request(units, unit, STOP_DEADLINE_MS, NULL, error);
    if (r < 0)
        return r;
    properties = begin_set(units);
    bus_put_values(&units->bus.out, units->restore.data, units->restore.length);
    units->restore.length = 0;
    r = end_set(units, properties, &reply, error);
    if (r == 0 && reply.type == BUS_ERROR)
        r = unit_set_refused(&reply, error,
                             "systemd does not take back the limits of the unit \"%s\"", unit);
    return r;
}

/* AttachProcessesToUnit(s name, s subcgroup, au pids) */
int units_attach(struct units *units, const char *unit, const char *below, pid_t pid,
                 const struct bus_wake *wake, struct error *error)
{
    struct bus_writer *out = &units->bus.out;
    int r = begin_request(units, unit, JOB_DEADLINE_MS, wake, error);
    struct bus_message reply;
    struct bus_array pids;

    if (r < 0)
        return r;
    units->serial =
        bus_begin(&units->bus, BUS_OBJECT, BUS_MANAGER, "AttachProcessesToUnit", "ssau");
    bus_put_string(out, unit);
    bus_put_string(out, below);
    pids = bus_begin_array(out, 'u');
    bus_put_number(out, 'u', (uint32_t)pid);
    bus_end_array(out, pids);
    bus_end_call(out);
    r = bus_send(&units->bus, error);
    if (r == 0)
        r = bus_await_reply(&units->bus, units->serial, "AttachProcessesToUnit", units->deadline,
                            &reply, error);
    if (r == 0 && reply.type == BUS_ERROR)
        r = unit_set_refused(&reply, error, "systemd does not let the process into the unit \"%s\"",
                             unit);
    return r;
}
