/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources as files to write; runs in dray only. */
#include "plan/plan_cgroup_resources.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum resources_place resources_find(const struct resources_writer *writer,
                                    enum host_cgroup_controller controller)
{
    uint32_t bit = 1u << controller;

    if ((writer->flags & RESOURCES_ANY_HOST) != 0 || (writer->host->controllers & bit) != 0)
        return RESOURCES_V1;
    if ((writer->host->unified_controllers & bit) != 0)
        return RESOURCES_V2;
    return RESOURCES_MISSING;
}

int resources_error(struct resources_writer *writer, const char *path, enum error_code code,
                    const char *format, ...)
{
    struct error *error = writer->builder->error;
    char message[sizeof(error->message)];
    bool update = (writer->flags & PLAN_CGROUP_UPDATE) != 0;
    va_list arguments;
    int r;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    r = error_set(error, code, 0, "%s", message);
    error_set_pointer(error, update ? "/%s" : "/linux/resources/%s", path);
    return r;
}

int resources_error_v1_only(struct resources_writer *writer, const char *path,
                            enum host_cgroup_controller controller, const char *file)
{
    return resources_error(writer, path, ERROR_CGROUP_CONTROLLER,
                           "this host has cgroup2, which has nothing like \"%s\" of the v1 "
                           "controller \"%s\"",
                           file, host_cgroup_controller_name(controller));
}

static struct plan_origin make_origin(struct resources_writer *writer,
                                      const struct resources_write *write)
{
    bool update = (writer->flags & PLAN_CGROUP_UPDATE) != 0;
    enum plan_origin_kind kind;

    if (write->key != NULL)
        kind = update ? ORIGIN_UPDATE_UNIFIED : ORIGIN_RESOURCES_UNIFIED;
    else
        kind = update ? ORIGIN_UPDATE : ORIGIN_RESOURCES;
    return (struct plan_origin){
        .kind = (uint16_t)kind,
        .index = plan_add_string(writer->builder, write->key != NULL ? write->key : write->path),
    };
}

int resources_add(struct resources_writer *writer, const struct resources_write *write)
{
    struct plan_cgroup_write *out;

    if (write->place == RESOURCES_MISSING && (write->flags & PLAN_CGROUP_OPTIONAL) != 0)
        return 0;
    if (write->place == RESOURCES_MISSING)
        return resources_error(writer, write->path, ERROR_CGROUP_CONTROLLER,
                               "cannot write \"%s\" to \"%s\": this host has no cgroup "
                               "controller \"%s\"",
                               write->value, write->file,
                               host_cgroup_controller_name(write->controller));
    if (writer->count == writer->capacity)
        return error_set(writer->builder->error, ERROR_INTERNAL, ENOSPC,
                         "more cgroup files to write than there is room for");
    if (writer->group != 0 && writer->group == write->group)
        writer->writes[writer->count - 1].flags |= PLAN_CGROUP_LINKED;
    writer->group = write->group;
    out = &writer->writes[writer->count++];
    *out = (struct plan_cgroup_write){
        .controller = write->controller,
        .flags = write->flags | (write->place == RESOURCES_V2 ? PLAN_CGROUP_V2 : 0),
        .file = plan_add_string(writer->builder, write->file),
        .value = plan_add_string(writer->builder, write->value),
        .origin = make_origin(writer, write),
    };
    return out->file != 0 && out->value != 0 && out->origin.index != 0 ? 0 : -ENOMEM;
}

uint32_t plan_cgroup_spec_flags(const struct oci_spec *spec)
{
    static const char *const before[] = {"1.0.", "1.1.", "1.2."};

    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        if (spec->oci_version != NULL &&
            strncmp(spec->oci_version, before[i], strlen(before[i])) == 0)
            return PLAN_CGROUP_PIDS_ZERO_MAX;
    return 0;
}

int plan_cgroup_resources(const struct oci_linux_resources *resources,
                          const struct host_cgroups *host, uint32_t flags,
                          struct plan_builder *builder, struct plan_array *ret_writes)
{
    struct resources_writer writer = {
        .resources = resources, .host = host, .builder = builder, .flags = flags};
    struct plan_array writes;
    int r;

    writer.capacity = resources_count_fields() + resources_count_lists(resources);
    writer.writes = plan_add_array(builder, sizeof(*writer.writes), writer.capacity, &writes);
    if (writer.writes == NULL)
        return -ENOMEM;
    r = resources_plan_fields(&writer);
    if (r == 0)
        r = resources_plan_lists(&writer);
    if (r < 0)
        return r;
    writes.count = writer.count;
    *ret_writes = writes;
    return 0;
}
