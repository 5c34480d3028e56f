/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole plan from its parts. */
#include <errno.h>

#include "plan/plan.h"
#include "plan/planner.h"

static int plan_identity(const struct plan_input *input, struct plan_builder *builder)
{
    struct plan *plan = builder->plan;

    plan->purpose = input->purpose;
    plan->rootfs.descriptor = -1; /* also of an exec, which has no root to make: 0 would be stdin */
    plan->id = plan_add_string(builder, input->id);
    plan->bundle = plan_add_string(builder, input->bundle);
    return plan->id != 0 && (plan->bundle != 0 || input->bundle == NULL) ? 0 : -ENOMEM;
}

int plan_build(const struct plan_input *input, struct plan_builder *builder, struct error *error)
{
    typedef int (*part)(const struct plan_input *, struct plan_builder *);
    static const part create_parts[] = {plan_identity,    plan_annotations, plan_namespaces,
                                        plan_net_devices, plan_rdt,         plan_rootfs,
                                        plan_process,     plan_hooks,       plan_cgroup};
    /* a further process finds everything but itself made, and no hook runs for it */
    static const part exec_parts[] = {plan_identity, plan_process};
    /* whether mounts are added or removed, its caller knows */
    static const part mounts_parts[] = {plan_identity};
    static const struct {
        const part *parts;
        size_t count;
    } purposes[] = {
        [PLAN_CREATE] = {create_parts, sizeof(create_parts) / sizeof(create_parts[0])},
        [PLAN_EXEC] = {exec_parts, sizeof(exec_parts) / sizeof(exec_parts[0])},
        [PLAN_MOUNTS] = {mounts_parts, sizeof(mounts_parts) / sizeof(mounts_parts[0])},
    };
    const part *parts = purposes[input->purpose].parts;
    size_t count = purposes[input->purpose].count;

    builder->error = error;
    for (size_t i = 0; i < count; i++) {
        int r = parts[i](input, builder);

        if (r < 0)
            return r;
    }
    return 0;
}
