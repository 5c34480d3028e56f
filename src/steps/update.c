/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * update: new limits for a container that exists.
 *
 *   1. read     the new resources and the saved configuration
 *   2. merge    what will hold afterwards; validate it as if it had been there from the start
 *   3. plan     the files to write for what is new
 *   4. write    schemata of resctrl, limits, device rules, the properties of a systemd unit, and
 *               last the configuration; a failure takes back what was done before it
 */
#include "steps/update.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "bus/units.h"
#include "io/file.h"
#include "ocispec/ocispec.h"
#include "plan/plan_cgroup.h"
#include "plan/plan_unit.h"
#include "state/directory.h"
#include "state/saved_config.h"
#include "steps/fault.h"
#include "steps/rdt.h"
#include "steps/scope.h"

#define DOCUMENT "resources"

struct update {
    struct container *container;
    const struct update_request *request;
    struct error *error;
    struct oci_arena *arena;
    char *config_text;
    size_t config_length;
    struct oci_spec *spec; /* the saved configuration */
    struct oci_linux_resources *old;
    struct oci_linux_resources *changes;
    struct oci_linux_resources *merged;
    struct oci_linux_memory memory; /* of the changes, completed */
    struct host_cgroups host;
    struct plan_builder builder;
    struct scope_record scope;      /* with the systemd manager: its unit is not "" */
    struct units *units;            /* the connection to its systemd; NULL: another manager */
    struct plan_array exact;        /* writes of what systemd rounds */
    struct cgroup_snapshot rounded; /* what they replace */
    int resctrl;                    /* its root; -1 */
    struct rdt_record rdt;
    struct rdt_snapshot schemata; /* what they were */
};

static int out_of_memory(struct update *update)
{
    return error_set(update->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot plan the update");
}

static int explain_fault(struct update *update, const struct oci_fault *fault, int r)
{
    const char *text = update->request->resources;

    if (r == -ENOMEM)
        return out_of_memory(update);
    return fault_to_error(fault, DOCUMENT, text, strlen(text), update->error);
}

static int read_changes(struct update *update)
{
    const char *text = update->request->resources;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    int r;

    r = oci_linux_resources_parse(update->arena, text, strlen(text), &update->changes, &report);
    if (r == 0)
        r = oci_linux_resources_validate(update->changes, &report);
    return r < 0 ? explain_fault(update, &fault, r) : 0;
}

static int read_config(struct update *update)
{
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    int r = file_read_all_at(update->container->directory, STATE_CONFIG, OCI_SIZE_LIMIT,
                             update->arena, &update->config_text, &update->config_length);

    if (r == 0)
        r = oci_spec_parse(update->arena, update->config_text, update->config_length, &update->spec,
                           &report);
    if (r < 0)
        return error_set(update->error, ERROR_STATE_DAMAGED, -r,
                         "cannot read the saved configuration of container \"%s\"",
                         update->container->id);
    if (update->spec->linux == NULL)
        update->spec->linux = oci_arena_new(update->arena, struct oci_linux);
    if (update->spec->linux == NULL)
        return out_of_memory(update);
    update->old = update->spec->linux->resources;
    return 0;
}

static int merge(struct update *update)
{
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    int r = plan_cgroup_merge(update->old, update->changes, update->arena, &update->merged);

    if (r < 0)
        return out_of_memory(update);
    r = oci_linux_resources_validate(update->merged, &report);
    return r < 0 ? explain_fault(update, &fault, r) : 0;
}

/* Fills in where a fault of planning or writing is in the document. */
static int locate(struct update *update, int r)
{
    const char *text = update->request->resources;
    struct error *error = update->error;
    unsigned line, column;

    if (r == 0 || error->pointer[0] == '\0' || error->document[0] != '\0')
        return r;
    snprintf(error->document, sizeof(error->document), "%s", DOCUMENT);
    if (oci_locate(text, strlen(text), error->pointer, &line, &column) == 0) {
        error->line = line;
        error->column = column;
    }
    return r;
}

static bool has_v1_devices(const struct update *update)
{
    return (update->host.controllers & 1u << HOST_CGROUP_DEVICES) != 0;
}

static int plan_changes(struct update *update)
{
    struct plan_builder *builder = &update->builder;
    struct plan_array writes = {0}, devices = {0};
    int r = host_probe_cgroups(&update->host, update->error);

    if (r == 0)
        r = plan_builder_init(builder, strlen(update->request->resources), update->error);
    if (r < 0)
        return r;
    plan_cgroup_complete_update(update->changes, update->merged, &update->host, &update->memory);
    r = plan_cgroup_resources(update->changes, &update->host, PLAN_CGROUP_UPDATE, builder, &writes);
    if (r == 0 && update->changes->devices_count > 0)
        r = plan_cgroup_devices(update->changes, has_v1_devices(update), PLAN_CGROUP_UPDATE,
                                builder, &devices);
    builder->plan->cgroup.writes = writes;
    builder->plan->cgroup.devices = devices;
    builder->plan->cgroup.devices_asked = devices.count > 0;
    if (r < 0 || update->units == NULL)
        return r;
    r = plan_cgroup_resources(update->merged, &update->host, PLAN_CGROUP_UPDATE, builder, &writes);
    return r < 0 ? r : plan_unit_update(writes, has_v1_devices(update), builder, &update->exact);
}

/* The rules that were in force before. */
static void restore_devices(struct update *update)
{
    struct error ignored = {0};
    struct plan_builder builder = {0};
    struct plan_array devices = {0};
    int r = plan_builder_init(&builder, update->config_length, &ignored);

    if (r == 0)
        r = plan_cgroup_devices(update->old, has_v1_devices(update), 0, &builder, &devices);
    if (r == 0) {
        builder.plan->cgroup.devices = devices;
        r = cgroup_update_devices(&update->container->cgroup, builder.plan, &ignored);
    }
    if (r < 0)
        error_set_detail(update->error, ignored.message, strlen(ignored.message));
    plan_builder_done(&builder);
}

static int save(struct update *update)
{
    const char *text;
    size_t length;
    int r;

    update->spec->linux->resources = update->merged;
    r = oci_write(&oci_spec_table, update->spec, OCI_WRITE_COMPACT, update->arena, &text, &length);
    if (r < 0)
        return out_of_memory(update);
    r = saved_config_change(update->container->directory, update->config_text,
                            update->config_length, text, length, update->arena);
    if (r < 0)
        return error_set(update->error, ERROR_STATE_WRITE, -r,
                         "cannot save the limits of container \"%s\"", update->container->id);
    return 0;
}

/* What systemd knows it writes again; then what it rounds is written once more. */
static int tell_systemd(struct update *update)
{
    struct plan *plan = update->builder.plan;
    const struct plan_array writes = plan->cgroup.writes;
    struct cgroup *cgroup = &update->container->cgroup;
    int r;

    if (update->units == NULL || plan->cgroup.properties.count == 0)
        return 0;
    plan->cgroup.writes = update->exact;
    r = cgroup_update(cgroup, plan, &update->rounded, update->error);
    plan->cgroup.writes = writes;
    if (r == 0)
        r = units_set(update->units, plan, update->scope.unit, update->error);
    return r < 0 ? r : cgroup_apply(cgroup, plan, update->exact, update->error);
}

static void untell_systemd(struct update *update)
{
    struct error error = {0};

    if (update->units != NULL && units_restore(update->units, update->scope.unit, &error) < 0)
        error_set_detail(update->error, error.message, strlen(error.message));
    cgroup_restore(&update->container->cgroup, &update->rounded, update->error);
}

static int write_changes(struct update *update)
{
    const struct plan *plan = update->builder.plan;
    struct cgroup *cgroup = &update->container->cgroup;
    struct cgroup_snapshot snapshot;
    int r = cgroup_update(cgroup, plan, &snapshot, update->error);

    if (r < 0)
        return r;
    if (plan->cgroup.devices.count > 0)
        r = cgroup_update_devices(cgroup, plan, update->error);
    if (r == 0)
        r = tell_systemd(update);
    if (r == 0)
        r = save(update);
    if (r < 0)
        untell_systemd(update);
    if (r < 0 && plan->cgroup.devices.count > 0)
        restore_devices(update);
    if (r < 0)
        cgroup_restore(cgroup, &snapshot, update->error);
    cgroup_snapshot_done(&snapshot);
    return r;
}

static int check_cgroup(struct update *update)
{
    struct container *container = update->container;

    if (container->has_cgroup && container->cgroup.record.hierarchies != 0)
        return 0;
    return error_set(update->error, ERROR_CGROUP_HOST, 0,
                     "container \"%s\" has no cgroup of its own that could be limited",
                     container->id);
}

/* It connects while we read and plan. */
static int find_unit(struct update *update)
{
    const struct journal_record *record = journal_find(&update->container->journal, JOURNAL_SCOPE);

    if (record == NULL)
        return 0;
    if (scope_read_record(record->payload, record->length, &update->scope) < 0)
        return error_set(update->error, ERROR_STATE_DAMAGED, EPROTO,
                         "the record of the unit is damaged");
    return units_connect(update->scope.user, &update->units, update->error);
}

/* A schema is one line, and the one for memory bandwidth begins with its resource. */
static int check_schema(struct update *update, const char *schema, const char *prefix,
                        const char *option)
{
    if (schema == NULL ||
        (strchr(schema, '\n') == NULL && strncmp(schema, prefix, strlen(prefix)) == 0))
        return 0;
    return error_set(update->error, ERROR_USAGE, 0,
                     "\"%s\" is no schema for %s: it is one line that begins with \"%s\"", schema,
                     option, prefix);
}

/* Cache and memory bandwidth belong to a group of resctrl, which only linux.intelRdt makes. */
static int write_schemata(struct update *update)
{
    const struct update_request *request = update->request;
    struct oci_linux_intel_rdt *config;
    int r = check_schema(update, request->l3_cache_schema, "L3", "l3CacheSchema");

    if (r == 0)
        r = check_schema(update, request->mem_bw_schema, "MB:", "memBwSchema");
    if (r == 0)
        r = rdt_find_record(&update->container->journal, &update->rdt, update->error);
    if (r < 0)
        return r;
    if (r == 0)
        return error_set(update->error, ERROR_USAGE, 0,
                         "container \"%s\" has no linux.intelRdt: %s cannot be changed",
                         update->container->id,
                         request->l3_cache_schema != NULL ? "l3CacheSchema" : "memBwSchema");
    r = read_config(update);
    config = r == 0 ? update->spec->linux->intel_rdt : NULL;
    if (r == 0 && config == NULL)
        return error_set(update->error, ERROR_STATE_DAMAGED, 0,
                         "the saved configuration of container \"%s\" has no linux.intelRdt",
                         update->container->id);
    if (r < 0)
        return r;
    if (request->l3_cache_schema != NULL)
        config->l3_cache_schema = request->l3_cache_schema;
    if (request->mem_bw_schema != NULL)
        config->mem_bw_schema = request->mem_bw_schema;
    update->resctrl = rdt_open(update->error);
    if (update->resctrl < 0)
        return update->resctrl;
    return rdt_update(update->resctrl, &update->rdt, request->l3_cache_schema,
                      request->mem_bw_schema, &update->schemata, update->error);
}

static int write_resources(struct update *update)
{
    int r = read_changes(update);

    if (r == 0)
        r = check_cgroup(update);
    if (r == 0)
        r = find_unit(update);
    if (r == 0 && update->spec == NULL)
        r = read_config(update);
    if (r == 0)
        r = merge(update);
    if (r == 0)
        r = plan_changes(update);
    if (r == 0)
        r = write_changes(update);
    return locate(update, r);
}

int container_update(struct container *container, const struct update_request *request,
                     struct error *error)
{
    struct update update = {
        .container = container,
        .request = request,
        .error = error,
        .arena = &container->arena,
        .resctrl = -1,
    };
    bool schemata = request->l3_cache_schema != NULL || request->mem_bw_schema != NULL;
    int r = lifecycle_check(LIFECYCLE_UPDATE, container->lifecycle, container->id, error);

    if (r == 0 && schemata)
        r = write_schemata(&update);
    if (r == 0 && request->resources != NULL) {
        r = write_resources(&update);
    } else if (r == 0 && schemata) {
        update.merged = update.old;
        r = save(&update);
    }
    if (r < 0 && update.resctrl >= 0)
        rdt_restore(update.resctrl, &update.rdt, &update.schemata);
    rdt_snapshot_done(&update.schemata);
    close_fd(update.resctrl);
    plan_builder_done(&update.builder);
    units_disconnect(update.units);
    cgroup_snapshot_done(&update.rounded);
    return r;
}
