/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.freedesktop.systemd1(5): StartTransientUnit, StopUnit, SetUnitProperties, ResetFailedUnit,
 * AttachProcessesToUnit of the manager.  Runs in the helper.
 */
#include "helper/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/bus.h"
#include "helper/unit_properties.h"

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define UNIT_EXISTS  "org.freedesktop.systemd1.UnitExists"
#define DROPPED_MAX  32

struct units {
    struct bus bus;
    sd_bus_message *restore; /* SetUnitProperties with what the last one replaced */
};

/* A request that is being answered. */
struct answering {
    struct units *units;
    struct bus *bus;
    const struct helper_unit_request *request;
    uint64_t deadline;
    struct error *error;
    unsigned dropped; /* bit per property, in its order, that this systemd does not know */
};

struct units *units_open(bool user, int caller)
{
    struct units *units = calloc(1, sizeof(*units));

    if (units == NULL)
        return NULL;
    units->bus.caller = caller;
    bus_connect(&units->bus, user);
    return units;
}

void units_close(struct units *units)
{
    if (units == NULL)
        return;
    sd_bus_message_unref(units->restore);
    bus_done(&units->bus);
    free(units);
}

static int out_of_memory(struct answering *answering)
{
    return error_set(answering->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot talk to systemd");
}

static sd_bus_message *new_call(struct answering *answering, const char *method)
{
    return bus_new_call(answering->bus, BUS_OBJECT, BUS_MANAGER, method);
}

static int set_build_error(struct answering *answering, sd_bus_message *message, int r)
{
    sd_bus_message_unref(message);
    if (r == -ENOMEM)
        return out_of_memory(answering);
    return error_set(answering->error, ERROR_SYSTEMD_UNIT, -r,
                     "cannot tell systemd the properties of the unit \"%s\"",
                     answering->request->unit);
}

/* The properties of the request but for those that were dropped. */
static int append_properties(struct answering *answering, sd_bus_message *message)
{
    struct unit_property property;
    size_t place = 0;
    int r = 1;

    for (unsigned i = 0; r > 0; i++) {
        r = unit_property_next(answering->request, &place, &property);
        if (r <= 0 || (i < DROPPED_MAX && (answering->dropped & 1u << i) != 0))
            continue;
        r = unit_property_append(message, &property);
        r = r < 0 ? r : 1;
    }
    return r;
}

/*
 * "Cannot set property X, or unknown property.": an older systemd does not know it.  One that can
 * be done without is left out the next time; true if there is one.
 */
static bool drop_unknown(struct answering *answering, sd_bus_message *reply)
{
    const sd_bus_error *said = sd_bus_message_get_error(reply);
    struct unit_property property;
    size_t place = 0;

    if (said == NULL || said->message == NULL ||
        (sd_bus_error_has_name(said, SD_BUS_ERROR_PROPERTY_READ_ONLY) == 0 &&
         sd_bus_error_has_name(said, SD_BUS_ERROR_UNKNOWN_PROPERTY) == 0))
        return false;
    for (unsigned i = 0; i < DROPPED_MAX; i++) {
        char word[sizeof(property.name) + 2];

        if (unit_property_next(answering->request, &place, &property) <= 0)
            return false;
        snprintf(word, sizeof(word), "%s,", property.name);
        if (!property.optional || (answering->dropped & 1u << i) != 0 ||
            strstr(said->message, word) == NULL)
            continue;
        answering->dropped |= 1u << i;
        return true;
    }
    return false;
}

static int append_scope(struct answering *answering, sd_bus_message *message)
{
    const struct helper_unit_request *request = answering->request;
    int r = sd_bus_message_append(message, "ss", request->unit, "fail");

    if (r >= 0)
        r = sd_bus_message_open_container(message, 'a', "(sv)");
    if (r >= 0)
        r = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Description", "s",
                                  request->description, "Slice", "s", request->slice, "Delegate",
                                  "b", 1, "PIDs", "au", 1, (uint32_t)request->pid);
    if (r >= 0)
        r = append_properties(answering, message);
    if (r >= 0)
        r = sd_bus_message_close_container(message);
    return r < 0 ? r : sd_bus_message_append(message, "a(sa(sv))", 0);
}

static int call_start(struct answering *answering, sd_bus_message **ret_reply)
{
    sd_bus_message *message = new_call(answering, "StartTransientUnit");
    int r;

    if (message == NULL)
        return out_of_memory(answering);
    r = append_scope(answering, message);
    if (r < 0)
        return set_build_error(answering, message, r);
    return bus_call(answering->bus, message, answering->deadline, ret_reply, answering->error);
}

static int call_unit(struct answering *answering, const char *method, const char *mode,
                     sd_bus_message **ret_reply)
{
    sd_bus_message *message = new_call(answering, method);
    int r;

    if (message == NULL)
        return out_of_memory(answering);
    r = mode != NULL ? sd_bus_message_append(message, "ss", answering->request->unit, mode)
                     : sd_bus_message_append(message, "s", answering->request->unit);
    if (r < 0)
        return set_build_error(answering, message, r);
    return bus_call(answering->bus, message, answering->deadline, ret_reply, answering->error);
}

/* A unit that has failed is only a name that is taken; a unit that runs does not mind. */
static int reset_failed(struct answering *answering)
{
    sd_bus_message *reply;
    int r = call_unit(answering, "ResetFailedUnit", NULL, &reply);

    if (r == 0)
        sd_bus_message_unref(reply);
    return r;
}

/* Waits for the job that @reply names; takes the reply. */
static int wait_for_job(struct answering *answering, sd_bus_message *reply, struct bus_job *ret)
{
    const char *path, *sender = sd_bus_message_get_sender(reply);
    int r = sd_bus_message_read(reply, "o", &path);

    *ret = (struct bus_job){.path = ""};
    if (r >= 0) {
        snprintf(ret->path, sizeof(ret->path), "%s", path);
        snprintf(ret->sender, sizeof(ret->sender), "%s", sender != NULL ? sender : "");
    }
    sd_bus_message_unref(reply);
    if (r < 0)
        return error_set(answering->error, ERROR_SYSTEMD_BUS, EPROTO,
                         "systemd's answer is not the name of a job");
    return bus_wait_job(answering->bus, ret, answering->deadline, answering->error);
}

static int set_start_refused(struct answering *answering, sd_bus_message *reply)
{
    const char *unit = answering->request->unit;
    int r;

    if (sd_bus_message_is_method_error(reply, UNIT_EXISTS) > 0)
        r = error_set(answering->error, ERROR_CGROUP_IN_USE, EEXIST,
                      "the unit \"%s\" is there already", unit);
    else
        r = bus_set_refused(reply, answering->error, "systemd refuses to start the unit \"%s\"",
                            unit);
    sd_bus_message_unref(reply);
    return r;
}

static int start(struct answering *answering)
{
    sd_bus_message *reply = NULL;
    bool reset = false;
    struct bus_job job;
    int r;

    for (;;) {
        r = call_start(answering, &reply);
        if (r < 0)
            return r;
        if (sd_bus_message_is_method_error(reply, NULL) == 0)
            break;
        if (sd_bus_message_is_method_error(reply, UNIT_EXISTS) > 0 && !reset) {
            reset = true;
            r = reset_failed(answering);
        } else if (!drop_unknown(answering, reply)) {
            return set_start_refused(answering, reply);
        }
        reply = sd_bus_message_unref(reply);
        if (r < 0)
            return r;
    }
    r = wait_for_job(answering, reply, &job);
    if (r < 0 || strcmp(job.result, "done") == 0)
        return r;
    return error_set(answering->error, ERROR_SYSTEMD_UNIT, 0,
                     "systemd could not start the unit \"%s\": the job is \"%s\"",
                     answering->request->unit, job.result);
}

/* "/org/freedesktop/systemd1/unit/…", from malloc() */
static char *find_object(struct answering *answering)
{
    char *path = NULL;

    if (sd_bus_path_encode(BUS_OBJECT "/unit", answering->request->unit, &path) < 0)
        return NULL;
    return path;
}

static int get_property(struct answering *answering, const char *interface, const char *name,
                        sd_bus_message **ret_reply)
{
    char *object = find_object(answering);
    sd_bus_message *message = NULL;
    int r = -ENOMEM;

    if (object != NULL)
        message = bus_new_call(answering->bus, object, "org.freedesktop.DBus.Properties", "Get");
    free(object);
    if (message != NULL)
        r = sd_bus_message_append(message, "ss", interface, name);
    if (r < 0)
        return set_build_error(answering, message, r);
    return bus_call(answering->bus, message, answering->deadline, ret_reply, answering->error);
}

/* 1: the unit is the one that the request describes; 0: another's, or none. */
static int is_described(struct answering *answering)
{
    const char *description;
    sd_bus_message *reply;
    int r = get_property(answering, BUS_UNIT, "Description", &reply);

    if (r < 0)
        return r;
    r = sd_bus_message_is_method_error(reply, NULL) == 0 &&
        sd_bus_message_read(reply, "v", "s", &description) >= 0 &&
        strcmp(description, answering->request->description) == 0;
    sd_bus_message_unref(reply);
    return r;
}

static int stop(struct answering *answering)
{
    sd_bus_message *reply;
    struct bus_job job;
    int r = is_described(answering);

    if (r <= 0)
        return r;
    r = call_unit(answering, "StopUnit", "replace", &reply);
    if (r < 0)
        return r;
    if (sd_bus_message_is_method_error(reply, NULL) == 0) {
        r = wait_for_job(answering, reply, &job);
    } else {
        if (sd_bus_message_is_method_error(reply, NO_SUCH_UNIT) == 0)
            r = bus_set_refused(reply, answering->error, "systemd refuses to stop the unit \"%s\"",
                                answering->request->unit);
        sd_bus_message_unref(reply);
    }
    return r < 0 ? r : reset_failed(answering);
}

static sd_bus_message *begin_set(struct answering *answering)
{
    sd_bus_message *message = new_call(answering, "SetUnitProperties");

    if (message == NULL)
        return NULL;
    if (sd_bus_message_append(message, "sb", answering->request->unit, 1) >= 0 &&
        sd_bus_message_open_container(message, 'a', "(sv)") >= 0)
        return message;
    return sd_bus_message_unref(message);
}

/* Adds one property as it is now to what RESTORE will send; one that cannot be read is left out. */
static int remember(struct answering *answering, sd_bus_message *restore, const char *name)
{
    sd_bus_message *reply;
    int r = get_property(answering, BUS_SCOPE, name, &reply);

    if (r < 0)
        return r;
    if (sd_bus_message_is_method_error(reply, NULL) == 0) {
        r = sd_bus_message_open_container(restore, 'r', "sv");
        if (r >= 0)
            r = sd_bus_message_append(restore, "s", name);
        if (r >= 0)
            r = sd_bus_message_copy(restore, reply, 1);
        if (r >= 0)
            r = sd_bus_message_close_container(restore);
    }
    sd_bus_message_unref(reply);
    return r < 0 ? out_of_memory(answering) : 0;
}

static int remember_all(struct answering *answering)
{
    sd_bus_message *restore = begin_set(answering);
    struct unit_property property;
    size_t place = 0;
    int r = restore != NULL ? 0 : out_of_memory(answering);

    while (r == 0 && unit_property_next(answering->request, &place, &property) > 0)
        r = remember(answering, restore, property.name);
    if (r == 0 && sd_bus_message_close_container(restore) < 0)
        r = out_of_memory(answering);
    if (r < 0) {
        sd_bus_message_unref(restore);
        return r;
    }
    sd_bus_message_unref(answering->units->restore);
    answering->units->restore = restore;
    return 0;
}

/* systemd writes the files after it has answered, but before it answers to anything else. */
static int wait_until_written(struct answering *answering)
{
    sd_bus_message *reply;
    int r = get_property(answering, BUS_UNIT, "Description", &reply);

    if (r == 0)
        sd_bus_message_unref(reply);
    return r;
}

/* Takes the message. */
static int send_set(struct answering *answering, sd_bus_message *message, sd_bus_message **refusal)
{
    sd_bus_message *reply;
    int r = bus_call(answering->bus, message, answering->deadline, &reply, answering->error);

    if (r < 0)
        return r;
    if (sd_bus_message_is_method_error(reply, NULL) > 0) {
        *refusal = reply;
        return -EINVAL;
    }
    sd_bus_message_unref(reply);
    return wait_until_written(answering);
}

static int set(struct answering *answering)
{
    sd_bus_message *refusal = NULL;
    int r = remember_all(answering);

    while (r == 0) {
        sd_bus_message *message = begin_set(answering);

        if (message == NULL)
            return out_of_memory(answering);
        r = append_properties(answering, message);
        if (r >= 0)
            r = sd_bus_message_close_container(message);
        if (r < 0)
            return set_build_error(answering, message, r);
        r = send_set(answering, message, &refusal);
        if (r == 0 || refusal == NULL)
            return r;
        if (!drop_unknown(answering, refusal))
            break;
        refusal = sd_bus_message_unref(refusal);
        r = 0;
    }
    if (refusal != NULL) {
        r = bus_set_refused(refusal, answering->error,
                            "systemd refuses the new limits of the unit \"%s\"",
                            answering->request->unit);
        sd_bus_message_unref(refusal);
    }
    return r;
}

static int restore(struct answering *answering)
{
    sd_bus_message *refusal = NULL, *message = answering->units->restore;
    int r;

    answering->units->restore = NULL;
    if (message == NULL)
        return 0;
    r = send_set(answering, message, &refusal);
    if (refusal != NULL) {
        r = bus_set_refused(refusal, answering->error,
                            "systemd does not take back the limits of the unit \"%s\"",
                            answering->request->unit);
        sd_bus_message_unref(refusal);
    }
    return r;
}

static int attach(struct answering *answering)
{
    const struct helper_unit_request *request = answering->request;
    sd_bus_message *message = new_call(answering, "AttachProcessesToUnit"), *reply;
    int r;

    if (message == NULL)
        return out_of_memory(answering);
    r = sd_bus_message_append(message, "ssau", request->unit, request->subgroup, 1,
                              (uint32_t)request->pid);
    if (r < 0)
        return set_build_error(answering, message, r);
    r = bus_call(answering->bus, message, answering->deadline, &reply, answering->error);
    if (r < 0)
        return r;
    if (sd_bus_message_is_method_error(reply, NULL) > 0)
        r = bus_set_refused(reply, answering->error,
                            "systemd does not let the process into the unit \"%s\"", request->unit);
    sd_bus_message_unref(reply);
    return r;
}

static bool is_text(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

int units_answer(struct units *units, const struct helper_unit_request *request,
                 struct error *error)
{
    struct answering answering = {
        .units = units,
        .bus = &units->bus,
        .request = request,
        .deadline = bus_deadline(request->deadline_ms),
        .error = error,
    };
    int r;

    if (!is_text(request->unit, sizeof(request->unit)) ||
        !is_text(request->slice, sizeof(request->slice)) ||
        !is_text(request->subgroup, sizeof(request->subgroup)) ||
        !is_text(request->description, sizeof(request->description)) ||
        request->properties_size > sizeof(request->properties))
        return error_set(error, ERROR_HELPER_FAILED, EPROTO, "the request is damaged");
    r = bus_wait_connected(answering.bus, answering.deadline, error);
    if (r < 0)
        return r;
    switch ((enum helper_operation)request->operation) {
    case HELPER_UNIT_START:
        return start(&answering);
    case HELPER_UNIT_SET:
        return set(&answering);
    case HELPER_UNIT_RESTORE:
        return restore(&answering);
    case HELPER_UNIT_STOP:
        return stop(&answering);
    case HELPER_UNIT_ATTACH:
        return attach(&answering);
    case HELPER_UNMOUNT_BELOW:
    case HELPER_COUNT_BELOW:
        break;
    }
    return error_set(error, ERROR_HELPER_FAILED, ENOSYS, "the helper knows no request %u",
                     request->operation);
}
