/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The planner's part for mounts that a running container gets: bind mounts alone, whose source dray
 * opens on the host.  What any other type names as its source would be looked up inside the
 * container, where somebody may have put anything in its place.  Runs in dray.
 */
#include <errno.h>
#include <string.h>

#include "plan/plan_rootfs_parts.h"

static int refuse(struct plan_builder *builder, size_t index, const char *member,
                  const char *destination, const char *why)
{
    error_set_pointer(builder->error, "/mounts/%zu%s", index, member);
    error_set_subject(builder->error, destination);
    return error_set(builder->error, ERROR_MOUNT_OPTION, 0,
                     "cannot add a mount on \"%.200s\" to a running container: %s", destination,
                     why);
}

static int check_mount(struct plan_builder *builder, size_t index)
{
    const struct plan *plan = builder->plan;
    const struct plan_mount *mounts = plan_items(plan, plan->rootfs.mounts, struct plan_mount);
    const char *destination = plan_text(plan, mounts[index].destination);

    if (mounts[index].kind == PLAN_MOUNT_REMOUNT)
        return refuse(builder, index, "/options", destination, "a remount adds nothing");
    if (mounts[index].kind != PLAN_MOUNT_BIND || (mounts[index].flags & PLAN_MOUNT_BY_DRAY) == 0)
        return refuse(builder, index, "/type", destination,
                      "only bind mounts can be; mount the file system on the host and bind it");
    if ((mounts[index].flags & PLAN_MOUNT_COPY_SYMLINK) != 0)
        return refuse(builder, index, "/options", destination,
                      "a link can only be copied when a container is created");
    if (strcmp(destination, "/") == 0)
        return refuse(builder, index, "/destination", destination, "it would hide its root");
    for (size_t i = 0; i < index; i++) {
        if (strcmp(plan_text(plan, mounts[i].destination), destination) == 0)
            return refuse(builder, index, "/destination", destination,
                          "the list has another one on it");
    }
    return 0;
}

int plan_added_mounts(const struct plan_input *input, struct plan_builder *builder)
{
    int r = plan_rootfs_propagation(input, builder);

    if (r == 0)
        r = plan_mounts(input, builder);
    for (size_t i = 0; r == 0 && i < input->spec->mounts_count; i++)
        r = check_mount(builder, i);
    return r;
}
