/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules for config.json's "linux" but for sysctls, resources and seccomp. */
#include <string.h>

#include "validate.h"

static void validate_namespaces(struct validation *validation, const struct place *linux_place,
                                const struct oci_linux *linux)
{
    const struct place *place = PLACE_KEY(linux_place, "namespaces");
    unsigned seen = 0;

    for (size_t i = 0; i < linux->namespaces_count; i++) {
        const struct oci_linux_namespace *namespace = &linux->namespaces[i];
        const struct place *entry = PLACE_ENTRY(place, i);

        if ((seen & 1u << namespace->type) != 0)
            validation_refuse(validation, PLACE_KEY(entry, "type"), OCI_FAULT_DUPLICATE,
                              "the %s namespace occurs twice",
                              oci_namespace_type_name(namespace->type));
        seen |= 1u << namespace->type;
        if (namespace->path != NULL && !form_is_absolute(namespace->path))
            validation_refuse(validation, PLACE_KEY(entry, "path"), OCI_FAULT_VALUE,
                              "the path \"%.100s\" of the %s namespace is not absolute",
                              namespace->path, oci_namespace_type_name(namespace->type));
    }
}

static void validate_user_namespace(struct validation *validation, const struct place *place,
                                    const struct oci_spec *spec)
{
    const struct oci_linux_namespace *user = oci_spec_namespace(spec, OCI_NAMESPACE_USER);
    const struct oci_linux *linux = spec->linux;
    const struct place *uids = PLACE_KEY(place, "uidMappings");
    const struct place *gids = PLACE_KEY(place, "gidMappings");

    validate_id_mappings(validation, uids, linux->uid_mappings, linux->uid_mappings_count);
    validate_id_mappings(validation, gids, linux->gid_mappings, linux->gid_mappings_count);
    if (user == NULL && linux->uid_mappings_count > 0)
        validation_refuse(validation, uids, OCI_FAULT_CONFLICT,
                          "\"uidMappings\" needs a user namespace");
    if (user == NULL && linux->gid_mappings_count > 0)
        validation_refuse(validation, gids, OCI_FAULT_CONFLICT,
                          "\"gidMappings\" needs a user namespace");
    if (user == NULL || user->path != NULL)
        return;
    if (linux->uid_mappings_count == 0)
        validation_refuse(validation, uids, OCI_FAULT_MISSING,
                          "a new user namespace needs \"uidMappings\"");
    if (linux->gid_mappings_count == 0)
        validation_refuse(validation, gids, OCI_FAULT_MISSING,
                          "a new user namespace needs \"gidMappings\"");
}

static void validate_time_offset(struct validation *validation, const struct place *place,
                                 const struct oci_linux_time_offset *offset)
{
    if (offset != NULL && offset->nanosecs >= 1000000000)
        validation_refuse(validation, PLACE_KEY(place, "nanosecs"), OCI_FAULT_RANGE,
                          "%u nanoseconds are a second or more", offset->nanosecs);
}

static void validate_time_offsets(struct validation *validation, const struct place *place,
                                  const struct oci_spec *spec)
{
    const struct oci_linux_namespace *time = oci_spec_namespace(spec, OCI_NAMESPACE_TIME);
    const struct oci_linux_time_offsets *offsets = spec->linux->time_offsets;

    if (offsets == NULL || (offsets->monotonic == NULL && offsets->boottime == NULL))
        return;
    if (time == NULL || time->path != NULL)
        validation_refuse(validation, place, OCI_FAULT_CONFLICT,
                          "\"timeOffsets\" needs a new time namespace");
    validate_time_offset(validation, PLACE_KEY(place, "monotonic"), offsets->monotonic);
    validate_time_offset(validation, PLACE_KEY(place, "boottime"), offsets->boottime);
}

#define MAJOR_MAX 4095    /* the kernel's dev_t has 12 bits for it */
#define MINOR_MAX 1048575 /* and 20 for this */

static void validate_device_number(struct validation *validation, const struct place *place,
                                   const char *key, struct oci_optional_i64 number, int64_t max)
{
    if (!number.set)
        validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_MISSING,
                          "a device node needs its %s number", key);
    else if (number.value < 0 || number.value > max)
        validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_RANGE,
                          "the %s number %lld is not from 0 to %lld", key, (long long)number.value,
                          (long long)max);
}

static void validate_devices(struct validation *validation, const struct place *linux_place,
                             const struct oci_linux *linux)
{
    const struct place *place = PLACE_KEY(linux_place, "devices");

    for (size_t i = 0; i < linux->devices_count; i++) {
        const struct oci_linux_device *device = &linux->devices[i];
        const struct place *entry = PLACE_ENTRY(place, i);

        if (!form_is_absolute(device->path))
            validation_refuse(validation, PLACE_KEY(entry, "path"), OCI_FAULT_VALUE,
                              "the path \"%.100s\" of a device is not absolute", device->path);
        if (device->type != OCI_DEVICE_FIFO) {
            validate_device_number(validation, entry, "major", device->major, MAJOR_MAX);
            validate_device_number(validation, entry, "minor", device->minor, MINOR_MAX);
        }
        if (device->uid.set && device->uid.value == UINT32_MAX)
            validation_refuse(validation, PLACE_KEY(entry, "uid"), OCI_FAULT_RANGE,
                              "4294967295 is no user ID");
        if (device->gid.set && device->gid.value == UINT32_MAX)
            validation_refuse(validation, PLACE_KEY(entry, "gid"), OCI_FAULT_RANGE,
                              "4294967295 is no group ID");
    }
}

/* The name on the inside may end with "%d", for which the kernel finds a number. */
static bool is_inner_name(const char *name)
{
    size_t length = strlen(name);

    if (length > 2 && length <= 15 && strcmp(name + length - 2, "%d") == 0)
        length -= 2;
    return form_is_interface_name(name, length);
}

static void validate_net_devices(struct validation *validation, const struct place *linux_place,
                                 const struct oci_spec *spec)
{
    const struct oci_linux_net_device *devices = spec->linux->net_devices;
    const struct place *place = PLACE_KEY(linux_place, "netDevices");
    size_t count = spec->linux->net_devices_count;

    if (count > 0 && oci_spec_namespace(spec, OCI_NAMESPACE_NETWORK) == NULL)
        validation_refuse(validation, place, OCI_FAULT_CONFLICT,
                          "\"netDevices\" needs a network namespace");
    for (size_t i = 0; i < count; i++) {
        const struct place *entry = PLACE_KEY(place, devices[i].key);
        const char *name = devices[i].name;

        if (!form_is_interface_name(devices[i].key, strlen(devices[i].key)))
            validation_refuse(validation, entry, OCI_FAULT_VALUE,
                              "\"%.60s\" cannot be the name of a network device", devices[i].key);
        if (!text_is_empty(name) && !is_inner_name(name))
            validation_refuse(validation, PLACE_KEY(entry, "name"), OCI_FAULT_VALUE,
                              "\"%.60s\" cannot be the name of a network device", name);
        name = text_is_empty(name) ? devices[i].key : name;
        for (size_t j = 0; j < i && strchr(name, '%') == NULL; j++) {
            const char *other = text_is_empty(devices[j].name) ? devices[j].key : devices[j].name;

            if (strcmp(name, other) == 0)
                validation_refuse(validation, entry, OCI_FAULT_DUPLICATE,
                                  "two network devices would be named \"%.60s\"", name);
        }
    }
}

static void validate_absolute_paths(struct validation *validation, const struct place *place,
                                    const struct oci_strings *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        if (!form_is_absolute(paths->items[i]))
            validation_refuse(validation, PLACE_ENTRY(place, i), OCI_FAULT_VALUE,
                              "the path \"%.100s\" is not absolute", paths->items[i]);
}

static void validate_intel_rdt(struct validation *validation, const struct place *place,
                               const struct oci_linux_intel_rdt *rdt)
{
    const char *id = rdt->clos_id;
    const struct place *schemata = PLACE_KEY(place, "schemata");

    /* "/" alone is the default class. */
    if (id != NULL && strcmp(id, "/") != 0 &&
        (id[0] == '\0' || strpbrk(id, "/\n") != NULL || strcmp(id, ".") == 0 ||
         strcmp(id, "..") == 0 || strlen(id) > 255))
        validation_refuse(validation, PLACE_KEY(place, "closID"), OCI_FAULT_VALUE,
                          "\"%.60s\" cannot be the name of a class of service", id);
    if (rdt->l3_cache_schema != NULL && strchr(rdt->l3_cache_schema, '\n') != NULL)
        validation_refuse(validation, PLACE_KEY(place, "l3CacheSchema"), OCI_FAULT_VALUE,
                          "a schema is one line");
    for (size_t i = 0; i < rdt->schemata.count; i++)
        if (strchr(rdt->schemata.items[i], '\n') != NULL)
            validation_refuse(validation, PLACE_ENTRY(schemata, i), OCI_FAULT_VALUE,
                              "each schema is one line");
}

static bool has_flag(const struct oci_linux_memory_policy *policy, enum oci_memory_policy_flag flag)
{
    for (size_t i = 0; i < policy->flags_count; i++)
        if (policy->flags[i] == flag)
            return true;
    return false;
}

/* set_mempolicy(2) */
static void validate_memory_policy(struct validation *validation, const struct place *place,
                                   const struct oci_linux_memory_policy *policy)
{
    const char *mode = oci_memory_policy_mode_name(policy->mode);
    bool no_nodes = text_is_empty(policy->nodes);

    if (policy->mode == OCI_MEMORY_POLICY_NONE) {
        validation_refuse(validation, PLACE_KEY(place, "mode"), OCI_FAULT_MISSING,
                          "a memory policy needs its mode");
        return;
    }
    if (!no_nodes && !form_is_number_list(policy->nodes))
        validation_refuse(validation, PLACE_KEY(place, "nodes"), OCI_FAULT_VALUE,
                          "\"%.60s\" is not a list of memory nodes such as 0-3,7", policy->nodes);
    switch (policy->mode) {
    case OCI_MEMORY_POLICY_DEFAULT:
    case OCI_MEMORY_POLICY_LOCAL:
        if (!no_nodes)
            validation_refuse(validation, PLACE_KEY(place, "nodes"), OCI_FAULT_CONFLICT,
                              "%s takes no memory nodes", mode);
        break;
    case OCI_MEMORY_POLICY_PREFERRED:
        break;
    default:
        if (no_nodes)
            validation_refuse(validation, PLACE_KEY(place, "nodes"), OCI_FAULT_MISSING,
                              "%s needs at least one memory node", mode);
        break;
    }
    if (has_flag(policy, OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES) &&
        has_flag(policy, OCI_MEMORY_POLICY_FLAG_STATIC_NODES))
        validation_refuse(validation, PLACE_KEY(place, "flags"), OCI_FAULT_CONFLICT,
                          "MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other");
    if (has_flag(policy, OCI_MEMORY_POLICY_FLAG_NUMA_BALANCING) &&
        policy->mode != OCI_MEMORY_POLICY_BIND && policy->mode != OCI_MEMORY_POLICY_PREFERRED_MANY)
        validation_refuse(validation, PLACE_KEY(place, "flags"), OCI_FAULT_CONFLICT,
                          "MPOL_F_NUMA_BALANCING is for MPOL_BIND, not for %s", mode);
}

static void validate_personality(struct validation *validation, const struct place *place,
                                 const struct oci_linux_personality *personality)
{
    if (personality->domain == OCI_PERSONALITY_NONE)
        validation_refuse(validation, PLACE_KEY(place, "domain"), OCI_FAULT_MISSING,
                          "a personality needs its domain");
    if (personality->flags.count > 0)
        validation_refuse(validation, PLACE_KEY(place, "flags"), OCI_FAULT_NOT_SUPPORTED,
                          "flags of the personality are not supported, no runtime has any");
}

void validate_linux(struct validation *validation, const struct oci_spec *spec)
{
    const struct oci_linux *linux = spec->linux;
    const struct place *place = PLACE_KEY(NULL, "linux");

    validate_namespaces(validation, place, linux);
    validate_user_namespace(validation, place, spec);
    validate_time_offsets(validation, PLACE_KEY(place, "timeOffsets"), spec);
    validate_devices(validation, place, linux);
    validate_net_devices(validation, place, spec);
    if (linux->cgroups_path != NULL && form_has_dot_dot(linux->cgroups_path))
        validation_refuse(validation, PLACE_KEY(place, "cgroupsPath"), OCI_FAULT_VALUE,
                          "the cgroup path \"%.100s\" leads out through \"..\"",
                          linux->cgroups_path);
    if (linux->resources != NULL)
        validate_resources(validation, PLACE_KEY(place, "resources"), linux->resources);
    validate_sysctl(validation, spec);
    if (linux->seccomp != NULL)
        validate_seccomp(validation, PLACE_KEY(place, "seccomp"), linux->seccomp);
    validate_absolute_paths(validation, PLACE_KEY(place, "maskedPaths"), &linux->masked_paths);
    validate_absolute_paths(validation, PLACE_KEY(place, "readonlyPaths"), &linux->readonly_paths);
    if (linux->intel_rdt != NULL)
        validate_intel_rdt(validation, PLACE_KEY(place, "intelRdt"), linux->intel_rdt);
    if (linux->memory_policy != NULL)
        validate_memory_policy(validation, PLACE_KEY(place, "memoryPolicy"), linux->memory_policy);
    if (linux->personality != NULL)
        validate_personality(validation, PLACE_KEY(place, "personality"), linux->personality);
}
