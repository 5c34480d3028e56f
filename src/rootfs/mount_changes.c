/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes of a planned mount; in dray and in the stage. */
#include "rootfs/mount_changes.h"

#include <errno.h>

#include "io/syscalls.h"

static int set_attributes(int fd, bool recursive, const struct mount_attributes *attributes)
{
    if ((attributes->attr_set | attributes->attr_clr | attributes->propagation) == 0)
        return 0;
    if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attributes) < 0)
        return -errno;
    return 0;
}

int mount_changes_apply(const struct plan *plan, const struct plan_mount *mount, int fd)
{
    bool tree = mount->flags & PLAN_MOUNT_RECURSIVE;
    struct mount_attributes one = {
        .attr_set = mount->attributes_set,
        .attr_clr = mount->attributes_clear,
    };
    struct mount_attributes all = {
        .attr_set = mount->recursive_set,
        .attr_clr = mount->recursive_clear,
    };
    int r;

    if (!tree) {
        /* a single mount: both kinds are the same, and one call does */
        one.attr_set |= all.attr_set;
        one.attr_clr |= all.attr_clr;
        all = (struct mount_attributes){0};
    }
    for (uint32_t i = 0; i < mount->propagation.count; i++) {
        uint32_t propagation = plan_items(plan, mount->propagation, uint32_t)[i];
        bool recursive = tree && propagation & MS_REC;
        struct mount_attributes *place = recursive ? &all : &one;

        if (place->propagation != 0) {
            /* given twice ("slave", "shared"): one call each, in order */
            r = set_attributes(fd, recursive, place);
            if (r < 0)
                return r;
            *place = (struct mount_attributes){0};
        }
        place->propagation = propagation & ~(uint32_t)MS_REC;
    }
    r = set_attributes(fd, false, &one);
    return r < 0 ? r : set_attributes(fd, true, &all);
}
