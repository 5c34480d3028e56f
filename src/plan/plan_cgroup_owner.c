/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who owns the cgroup: runtime-spec, config-linux.md, "Cgroup ownership".  Runs in dray only.
 *
 * On cgroup2 the container's user gets the cgroup if it sees it as the root of a cgroup namespace
 * of its own and has it mounted for writing; systemd in a container needs that.
 */
#include <string.h>

#include "plan/plan_cgroup.h"
#include "plan/plan_cgroup_resources.h"

static bool has_new_cgroup_namespace(const struct oci_linux *config)
{
    for (size_t i = 0; i < config->namespaces_count; i++)
        if (config->namespaces[i].type == OCI_NAMESPACE_CGROUP)
            return config->namespaces[i].path == NULL || config->namespaces[i].path[0] == '\0';
    return false;
}

static bool is_writable_cgroup(const struct oci_mount *mount)
{
    if (mount->source == NULL || strcmp(mount->source, "cgroup") != 0 ||
        mount->destination == NULL || strcmp(mount->destination, "/sys/fs/cgroup") != 0)
        return false;
    for (size_t i = 0; i < mount->options.count; i++)
        if (strcmp(mount->options.items[i], "ro") == 0)
            return false;
    return true;
}

static bool mounts_writable_cgroup(const struct oci_spec *spec)
{
    for (size_t i = 0; i < spec->mounts_count; i++)
        if (is_writable_cgroup(&spec->mounts[i]))
            return true;
    return false;
}

bool plan_cgroup_map_user(const struct oci_linux *config, uint32_t user, uint32_t *ret)
{
    if (config == NULL || config->uid_mappings_count == 0) {
        *ret = user;
        return true;
    }
    for (size_t i = 0; i < config->uid_mappings_count; i++) {
        const struct oci_id_mapping *mapping = &config->uid_mappings[i];

        if (user >= mapping->container_id && user - mapping->container_id < mapping->size) {
            *ret = mapping->host_id + (user - mapping->container_id);
            return true;
        }
    }
    return false;
}

void plan_cgroup_owner(const struct oci_spec *spec, const struct host_cgroups *host,
                       struct plan_cgroup *cgroup)
{
    const struct oci_process *process = spec->process;
    uint32_t user = process != NULL && process->user != NULL ? process->user->uid : 0, owner;

    if (host->layout != HOST_CGROUP_V2 || spec->linux == NULL ||
        !has_new_cgroup_namespace(spec->linux) || !mounts_writable_cgroup(spec) ||
        !plan_cgroup_map_user(spec->linux, user, &owner))
        return;
    cgroup->delegated = true;
    cgroup->owner = owner;
}
