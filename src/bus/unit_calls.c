/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/unit_calls.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus/properties.h"

#define OBJECT_MAX  (sizeof(BUS_OBJECT) + 8 + 3 * 256)
#define DROPPED_MAX 32
#define RETURN_MS   10000 /* until when a systemd that went away has to be back */
#define PAUSE_MS    50
#define ENOUGH_MS   2000 /* what one more attempt has to have left */
#define READ_ONLY   BUS_DAEMON ".Error.PropertyReadOnly"
#define UNKNOWN     BUS_DAEMON ".Error.UnknownProperty"

int unit_begin(struct units *units, const char *unit, int deadline_ms, const struct bus_wake *wake,
               struct error *error)
{
    units->unit = unit;
    units->bus.wake = wake;
    units->deadline = bus_deadline(deadline_ms);
    units->return_deadline = 0;
    units->dropped = 0;
    if (units->bus.socket >= 0)
        return 0;
    *error = units->bus.error;
    if (unit_reconnect(units, error))
        return 0;
    return error->sys_errno > 0 ? -error->sys_errno : -EINVAL;
}

bool unit_reconnect(struct units *units, struct error *error)
{
    struct error here = {0};

    if (!bus_may_return(&units->bus))
        return false;
    if (units->return_deadline == 0)
        units->return_deadline = bus_deadline(RETURN_MS);
    do {
        if (bus_deadline(0) >= units->return_deadline || bus_deadline(ENOUGH_MS) >= units->deadline)
            return false;
        if (bus_pause(&units->bus, PAUSE_MS, &here) < 0) {
            *error = here;
            return false;
        }
        bus_reconnect(&units->bus);
    } while (units->bus.socket < 0);
    error_clear(error);
    return true;
}

static bool is_dropped(const struct units *units, unsigned i)
{
    return i < DROPPED_MAX && (units->dropped & 1u << i) != 0;
}

int unit_put_properties(struct units *units, struct error *error)
{
    const struct plan *plan = units->plan;
    unsigned i = 0;

    plan_for_each(property, plan, plan->cgroup.properties, struct plan_unit_property)
    {
        int r = 0;

        if (!is_dropped(units, i++))
            r = bus_put_property(&units->bus.out, plan, property);
        if (r < 0)
            r = error_set(error, ERROR_SYSTEMD_UNIT, -r,
                          "cannot tell systemd the properties of the unit \"%s\"", units->unit);
        else if (units->bus.out.failed)
            r = error_set(error, ERROR_CONFIG_TOO_LARGE, 0,
                          "the unit's property \"%s\" is too large",
                          plan_text(plan, property->name));
        if (r < 0) {
            plan_origin_explain(plan, property->origin, error);
            bus_drop_call(&units->bus.out);
            return r;
        }
    }
    return 0;
}

/* The words of an error: its first argument, if that is a string; "". */
static const char *find_words(const struct bus_message *reply)
{
    struct bus_reader body = reply->body;
    const char *words;

    return reply->text[BUS_FIELD_SIGNATURE][0] == 's' && bus_read_text(&body, 's', &words) == 0
               ? words
               : "";
}

bool unit_drop_unknown(struct units *units, const struct bus_message *reply)
{
    const struct plan *plan = units->plan;
    const char *words = find_words(reply);
    unsigned i = 0;

    if (!is_error(reply, READ_ONLY) && !is_error(reply, UNKNOWN))
        return false;
    plan_for_each(property, plan, plan->cgroup.properties, struct plan_unit_property)
    {
        char word[128];

        snprintf(word, sizeof(word), "%s,", plan_text(plan, property->name));
        if (i < DROPPED_MAX && property->optional && !is_dropped(units, i) &&
            strstr(words, word) != NULL) {
            units->dropped |= 1u << i;
            return true;
        }
        i++;
    }
    return false;
}

int unit_call(struct units *units, const char *method, const char *mode, struct bus_message *ret,
              struct error *error)
{
    struct bus_writer *out = &units->bus.out;
    uint32_t serial =
        bus_begin(&units->bus, BUS_OBJECT, BUS_MANAGER, method, mode != NULL ? "ss" : "s");
    int r;

    bus_put_string(out, units->unit);
    if (mode != NULL)
        bus_put_string(out, mode);
    bus_end_call(out);
    r = bus_send(&units->bus, error);
    return r < 0 ? r : bus_await_reply(&units->bus, serial, method, units->deadline, ret, error);
}

int unit_reset_failed(struct units *units, struct error *error)
{
    struct bus_message reply;

    return unit_call(units, "ResetFailedUnit", NULL, &reply, error);
}

int unit_read_job(const struct bus_message *reply, struct bus_job *ret, struct error *error)
{
    struct bus_reader body = reply->body;
    const char *path;

    if (strcmp(reply->text[BUS_FIELD_SIGNATURE], "o") != 0 || bus_read_text(&body, 'o', &path) < 0)
        return error_set(error, ERROR_SYSTEMD_BUS, EPROTO,
                         "systemd's answer is not the name of a job");
    *ret = (struct bus_job){.path = ""};
    snprintf(ret->path, sizeof(ret->path), "%s", path);
    snprintf(ret->sender, sizeof(ret->sender), "%s", reply->text[BUS_FIELD_SENDER]);
    return 0;
}

/* AttachProcessesToUnit(s name, s subcgroup, au pids) */
int unit_attach(struct units *units, const char *below, pid_t pid, struct error *error)
{
    static const char method[] = "AttachProcessesToUnit";
    struct bus_writer *out = &units->bus.out;
    struct bus_message reply;
    struct bus_array pids;
    int r;

    units->serial = bus_begin(&units->bus, BUS_OBJECT, BUS_MANAGER, method, "ssau");
    bus_put_string(out, units->unit);
    bus_put_string(out, below);
    pids = bus_begin_array(out, 'u');
    bus_put_number(out, 'u', (uint32_t)pid);
    bus_end_array(out, pids);
    bus_end_call(out);
    r = bus_send(&units->bus, error);
    if (r == 0)
        r = bus_await_reply(&units->bus, units->serial, method, units->deadline, &reply, error);
    if (r == 0 && reply.type == BUS_ERROR)
        r = unit_set_refused(&reply, error, "systemd does not let the process into the unit \"%s\"",
                             units->unit);
    return r;
}

/* "/org/freedesktop/systemd1/unit/…": what is no letter or digit is escaped. */
static void find_object(const char *unit, char object[OBJECT_MAX])
{
    size_t length = (size_t)snprintf(object, OBJECT_MAX, "%s/unit/", BUS_OBJECT);

    for (const char *next = unit; *next != '\0' && length + 3 < OBJECT_MAX; next++) {
        unsigned char byte = (unsigned char)*next;
        bool plain = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';

        plain = plain || (next > unit && byte >= '0' && byte <= '9');
        length +=
            (size_t)snprintf(object + length, OBJECT_MAX - length, plain ? "%c" : "_%02x", byte);
    }
}

uint32_t unit_ask_property(struct units *units, const char *interface, const char *name)
{
    struct bus_writer *out = &units->bus.out;
    char object[OBJECT_MAX];
    uint32_t serial;

    find_object(units->unit, object);
    serial = bus_begin(&units->bus, object, BUS_DAEMON ".Properties", "Get", "ss");
    bus_put_string(out, interface);
    bus_put_string(out, name);
    bus_end_call(out);
    return serial;
}

int unit_text_property(struct units *units, const char *name, char *ret, size_t size,
                       struct error *error)
{
    uint32_t serial = unit_ask_property(units, BUS_UNIT, name);
    const char *signature, *found;
    struct bus_message reply;
    int r = bus_send(&units->bus, error);

    if (r == 0)
        r = bus_await_reply(&units->bus, serial, "Get", units->deadline, &reply, error);
    if (r < 0)
        return r;
    units->return_deadline = 0; /* it is back */
    if (reply.type == BUS_ERROR || strcmp(reply.text[BUS_FIELD_SIGNATURE], "v") != 0 ||
        bus_read_text(&reply.body, 'g', &signature) < 0 || strcmp(signature, "s") != 0 ||
        bus_read_text(&reply.body, 's', &found) < 0)
        return 0;
    snprintf(ret, size, "%s", found);
    return 1;
}

int unit_is_described(struct units *units, const char *description, struct error *error)
{
    char found[sizeof(units->description)];
    int r = unit_text_property(units, "Description", found, sizeof(found), error);

    return r <= 0 ? r : strcmp(found, description) == 0;
}

/* Adds one property as it is now to what is kept; one that cannot be read is left out. */
static void keep_property(struct units *units, const char *name, const struct bus_message *reply)
{
    struct bus_writer kept = units->restore;
    struct bus_reader body = reply->body;
    const char *variant = "v";

    if (reply->type == BUS_ERROR || strcmp(reply->text[BUS_FIELD_SIGNATURE], "v") != 0)
        return;
    bus_put_padding(&kept, bus_alignment('('));
    bus_put_string(&kept, name);
    if (bus_copy_value(&body, &variant, &kept) == 0 && !kept.failed)
        units->restore = kept;
}

int unit_remember_properties(struct units *units, struct error *error)
{
    const struct plan *plan = units->plan;
    uint32_t serial = units->bus.serial + 1;
    int r;

    if (units->restore.data == NULL)
        units->restore =
            (struct bus_writer){.data = malloc(BUS_INPUT_MAX), .capacity = BUS_INPUT_MAX};
    if (units->restore.data == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot talk to systemd");
    units->restore.length = 0;
    plan_for_each(asked, plan, plan->cgroup.properties, struct plan_unit_property)
        unit_ask_property(units, BUS_SCOPE, plan_text(plan, asked->name));
    r = bus_send(&units->bus, error);
    plan_for_each(property, plan, plan->cgroup.properties, struct plan_unit_property)
    {
        struct bus_message reply;

        if (r == 0)
            r = bus_await_reply(&units->bus, serial++, "Get", units->deadline, &reply, error);
        if (r == 0)
            keep_property(units, plan_text(plan, property->name), &reply);
    }
    return r;
}

int unit_set_refused(const struct bus_message *reply, struct error *error, const char *format, ...)
{
    char message[sizeof(error->message)], detail[sizeof(error->detail)];
    va_list arguments;
    int length, r;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    r = error_set(error, ERROR_SYSTEMD_UNIT, 0, "%s", message);
    length = snprintf(detail, sizeof(detail), "%s: %s", reply->text[BUS_FIELD_ERROR_NAME],
                      find_words(reply));
    error_set_detail(error, detail,
                     (size_t)length < sizeof(detail) ? (size_t)length : sizeof(detail) - 1);
    return r;
}
