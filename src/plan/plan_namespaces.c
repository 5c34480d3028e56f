/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The planner's part for namespaces: which to make, which to join, maps, offsets, sysctls, names.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "io/syscalls.h"
#include "plan/planner.h"

static const uint64_t namespace_flags[] = {
    [OCI_NAMESPACE_MOUNT] = CLONE_NEWNS,      [OCI_NAMESPACE_PID] = CLONE_NEWPID,
    [OCI_NAMESPACE_NETWORK] = CLONE_NEWNET,   [OCI_NAMESPACE_UTS] = CLONE_NEWUTS,
    [OCI_NAMESPACE_IPC] = CLONE_NEWIPC,       [OCI_NAMESPACE_USER] = CLONE_NEWUSER,
    [OCI_NAMESPACE_CGROUP] = CLONE_NEWCGROUP, [OCI_NAMESPACE_TIME] = CLONE_NEWTIME,
};

static int plan_types(const struct oci_linux *config, struct plan_builder *builder)
{
    struct plan_namespaces *namespaces = &builder->plan->namespaces;
    struct plan_join *joins;
    size_t count = 0;

    for (size_t i = 0; i < config->namespaces_count; i++)
        count += config->namespaces[i].path != NULL;
    joins = plan_add_array(builder, sizeof(*joins), count, &namespaces->joins);
    if (joins == NULL)
        return -ENOMEM;
    count = 0;
    for (size_t i = 0; i < config->namespaces_count; i++) {
        const struct oci_linux_namespace *entry = &config->namespaces[i];
        uint64_t flag = namespace_flags[entry->type];

        if (entry->path == NULL) {
            namespaces->clone_flags |= flag;
            continue;
        }
        namespaces->joined |= flag;
        joins[count] = (struct plan_join){
            .type = flag,
            .path = plan_add_string(builder, entry->path),
            .descriptor = -1,
            .origin = {.kind = ORIGIN_NAMESPACE, .index = (uint32_t)i},
        };
        if (joins[count++].path == 0)
            return -ENOMEM;
    }
    return 0;
}

static int plan_map(const struct oci_id_mapping *mappings, size_t count,
                    struct plan_builder *builder, struct plan_array *ret_array)
{
    struct plan_idmap *map = plan_add_array(builder, sizeof(*map), count, ret_array);

    if (map == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        map[i] =
            (struct plan_idmap){mappings[i].container_id, mappings[i].host_id, mappings[i].size};
    return 0;
}

static struct plan_time_offset plan_offset(const struct oci_linux_time_offset *offset)
{
    if (offset == NULL)
        return (struct plan_time_offset){0};
    return (struct plan_time_offset){
        .seconds = offset->secs, .nanoseconds = offset->nanosecs, .set = true};
}

static int plan_sysctls(const struct oci_string_map *map, struct plan_builder *builder)
{
    struct plan_array *array = &builder->plan->namespaces.sysctls;
    struct plan_sysctl *sysctls = plan_add_array(builder, sizeof(*sysctls), map->count, array);

    if (sysctls == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->items[i].key;
        plan_string name = plan_add_string(builder, key);
        plan_string path = plan_add_string(builder, key);
        char *text;

        sysctls[i] = (struct plan_sysctl){
            .key = path,
            .value = plan_add_string(builder, map->items[i].value),
            .origin = {.kind = ORIGIN_SYSCTL, .index = name},
        };
        if (name == 0 || path == 0 || sysctls[i].value == 0)
            return -ENOMEM;
        /*
         * sysctl(8): with a slash first the separators are slashes and dots belong to names
         * ("net/ipv4/conf/eth0.1/…"); else they are dots.
         */
        text = (char *)builder->plan + path;
        if (text[strcspn(text, "/.")] == '.') {
            for (char *c = text; *c != '\0'; c++) {
                if (*c == '.')
                    *c = '/';
                else if (*c == '/')
                    *c = '.';
            }
        }
    }
    return 0;
}

static int plan_names(const struct oci_spec *spec, struct plan_builder *builder)
{
    struct plan_namespaces *namespaces = &builder->plan->namespaces;

    namespaces->hostname = plan_add_string(builder, spec->hostname);
    namespaces->domainname = plan_add_string(builder, spec->domainname);
    if ((spec->hostname != NULL && namespaces->hostname == 0) ||
        (spec->domainname != NULL && namespaces->domainname == 0))
        return -ENOMEM;
    return 0;
}

/*
 * A cgroup namespace is rooted where its maker is.  Only a clone straight into the cgroup has it
 * there at once; everywhere else the stage makes it when it has been attached.
 */
static void plan_cgroup_namespace(const struct plan_input *input,
                                  struct plan_namespaces *namespaces)
{
    if ((namespaces->clone_flags & CLONE_NEWCGROUP) == 0)
        return;
    if (input->host->cgroups.layout == HOST_CGROUP_V2 &&
        input->cgroup_manager == PLAN_CGROUP_CGROUPFS && !namespaces->make_after_joining)
        return;
    namespaces->clone_flags &= ~(uint64_t)CLONE_NEWCGROUP;
    namespaces->late_flags |= CLONE_NEWCGROUP;
}

/*
 * Before Linux 6.3 a clone is in its new time namespace at once, which fixes the offsets before
 * they can be written, and an exec enters none.
 */
static void plan_time_namespace(const struct host *host, struct plan_namespaces *namespaces)
{
    if ((namespaces->clone_flags & CLONE_NEWTIME) == 0 || namespaces->make_after_joining ||
        host->kernel_major > 6 || (host->kernel_major == 6 && host->kernel_minor >= 3))
        return;
    namespaces->clone_flags &= ~(uint64_t)CLONE_NEWTIME;
    namespaces->late_flags |= CLONE_NEWTIME;
}

int plan_namespaces(const struct plan_input *input, struct plan_builder *builder)
{
    struct plan_namespaces *namespaces = &builder->plan->namespaces;
    const struct oci_linux *config = input->spec->linux;
    int r;

    if (config == NULL)
        return plan_names(input->spec, builder);
    r = plan_types(config, builder);
    if (r < 0)
        return r;
    r = plan_map(config->uid_mappings, config->uid_mappings_count, builder, &namespaces->uid_map);
    if (r < 0)
        return r;
    r = plan_map(config->gid_mappings, config->gid_mappings_count, builder, &namespaces->gid_map);
    if (r < 0)
        return r;
    if (config->time_offsets != NULL) {
        namespaces->monotonic = plan_offset(config->time_offsets->monotonic);
        namespaces->boottime = plan_offset(config->time_offsets->boottime);
    }
    namespaces->make_after_joining =
        namespaces->joined != 0 &&
        ((namespaces->clone_flags | namespaces->joined) & CLONE_NEWUSER) != 0;
    plan_cgroup_namespace(input, namespaces);
    plan_time_namespace(input->host, namespaces);
    r = plan_sysctls(&config->sysctl, builder);
    if (r < 0)
        return r;
    return plan_names(input->spec, builder);
}
