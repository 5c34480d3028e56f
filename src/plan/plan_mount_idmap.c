/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the mappings of idmapped mounts.  Runs in dray. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "plan/plan_process_parts.h"
#include "plan/plan_rootfs_parts.h"

struct mapping_list {
    const struct oci_id_mapping *items;
    size_t count;
};

static int idmap_error(struct plan_builder *builder, size_t index, const char *what,
                       const char *text)
{
    error_set_pointer(builder->error, "/mounts/%zu", index);
    return error_set(builder->error, ERROR_MOUNT_IDMAP, 0, "%s%s%s%s", what,
                     text != NULL ? " \"" : "", text != NULL ? text : "", text != NULL ? "\"" : "");
}

static int copy_mappings(struct plan_builder *builder, const struct mapping_list *list,
                         struct plan_array *ret)
{
    struct plan_idmap *maps = plan_add_array(builder, sizeof(*maps), list->count, ret);

    if (maps == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < list->count; i++)
        maps[i] = (struct plan_idmap){
            .container_id = list->items[i].container_id,
            .host_id = list->items[i].host_id,
            .size = list->items[i].size,
        };
    return 0;
}

/* Moves a mapping that is relative to the container's ("@") to the host's ids. */
static int make_absolute(const struct mapping_list *container, struct plan_idmap *map)
{
    for (size_t i = 0; i < container->count; i++) {
        const struct oci_id_mapping *range = &container->items[i];

        if (map->host_id < range->container_id || map->host_id - range->container_id >= range->size)
            continue;
        if (map->size > range->size - (map->host_id - range->container_id))
            return -ERANGE;
        map->host_id = range->host_id + (map->host_id - range->container_id);
        return 0;
    }
    return -ERANGE;
}

static int parse_field(const char **text, char separator, uint32_t *ret)
{
    uint64_t number;
    int r = parse_u64_prefix(text, &number);

    if (r < 0 || number > UINT32_MAX)
        return r < 0 ? r : -ERANGE;
    if (separator != '\0' && *(*text)++ != separator)
        return -EINVAL;
    *ret = (uint32_t)number;
    return 0;
}

/* One range "inside-outside-size", relative to the container's mapping after "@". */
static int parse_range(const char **text, const struct mapping_list *container,
                       struct plan_idmap *ret)
{
    bool relative = **text == '@';
    int r;

    if (relative)
        (*text)++;
    r = parse_field(text, '-', &ret->container_id);
    if (r == 0)
        r = parse_field(text, '-', &ret->host_id);
    if (r == 0)
        r = parse_field(text, '\0', &ret->size);
    if (r == 0 && ret->size == 0)
        r = -ERANGE;
    return r == 0 && relative ? make_absolute(container, ret) : r;
}

/* Ranges with "#" between them, up to ";" or the end. */
static int parse_ranges(struct plan_builder *builder, const char **text,
                        const struct mapping_list *container, struct plan_array *ret)
{
    size_t count = 1;
    struct plan_idmap *maps;

    for (const char *p = *text; *p != '\0' && *p != ';'; p++)
        count += *p == '#';
    maps = plan_add_array(builder, sizeof(*maps), count, ret);
    if (maps == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int r = parse_range(text, container, &maps[i]);

        if (r < 0)
            return r;
        if (**text != (i + 1 < count ? '#' : ';') && !(i + 1 == count && **text == '\0'))
            return -EINVAL;
        if (i + 1 < count)
            (*text)++;
    }
    return 0;
}

static int parse_text(const struct plan_input *input, struct plan_builder *builder, size_t index,
                      const char *text, struct plan_mount *mount)
{
    const struct oci_linux *config = input->spec->linux;
    const struct mapping_list users = {config != NULL ? config->uid_mappings : NULL,
                                       config != NULL ? config->uid_mappings_count : 0};
    const struct mapping_list groups = {config != NULL ? config->gid_mappings : NULL,
                                        config != NULL ? config->gid_mappings_count : 0};
    const char *rest = text;

    while (*rest != '\0') {
        bool user = strncmp(rest, "uids=", 5) == 0;
        struct plan_array *map = user ? &mount->uid_map : &mount->gid_map;
        int r;

        if ((!user && strncmp(rest, "gids=", 5) != 0) || map->count > 0)
            return idmap_error(builder, index, "an idmap is uids=…;gids=…, not", text);
        rest += 5;
        r = parse_ranges(builder, &rest, user ? &users : &groups, map);
        if (r == -ENOMEM)
            return r;
        if (r == -ERANGE)
            return idmap_error(builder, index, "an id is out of range in the idmap", text);
        if (r < 0)
            return idmap_error(builder, index,
                               "a range of an idmap is inside-outside-size, not as in", text);
        if (*rest == ';')
            rest++;
    }
    return 0;
}

int plan_mount_idmap(const struct plan_input *input, struct plan_builder *builder, size_t index,
                     const char *text, struct plan_mount *mount)
{
    const struct oci_mount *config = &input->spec->mounts[index];
    const struct mapping_list users = {config->uid_mappings, config->uid_mappings_count};
    const struct mapping_list groups = {config->gid_mappings, config->gid_mappings_count};
    int r = 0;

    if (mount->kind != PLAN_MOUNT_BIND)
        return idmap_error(builder, index, "only bind mounts can be idmapped", NULL);
    if (!input->privileged)
        return idmap_error(builder, index, "idmapped mounts need root's rights on the host", NULL);
    if (text != NULL && text[0] != '\0') {
        r = parse_text(input, builder, index, text, mount);
    } else if (users.count + groups.count > 0) {
        r = copy_mappings(builder, &users, &mount->uid_map);
        if (r == 0)
            r = copy_mappings(builder, &groups, &mount->gid_map);
    } else if (!plan_has_user_namespace(input->spec)) {
        return idmap_error(builder, index,
                           "an idmapped mount needs uidMappings and gidMappings, or a user "
                           "namespace to take them from",
                           NULL);
    } else {
        return 0;
    }
    if (r == 0 && (mount->uid_map.count == 0 || mount->gid_map.count == 0))
        return idmap_error(builder, index, "an idmapped mount needs both user and group mappings",
                           NULL);
    return r;
}
