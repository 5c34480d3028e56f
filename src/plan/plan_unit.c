/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's systemd unit: its name, its slice, and all its properties; runs in dray only. */
#include "plan/plan_unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan_cgroup.h"

#define UNIT_NAME_LENGTH    255 /* systemd's UNIT_NAME_MAX */
#define SUBGROUP_ANNOTATION "run.oci.systemd.subgroup"

static const char name_characters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\";

static int refuse(struct plan_builder *builder, const char *path, const char *why)
{
    int r = error_set(builder->error, ERROR_CGROUP_PATH, 0,
                      "the cgroup path \"%s\" %s; the systemd manager takes \"slice:prefix:name\"",
                      path, why);

    error_set_pointer(builder->error, "/linux/cgroupsPath");
    return r;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t size = strlen(end);

    return length >= size && memcmp(text + length - size, end, size) == 0;
}

/* "a-b-c.slice" lies in "a-b.slice" and that in "a.slice": no part may be empty. */
static bool is_slice(const char *text, size_t length)
{
    if (!ends_with(text, length, ".slice") || length > UNIT_NAME_LENGTH ||
        strspn(text, name_characters) < length)
        return false;
    length -= strlen(".slice");
    if (length == 1 && text[0] == '-')
        return true; /* the root slice */
    if (length == 0 || text[0] == '-' || text[length - 1] == '-')
        return false;
    for (size_t i = 1; i < length; i++)
        if (text[i] == '-' && text[i - 1] == '-')
            return false;
    return true;
}

static plan_string plan_default_slice(const struct plan_input *input, struct plan_builder *builder)
{
    return plan_add_string(builder, input->user_manager ? "user.slice" : "system.slice");
}

static int plan_given_name(const struct plan_input *input, const char *path,
                           struct plan_builder *builder)
{
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    size_t slice = strcspn(path, ":");
    const char *prefix = path + slice + (path[slice] == ':');
    size_t length = strcspn(prefix, ":");
    const char *name = prefix + length + (prefix[length] == ':');

    if (path[slice] != ':' || prefix[length] != ':' || strchr(name, ':') != NULL)
        return refuse(builder, path, "does not consist of three parts");
    if (name[0] == '\0')
        return refuse(builder, path, "has no name for the unit");
    if (ends_with(name, strlen(name), ".slice"))
        return refuse(builder, path, "names a slice, which has no processes of its own");
    if (slice > 0 && !is_slice(path, slice))
        return refuse(builder, path, "names a slice that is none, such as \"a-b.slice\"");
    if (length + strlen(name) + strlen("-.scope") > UNIT_NAME_LENGTH)
        return refuse(builder, path, "gives the unit a name longer than 255 bytes");
    if (strspn(prefix, name_characters) != strlen(prefix))
        return refuse(builder, path, "has characters that no unit has in its name");
    cgroup->slice = slice > 0 ? plan_add_string_length(builder, path, slice)
                              : plan_default_slice(input, builder);
    cgroup->scope = plan_add_format(builder, "%.*s-%s.scope", (int)length, prefix, name);
    return cgroup->slice != 0 && cgroup->scope != 0 ? 0 : -ENOMEM;
}

/* "dray-ID.scope"; an id may have "+", which a unit's name has as "\x2b", and may be too long. */
static int plan_default_name(const struct plan_input *input, struct plan_builder *builder)
{
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    char escaped[UNIT_NAME_LENGTH + 8];
    size_t length = 0;

    for (const char *c = input->id; *c != '\0' && length < 200; c++)
        length += (size_t)snprintf(escaped + length, sizeof(escaped) - length,
                                   *c == '+' ? "\\x2b" : "%c", *c);
    cgroup->slice = plan_default_slice(input, builder);
    if (strlen(input->id) + 4 < 200)
        cgroup->scope = plan_add_format(builder, "dray-%s.scope", escaped);
    else
        cgroup->scope = plan_add_format(builder, "dray-%s-%016llx.scope", escaped,
                                        (unsigned long long)plan_cgroup_hash(input->id));
    return cgroup->slice != 0 && cgroup->scope != 0 ? 0 : -ENOMEM;
}

/* One plain name: it is looked up below the unit's cgroup. */
static int plan_subgroup(const struct plan_input *input, struct plan_builder *builder)
{
    const char *name = oci_string_map_get(&input->spec->annotations, SUBGROUP_ANNOTATION);

    if (name == NULL || name[0] == '\0')
        return 0;
    if (strlen(name) > UNIT_NAME_LENGTH || strspn(name, name_characters) != strlen(name) ||
        name[0] == '.') {
        error_set(builder->error, ERROR_CONFIG_VALUE, 0,
                  "\"%.128s\" is not a name for a cgroup below that of the unit", name);
        error_set_pointer(builder->error, "/annotations/%s", SUBGROUP_ANNOTATION);
        return -EINVAL;
    }
    builder->plan->cgroup.subgroup = plan_add_string(builder, name);
    return builder->plan->cgroup.subgroup != 0 ? 0 : -ENOMEM;
}

int plan_unit_name(const struct plan_input *input, const char *path, struct plan_builder *builder)
{
    int r =
        path != NULL ? plan_given_name(input, path, builder) : plan_default_name(input, builder);

    return r < 0 ? r : plan_subgroup(input, builder);
}

int plan_unit(const struct plan_input *input, const char *path, struct plan_builder *builder)
{
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    bool v1_devices = (input->host->cgroups.controllers & 1u << HOST_CGROUP_DEVICES) != 0;
    struct unit_properties list = {0};
    struct plan_array properties = {0};
    int r = plan_unit_annotations(&input->spec->annotations, builder, &list);

    /* what the config says outright wins over an annotation */
    if (r == 0)
        r = plan_unit_limits(cgroup->writes, builder, &list);
    if (r == 0 && v1_devices)
        r = plan_unit_devices(cgroup->devices, builder, &list);
    if (r == 0)
        r = unit_properties_finish(&list, builder, &properties);
    cgroup->user_manager = input->user_manager;
    cgroup->properties = properties;
    return r < 0 ? r : plan_unit_name(input, path, builder);
}

static bool is_quota(const char *property)
{
    return strncmp(property, "CPUQuota", strlen("CPUQuota")) == 0;
}

/* Quota and period make one property together: when one changes, both are said again. */
static bool is_changed(const struct unit_properties *changes, const struct plan *plan,
                       const char *name)
{
    for (uint32_t i = 0; i < changes->count; i++) {
        const char *changed = plan_text(plan, changes->items[i].name);

        if (strcmp(changed, name) == 0 || (is_quota(changed) && is_quota(name)))
            return true;
    }
    return false;
}

/* Whether systemd, which counts in percent of a CPU, writes something else there. */
static bool is_rounded(const char *file)
{
    return strcmp(file, "cpu.max") == 0 || strcmp(file, "cpu.cfs_quota_us") == 0;
}

static int plan_exact(struct plan_array merged, struct plan_builder *builder,
                      struct plan_array *ret)
{
    struct plan_cgroup_write *exact = plan_add_array(builder, sizeof(*exact), merged.count, ret);
    uint32_t count = 0;

    if (exact == NULL)
        return -ENOMEM;
    plan_for_each(write, builder->plan, merged, struct plan_cgroup_write)
    {
        if (is_rounded(plan_text(builder->plan, write->file)))
            exact[count++] = *write;
    }
    for (uint32_t i = 0; i < count; i++)
        exact[i].flags &= ~(uint32_t)PLAN_CGROUP_LINKED;
    ret->count = count;
    return 0;
}

int plan_unit_update(struct plan_array merged, bool v1_devices, struct plan_builder *builder,
                     struct plan_array *ret_exact)
{
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    struct unit_properties changes = {0}, all = {0};
    struct plan_array properties = {0};
    uint32_t count = 0;
    int r = plan_unit_limits(cgroup->writes, builder, &changes);

    if (r == 0)
        r = plan_unit_limits(merged, builder, &all);
    for (uint32_t i = 0; r == 0 && i < all.count; i++)
        if (is_changed(&changes, builder->plan, plan_text(builder->plan, all.items[i].name)))
            all.items[count++] = all.items[i];
    all.count = count;
    if (r == 0 && v1_devices)
        r = plan_unit_devices(cgroup->devices, builder, &all);
    if (r == 0)
        r = unit_properties_finish(&all, builder, &properties);
    if (r == 0)
        r = plan_exact(merged, builder, ret_exact);
    cgroup->properties = properties;
    return r;
}
