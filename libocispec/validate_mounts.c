/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules for mounts and hooks. */
#include <string.h>

#include "validate.h"

static bool wants_idmap(const struct oci_mount *mount)
{
    for (size_t i = 0; i < mount->options.count; i++)
        if (strcmp(mount->options.items[i], "idmap") == 0 ||
            strcmp(mount->options.items[i], "ridmap") == 0)
            return true;
    return false;
}

static void validate_idmap(struct validation *validation, const struct place *place,
                           const struct oci_spec *spec, const struct oci_mount *mount)
{
    bool has_uids = mount->uid_mappings_count > 0;
    bool has_gids = mount->gid_mappings_count > 0;

    if (has_uids != has_gids)
        validation_refuse(validation, PLACE_KEY(place, has_uids ? "gidMappings" : "uidMappings"),
                          OCI_FAULT_MISSING,
                          "a mount has uidMappings and gidMappings together or neither");
    validate_id_mappings(validation, PLACE_KEY(place, "uidMappings"), mount->uid_mappings,
                         mount->uid_mappings_count);
    validate_id_mappings(validation, PLACE_KEY(place, "gidMappings"), mount->gid_mappings,
                         mount->gid_mappings_count);
    if (!has_uids && !has_gids && wants_idmap(mount) &&
        oci_spec_namespace(spec, OCI_NAMESPACE_USER) == NULL)
        validation_refuse(validation, PLACE_KEY(place, "options"), OCI_FAULT_CONFLICT,
                          "an idmapped mount needs mappings of its own or a user namespace");
}

void validate_mounts(struct validation *validation, const struct oci_spec *spec)
{
    const struct place *place = PLACE_KEY(NULL, "mounts");

    for (size_t i = 0; i < spec->mounts_count; i++) {
        const struct place *entry = PLACE_ENTRY(place, i);

        if (spec->mounts[i].destination[0] == '\0')
            validation_refuse(validation, PLACE_KEY(entry, "destination"), OCI_FAULT_VALUE,
                              "the destination of the mount is empty");
        validate_idmap(validation, entry, spec, &spec->mounts[i]);
    }
}

static void validate_hook_list(struct validation *validation, const char *key,
                               const struct oci_hook *hooks, size_t count)
{
    const struct place *place = PLACE_KEY(PLACE_KEY(NULL, "hooks"), key);

    for (size_t i = 0; i < count; i++) {
        const struct place *entry = PLACE_ENTRY(place, i);

        if (!form_is_absolute(hooks[i].path))
            validation_refuse(validation, PLACE_KEY(entry, "path"), OCI_FAULT_VALUE,
                              "the path \"%.100s\" of a hook is not absolute", hooks[i].path);
        validate_env(validation, PLACE_KEY(entry, "env"), &hooks[i].env);
        if (hooks[i].timeout.set && hooks[i].timeout.value < 1)
            validation_refuse(validation, PLACE_KEY(entry, "timeout"), OCI_FAULT_RANGE,
                              "the timeout of a hook must be at least 1 second");
    }
}

void validate_hooks(struct validation *validation, const struct oci_hooks *hooks)
{
    validate_hook_list(validation, "prestart", hooks->prestart, hooks->prestart_count);
    validate_hook_list(validation, "createRuntime", hooks->create_runtime,
                       hooks->create_runtime_count);
    validate_hook_list(validation, "createContainer", hooks->create_container,
                       hooks->create_container_count);
    validate_hook_list(validation, "startContainer", hooks->start_container,
                       hooks->start_container_count);
    validate_hook_list(validation, "poststart", hooks->poststart, hooks->poststart_count);
    validate_hook_list(validation, "poststop", hooks->poststop, hooks->poststop_count);
}
