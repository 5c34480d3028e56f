/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a scope is started, also by a systemd that is executed anew meanwhile; runs in dray. */
#include <stdio.h>
#include <string.h>

#include "bus/properties.h"
#include "bus/unit_calls.h"
#include "bus/units.h"

#define UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"
#define SILENCE_MS  1000 /* after so long systemd is asked */
#define PAUSE_MS    50

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

static int watch_and_start(struct units *units, struct error *error)
{
    bus_watch_jobs(&units->bus, units->unit);
    return send_start(units, error);
}

int units_start(struct units *units, const struct plan *plan, const char *description, pid_t pid,
                struct error *error)
{
    const char *unit = plan_text(plan, plan->cgroup.scope);
    int r = unit_begin(units, unit, JOB_DEADLINE_MS, NULL, error);

    if (r < 0)
        return r;
    units->plan = plan;
    snprintf(units->description, sizeof(units->description), "%s", description);
    units->pid = pid;
    r = watch_and_start(units, error);
    while (r < 0 && unit_reconnect(units, error))
        r = watch_and_start(units, error);
    return r;
}

static int set_start_refused(struct units *units, const struct bus_message *reply,
                             struct error *error)
{
    if (is_error(reply, UNIT_EXISTS))
        return error_set(error, ERROR_CGROUP_IN_USE, EEXIST, "the unit \"%s\" is there already",
                         units->unit);
    return unit_set_refused(reply, error, "systemd refuses to start the unit \"%s\"", units->unit);
}

/* 1: our unit has started; 0: it is there and has not; -ENOENT without an error: there is none. */
static int ask_whether_started(struct units *units, struct error *error)
{
    char state[32];
    int r = unit_is_described(units, units->description, error);

    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    r = unit_text_property(units, "ActiveState", state, sizeof(state), error);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    if (strcmp(state, "active") == 0)
        return 1;
    if (strcmp(state, "failed") != 0)
        return 0;
    r = unit_reset_failed(units, error);
    return r < 0 ? r : -ENOENT;
}

/* A signal that systemd would have sent while it was executed anew does not come. */
static int await_job_or_state(struct units *units, struct bus_job *job, struct error *error)
{
    for (;;) {
        uint64_t silence = bus_deadline(SILENCE_MS);
        bool last = silence >= units->deadline;
        int r = bus_await_job(&units->bus, job, last ? units->deadline : silence, error);

        if (r != -ETIMEDOUT || last)
            return r;
        error_clear(error);
        r = ask_whether_started(units, error);
        if (r > 0)
            snprintf(job->result, sizeof(job->result), "done");
        if (r > 0 || (r < 0 && error->code != ERROR_NONE))
            return r < 0 ? r : 0;
    }
}

static int await_started(struct units *units, struct error *error)
{
    struct bus_message reply;
    bool reset = false;
    struct bus_job job;
    int r;

    for (;;) {
        r = bus_await_reply(&units->bus, units->serial, "StartTransientUnit", units->deadline,
                            &reply, error);
        if (r < 0)
            return r;
        if (reply.type != BUS_ERROR)
            break;
        /* a unit that has failed is only a name that is taken; one that runs does not mind */
        if (is_error(&reply, UNIT_EXISTS) && !reset) {
            reset = true;
            r = unit_reset_failed(units, error);
        } else if (!unit_drop_unknown(units, &reply)) {
            return set_start_refused(units, &reply, error);
        }
        if (r == 0)
            r = send_start(units, error);
        if (r < 0)
            return r;
    }
    r = unit_read_job(&reply, &job, error);
    if (r == 0)
        r = await_job_or_state(units, &job, error);
    if (r < 0 || strcmp(job.result, "done") == 0)
        return r;
    return error_set(error, ERROR_SYSTEMD_UNIT, 0,
                     "systemd could not start the unit \"%s\": the job is \"%s\"", units->unit,
                     job.result);
}

/*
 * After the conversation broke: the unit may be there, may be about to start, or may never have
 * been asked for.  One that was started by a systemd that has forgotten its processes gets ours.
 */
static int resume_start(struct units *units, struct error *error)
{
    int r = ask_whether_started(units, error);

    while (r == 0) {
        if (bus_deadline(0) >= units->deadline)
            return error_set(error, ERROR_SYSTEMD_BUS, ETIMEDOUT,
                             "%s has not finished the job in time", bus_name(&units->bus));
        r = bus_pause(&units->bus, PAUSE_MS, error);
        if (r == 0)
            r = ask_whether_started(units, error);
    }
    if (r > 0)
        return unit_attach(units, "/", units->pid, error);
    if (error->code != ERROR_NONE)
        return r;
    r = watch_and_start(units, error);
    return r < 0 ? r : await_started(units, error);
}

int units_await_start(struct units *units, const struct bus_wake *wake, struct error *error)
{
    int r;

    units->bus.wake = wake;
    r = await_started(units, error);
    while (r < 0 && unit_reconnect(units, error))
        r = resume_start(units, error);
    return r;
}
