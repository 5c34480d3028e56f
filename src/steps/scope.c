/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "steps/scope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "helper/protocol.h"
#include "plan/plan_unit.h"
#include "steps/helper.h"
#ifdef DYNAMIC_PROGRAM
#include "helper/units.h"
#endif

#define JOB_DEADLINE_MS  30000
#define STOP_DEADLINE_MS 15000

struct scope_link {
    struct helper helper;
    struct units *units; /* in a dynamic program, instead of the helper */
    int result;          /* of the request that was answered at once */
    struct error error;
    struct helper_unit_request request;
};

#ifdef DYNAMIC_PROGRAM

int scope_connect(bool user, int wake, struct scope_link **ret, struct error *error)
{
    struct scope_link *link = calloc(1, sizeof(*link));

    if (link != NULL)
        link->units = units_open(user, wake);
    if (link == NULL || link->units == NULL) {
        free(link);
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot talk to systemd");
    }
    link->helper.socket = -1;
    *ret = link;
    return 0;
}

void scope_disconnect(struct scope_link *link)
{
    if (link != NULL)
        units_close(link->units);
    free(link);
}

static int send_request(struct scope_link *link, struct error *error)
{
    (void)error;
    link->error = (struct error){0};
    link->result = units_answer(link->units, &link->request, &link->error);
    return 0;
}

int scope_await(struct scope_link *link, struct error *error)
{
    if (link->result < 0 && error->code == ERROR_NONE)
        *error = link->error;
    return link->result;
}

#else

/* All that tells where a bus is. */
static const char *const variables[] = {"DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS",
                                        "XDG_RUNTIME_DIR"};

int scope_connect(bool user, int wake, struct scope_link **ret, struct error *error)
{
    struct scope_link *link = calloc(1, sizeof(*link));
    char *environment[ARRAY_SIZE(variables) + 1] = {NULL};
    size_t count = 0;
    int r = link != NULL ? 0 : -ENOMEM;

    (void)wake; /* the helper notices when we end */
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(variables); i++) {
        const char *value = getenv(variables[i]);

        if (value == NULL || value[0] == '\0')
            continue;
        if (asprintf(&environment[count], "%s=%s", variables[i], value) < 0) {
            environment[count] = NULL;
            r = -ENOMEM;
        }
        count++;
    }
    if (r < 0)
        error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot talk to systemd");
    else
        r = helper_start(&link->helper, user ? "user" : "system", environment, error);
    for (size_t i = 0; i < count; i++)
        free(environment[i]);
    if (r < 0) {
        free(link);
        return r;
    }
    *ret = link;
    return 0;
}

void scope_disconnect(struct scope_link *link)
{
    if (link != NULL)
        helper_stop(&link->helper);
    free(link);
}

static int send_request(struct scope_link *link, struct error *error)
{
    return helper_send(&link->helper, &link->request, helper_unit_request_size(&link->request),
                       error);
}

int scope_await(struct scope_link *link, struct error *error)
{
    return helper_receive(&link->helper, error);
}

#endif

int scope_descriptor(const struct scope_link *link)
{
    return link->helper.socket;
}

static void begin_request(struct scope_link *link, enum helper_operation operation,
                          const struct scope_record *record, int deadline_ms)
{
    struct helper_unit_request *request = &link->request;

    memset(request, 0, offsetof(struct helper_unit_request, properties));
    request->magic = HELPER_MAGIC;
    request->operation = operation;
    request->deadline_ms = deadline_ms;
    snprintf(request->unit, sizeof(request->unit), "%s", record->unit);
    snprintf(request->description, sizeof(request->description), "%s", record->description);
}

static void put_bytes(struct helper_unit_request *request, const void *bytes, size_t length)
{
    memcpy(request->properties + request->properties_size, bytes, length);
    request->properties_size += (uint32_t)length;
}

static int put_properties(struct scope_link *link, const struct plan *plan, struct error *error)
{
    struct helper_unit_request *request = &link->request;

    plan_for_each(property, plan, plan->cgroup.properties, struct plan_unit_property)
    {
        const char *name = plan_text(plan, property->name);
        const char *signature = plan_text(plan, property->signature);
        const struct helper_property head = {
            .name_length = (uint16_t)strlen(name),
            .signature_length = (uint8_t)strlen(signature),
            .optional = property->optional != 0,
            .value_length = property->value.count,
        };
        size_t left = sizeof(request->properties) - request->properties_size;

        if (sizeof(head) + head.name_length + head.signature_length > left ||
            left - sizeof(head) - head.name_length - head.signature_length < head.value_length) {
            int r = error_set(error, ERROR_CONFIG_TOO_LARGE, 0,
                              "the unit's property \"%s\" is too large", name);

            plan_origin_explain(plan, property->origin, error);
            return r;
        }
        put_bytes(request, &head, sizeof(head));
        put_bytes(request, name, head.name_length);
        put_bytes(request, signature, head.signature_length);
        put_bytes(request, plan_items(plan, property->value, char), head.value_length);
    }
    return 0;
}

int scope_request(struct scope_link *link, const struct plan *plan,
                  const struct scope_record *record, pid_t pid, struct error *error)
{
    int r;

    begin_request(link, HELPER_UNIT_START, record, JOB_DEADLINE_MS);
    link->request.pid = pid;
    snprintf(link->request.slice, sizeof(link->request.slice), "%s",
             plan_text(plan, plan->cgroup.slice));
    r = put_properties(link, plan, error);
    return r < 0 ? r : send_request(link, error);
}

int scope_set(struct scope_link *link, const struct plan *plan, const struct scope_record *record,
              struct error *error)
{
    int r;

    begin_request(link, HELPER_UNIT_SET, record, JOB_DEADLINE_MS);
    r = put_properties(link, plan, error);
    if (r == 0)
        r = send_request(link, error);
    return r < 0 ? r : scope_await(link, error);
}

int scope_restore(struct scope_link *link, const struct scope_record *record, struct error *error)
{
    int r;

    begin_request(link, HELPER_UNIT_RESTORE, record, STOP_DEADLINE_MS);
    r = send_request(link, error);
    return r < 0 ? r : scope_await(link, error);
}

int scope_attach(struct scope_link *link, const struct scope_record *record, const char *below,
                 pid_t pid, struct error *error)
{
    struct helper_unit_request *request = &link->request;
    int r;

    begin_request(link, HELPER_UNIT_ATTACH, record, JOB_DEADLINE_MS);
    request->pid = pid;
    if ((size_t)snprintf(request->subgroup, sizeof(request->subgroup), "%s", below) >=
        sizeof(request->subgroup))
        return error_set(error, ERROR_CGROUP_JOIN, ENAMETOOLONG,
                         "the path \"%s\" below the unit's cgroup is too long", below);
    r = send_request(link, error);
    return r < 0 ? r : scope_await(link, error);
}

int scope_stop(const struct scope_record *record, struct error *error)
{
    struct scope_link *link;
    int r = scope_connect(record->user, -1, &link, error);

    if (r < 0)
        return r;
    begin_request(link, HELPER_UNIT_STOP, record, STOP_DEADLINE_MS);
    r = send_request(link, error);
    if (r == 0)
        r = scope_await(link, error);
    scope_disconnect(link);
    return r;
}
