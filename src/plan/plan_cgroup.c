/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's cgroup: where it is, its limits, its devices.  Runs in dray only. */
#include "plan/plan_cgroup.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan_cgroup_resources.h"
#include "plan/plan_unit.h"
#include "plan/planner.h"

static int refuse_path(struct plan_builder *builder, const char *path, const char *why)
{
    int r = error_set(builder->error, ERROR_CGROUP_PATH, 0, "the cgroup path \"%s\" %s", path, why);

    error_set_pointer(builder->error, "/linux/cgroupsPath");
    return r;
}

const char *plan_cgroup_normalize(const char *path, char out[CGROUP_PATH_MAX], size_t *ret_length)
{
    size_t length = 0, depth = 0;
    bool absolute = path[0] == '/';

    for (const char *part = path;; part++) {
        size_t size = strcspn(part, "/");

        if (size == 2 && memcmp(part, "..", 2) == 0)
            return "has a \"..\" component";
        if (size > CGROUP_NAME_MAX || length + size + 2 > CGROUP_PATH_MAX ||
            depth > CGROUP_DEPTH_MAX)
            return "is too long or too deep";
        if (size > 0 && !(size == 1 && part[0] == '.')) {
            if (absolute || length > 0)
                out[length++] = '/';
            memcpy(out + length, part, size);
            length += size;
            depth++;
        }
        part += size;
        if (*part == '\0')
            break;
    }
    if (strpbrk(path, "\n\r") != NULL)
        return "has a line break";
    *ret_length = length;
    return NULL;
}

static int plan_given_path(const char *path, struct plan_builder *builder, plan_string *ret)
{
    char normal[CGROUP_PATH_MAX];
    size_t length;
    const char *why = plan_cgroup_normalize(path, normal, &length);

    if (why == NULL && length == 0)
        why = "names the root of the hierarchies, where dray itself may be";
    if (why != NULL)
        return refuse_path(builder, path, why);
    *ret = plan_add_string_length(builder, normal, length);
    return *ret != 0 ? 0 : -ENOMEM;
}

uint64_t plan_cgroup_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, 64 bits */

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

/*
 * "/dray-ID": one directory per container, no parent to make and share.  An id may be longer than a
 * name: then its head and its hash.  A user who is not root owns at most what is near its own
 * cgroup: then it is relative.
 */
static int plan_default_path(const char *id, struct plan_builder *builder, plan_string *ret)
{
    const char *prefix = builder->plan->cgroup.by_user ? "dray-" : "/dray-";

    if (strlen(id) + strlen("dray-") <= CGROUP_NAME_MAX)
        *ret = plan_add_format(builder, "%s%s", prefix, id);
    else
        *ret = plan_add_format(builder, "%s%.200s-%016llx", prefix, id,
                               (unsigned long long)plan_cgroup_hash(id));
    return *ret != 0 ? 0 : -ENOMEM;
}

/* Without a cgroup nothing can be limited: an error if the config asks for it. */
static int plan_without_cgroup(const struct oci_linux_resources *resources,
                               const struct plan_input *input, struct plan_builder *builder,
                               const char *why)
{
    struct plan_array writes = {0};
    int r = plan_cgroup_no_delegate(input->spec, why, builder);

    builder->plan->cgroup.manager = PLAN_CGROUP_DISABLED;
    if (r == 0 && resources != NULL)
        r = plan_cgroup_resources(resources, &input->host->cgroups,
                                  RESOURCES_ANY_HOST | plan_cgroup_spec_flags(input->spec), builder,
                                  &writes);
    if (r < 0)
        return r;
    plan_for_each(write, builder->plan, writes, struct plan_cgroup_write)
    {
        if ((write->flags & PLAN_CGROUP_OPTIONAL) != 0)
            continue;
        r = error_set(builder->error, ERROR_CGROUP_HOST, 0, "cannot limit \"%s\" to \"%s\": %s",
                      plan_text(builder->plan, write->file), plan_text(builder->plan, write->value),
                      why);
        plan_origin_explain(builder->plan, write->origin, builder->error);
        return r;
    }
    return 0;
}

/*
 * Device rules take rights in the initial user namespace.  Without them no device can be made
 * either, and the container opens only what the user may open anyway: that is all they could add.
 */
static bool may_have_device_rules(const struct plan_input *input)
{
    return !input->host->in_user_namespace && (input->host->capabilities >> CAP_SYS_ADMIN & 1) != 0;
}

static int plan_limits(const struct plan_input *input, const struct oci_linux_resources *resources,
                       struct plan_builder *builder)
{
    const struct host_cgroups *host = &input->host->cgroups;
    bool v1_devices = (host->controllers & 1u << HOST_CGROUP_DEVICES) != 0;
    struct plan_array writes = {0}, devices = {0};
    int r = 0;

    if (resources != NULL)
        r = plan_cgroup_resources(resources, host, plan_cgroup_spec_flags(input->spec), builder,
                                  &writes);
    if (r == 0)
        r = plan_cgroup_devices(resources, v1_devices, 0, builder, &devices);
    if (r < 0)
        return r;
    builder->plan->cgroup.writes = writes;
    builder->plan->cgroup.devices = devices;
    if (resources == NULL || resources->devices_count == 0)
        return 0;
    builder->plan->cgroup.devices_asked = may_have_device_rules(input);
    if (!builder->plan->cgroup.devices_asked)
        plan_warn(builder, ORIGIN_NONE, 0,
                  "linux.resources.devices is ignored: only root of the host can set device rules");
    return 0;
}

static void plan_caller(const struct plan_input *input, struct plan_cgroup *cgroup)
{
    const struct host *host = input->host;

    cgroup->by_user = host->in_user_namespace || (host->capabilities >> CAP_SYS_ADMIN & 1) == 0;
    cgroup->strict = input->strict;
    cgroup->caller = host->in_user_namespace ? UINT32_MAX : host->effective_uid;
}

int plan_cgroup(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux *config = input->spec->linux;
    const struct oci_linux_resources *resources = config != NULL ? config->resources : NULL;
    const char *path = config != NULL ? config->cgroups_path : NULL;
    plan_string planned = 0;
    int r;

    if (input->purpose == PLAN_EXEC)
        return 0; /* joins the container's */
    if (path != NULL && path[0] == '\0')
        path = NULL;
    builder->plan->cgroup.manager = input->cgroup_manager;
    builder->plan->cgroup.default_path = path == NULL;
    if (input->cgroup_manager == PLAN_CGROUP_DISABLED)
        return plan_without_cgroup(resources, input, builder, "the cgroup manager is disabled");
    if (input->host->cgroups.layout == HOST_CGROUP_NONE && path == NULL)
        return plan_without_cgroup(resources, input, builder,
                                   "this host has no cgroups at /sys/fs/cgroup");
    if (input->host->cgroups.layout == HOST_CGROUP_NONE)
        return refuse_path(builder, path,
                           "has no place: this host has no cgroups at "
                           "/sys/fs/cgroup");
    plan_caller(input, &builder->plan->cgroup);
    if (input->cgroup_manager == PLAN_CGROUP_SYSTEMD) {
        plan_cgroup_owner(input->spec, &input->host->cgroups, &builder->plan->cgroup);
        r = plan_limits(input, resources, builder);
        if (r == 0)
            r = plan_unit(input, path, builder);
        return r < 0 ? r : plan_cgroup_delegate(input, builder);
    }
    r = path != NULL ? plan_given_path(path, builder, &planned)
                     : plan_default_path(input->id, builder, &planned);
    if (r < 0)
        return r;
    builder->plan->cgroup.path = planned;
    plan_cgroup_owner(input->spec, &input->host->cgroups, &builder->plan->cgroup);
    r = plan_limits(input, resources, builder);
    return r < 0 ? r : plan_cgroup_delegate(input, builder);
}
