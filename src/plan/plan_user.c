/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans user, groups and umask.  Runs in dray. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/annotations.h"
#include "plan/plan_process_parts.h"

struct mapping_list {
    const struct oci_id_mapping *items;
    size_t count;
};

/* True when there is a mapping and @id is outside it. */
static bool is_unmapped(const struct mapping_list *mappings, uint32_t id)
{
    for (size_t i = 0; i < mappings->count; i++) {
        const struct oci_id_mapping *mapping = &mappings->items[i];

        if (id >= mapping->container_id && id - mapping->container_id < mapping->size)
            return false;
    }
    return mappings->count > 0;
}

static int check_id(struct plan_builder *builder, const struct mapping_list *mappings,
                    const char *kind, uint32_t id, const char *pointer)
{
    /* (uid_t)-1 means "no change" to setresuid(2): root would stay root */
    if (id == UINT32_MAX) {
        error_set_pointer(builder->error, "%s", pointer);
        return error_set(builder->error, ERROR_CONFIG_RANGE, 0, "%s %u is not a valid id", kind,
                         id);
    }
    if (is_unmapped(mappings, id)) {
        error_set_pointer(builder->error, "%s", pointer);
        return error_set(builder->error, ERROR_CONFIG_CONFLICT, 0,
                         "%s %u is not mapped in the container's user namespace", kind, id);
    }
    return 0;
}

/* Mappings of the container's new user namespace; none when it has none or joins one. */
static void find_mappings(const struct oci_spec *spec, struct mapping_list *users,
                          struct mapping_list *groups)
{
    const struct oci_linux_namespace *namespace = plan_find_namespace(spec, OCI_NAMESPACE_USER);

    *users = *groups = (struct mapping_list){0};
    if (namespace == NULL || namespace->path != NULL)
        return;
    *users = (struct mapping_list){spec->linux->uid_mappings, spec->linux->uid_mappings_count};
    *groups = (struct mapping_list){spec->linux->gid_mappings, spec->linux->gid_mappings_count};
}

static int plan_groups(const struct plan_input *input, struct plan_builder *builder,
                       const struct mapping_list *mappings)
{
    const struct oci_u32s *gids = &input->process->user->additional_gids;
    struct plan_process *plan = &builder->plan->process;
    uint32_t *groups = plan_add_array(builder, sizeof(*groups), gids->count, &plan->groups);

    if (groups == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < gids->count; i++) {
        char pointer[64];
        int r;

        snprintf(pointer, sizeof(pointer), "/process/user/additionalGids/%zu", i);
        r = check_id(builder, mappings, "gid", gids->items[i], pointer);
        if (r < 0)
            return r;
        groups[i] = gids->items[i];
    }
    return 0;
}

static int plan_keep_groups(const struct plan_input *input, struct plan_builder *builder)
{
    struct plan_process *plan = &builder->plan->process;
    int r = annotation_get_flag(input->spec, ANNOTATION_KEEP_ORIGINAL_GROUPS, &plan->keep_groups,
                                builder->error);

    if (r == 0 && plan->keep_groups && plan->groups.count > 0)
        plan_warn(builder, ORIGIN_USER, 0,
                  "additionalGids are ignored because the annotation %s keeps the caller's groups",
                  annotation_rows[ANNOTATION_KEEP_ORIGINAL_GROUPS].name);
    return r;
}

static int plan_ids(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_user *user = input->process->user;
    struct plan_process *plan = &builder->plan->process;
    struct mapping_list users, groups;
    int r;

    find_mappings(input->spec, &users, &groups);
    r = check_id(builder, &users, "uid", user != NULL ? user->uid : 0, "/process/user/uid");
    if (r == 0)
        r = check_id(builder, &groups, "gid", user != NULL ? user->gid : 0, "/process/user/gid");
    if (r < 0 || user == NULL)
        return r;
    plan->uid = user->uid;
    plan->gid = user->gid;
    return plan_groups(input, builder, &groups);
}

int plan_process_user(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_user *user = input->process->user;
    struct plan_process *plan = &builder->plan->process;
    int r = plan_ids(input, builder);

    if (r == 0)
        r = plan_keep_groups(input, builder);
    if (r < 0)
        return r;
    plan->groups_may_be_denied = plan->groups.count == 0 && (plan_has_user_namespace(input->spec) ||
                                                             input->host->in_user_namespace);
    if (user == NULL || !user->umask.set)
        return 0;
    plan->umask_set = true;
    plan->umask = user->umask.value;
    return plan_check_range(builder, "/process/user/umask", user->umask.value, 0, 0777);
}
