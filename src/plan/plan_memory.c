/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans memory policy and personality.  Runs in dray. */
#include <errno.h>

#include "plan/number_list.h"
#include "plan/plan_process_parts.h"

#define NODES_MAX 1024 /* the largest MAX_NUMNODES */

/* linux/mempolicy.h */
enum {
    MODE_DEFAULT,
    MODE_PREFERRED,
    MODE_BIND,
    MODE_INTERLEAVE,
    MODE_LOCAL,
    MODE_PREFERRED_MANY,
    MODE_WEIGHTED_INTERLEAVE,
};
#define FLAG_STATIC_NODES   (1u << 15)
#define FLAG_RELATIVE_NODES (1u << 14)
#define FLAG_NUMA_BALANCING (1u << 13)

#define PERSONALITY_LINUX   0x0000
#define PERSONALITY_LINUX32 0x0008

static const uint32_t modes[OCI_MEMORY_POLICY_COUNT] = {
    [OCI_MEMORY_POLICY_DEFAULT] = MODE_DEFAULT,
    [OCI_MEMORY_POLICY_BIND] = MODE_BIND,
    [OCI_MEMORY_POLICY_INTERLEAVE] = MODE_INTERLEAVE,
    [OCI_MEMORY_POLICY_WEIGHTED_INTERLEAVE] = MODE_WEIGHTED_INTERLEAVE,
    [OCI_MEMORY_POLICY_PREFERRED] = MODE_PREFERRED,
    [OCI_MEMORY_POLICY_PREFERRED_MANY] = MODE_PREFERRED_MANY,
    [OCI_MEMORY_POLICY_LOCAL] = MODE_LOCAL,
};

static const uint32_t mode_flags[OCI_MEMORY_POLICY_FLAG_COUNT] = {
    [OCI_MEMORY_POLICY_FLAG_NUMA_BALANCING] = FLAG_NUMA_BALANCING,
    [OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES] = FLAG_RELATIVE_NODES,
    [OCI_MEMORY_POLICY_FLAG_STATIC_NODES] = FLAG_STATIC_NODES,
};

static int fail(struct plan_builder *builder, const char *member, enum error_code code,
                const char *message)
{
    error_set_pointer(builder->error, "/linux/memoryPolicy/%s", member);
    return error_set(builder->error, code, 0, "%s", message);
}

static int plan_nodes(const struct oci_linux_memory_policy *asked, struct plan_builder *builder,
                      struct plan_memory_policy *plan)
{
    const char *nodes = asked->nodes != NULL ? asked->nodes : "";
    bool wants_none =
        asked->mode == OCI_MEMORY_POLICY_DEFAULT || asked->mode == OCI_MEMORY_POLICY_LOCAL;
    int r;

    if (nodes[0] == '\0') {
        /* without nodes MPOL_PREFERRED is the node of the allocating CPU */
        if (wants_none || asked->mode == OCI_MEMORY_POLICY_PREFERRED)
            return 0;
        return fail(builder, "nodes", ERROR_CONFIG_MISSING, "this memory policy needs nodes");
    }
    if (wants_none)
        return fail(builder, "nodes", ERROR_CONFIG_CONFLICT,
                    "MPOL_DEFAULT and MPOL_LOCAL have no nodes");
    r = plan_add_number_list(builder, nodes, NODES_MAX, &plan->nodes);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        error_set_pointer(builder->error, "/linux/memoryPolicy/nodes");
        return error_set(builder->error, r == -ERANGE ? ERROR_CONFIG_RANGE : ERROR_CONFIG_VALUE, 0,
                         "\"%s\" is not a list of memory nodes such as \"0-3,7\"", nodes);
    }
    plan->nodes_bits = plan->nodes.count * 64;
    return 0;
}

static int plan_memory_policy(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux_memory_policy *asked =
        input->spec->linux != NULL ? input->spec->linux->memory_policy : NULL;
    struct plan_memory_policy *plan = &builder->plan->process.memory_policy;
    uint32_t flags = 0;

    if (asked == NULL)
        return 0;
    if (asked->mode == OCI_MEMORY_POLICY_NONE)
        return fail(builder, "mode", ERROR_CONFIG_MISSING, "the memory policy has no mode");
    for (size_t i = 0; i < asked->flags_count; i++)
        flags |= mode_flags[asked->flags[i]];
    if ((flags & FLAG_STATIC_NODES) && (flags & FLAG_RELATIVE_NODES))
        return fail(builder, "flags", ERROR_CONFIG_CONFLICT,
                    "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
    if ((flags & FLAG_NUMA_BALANCING) && asked->mode != OCI_MEMORY_POLICY_BIND &&
        asked->mode != OCI_MEMORY_POLICY_PREFERRED_MANY)
        return fail(builder, "flags", ERROR_CONFIG_CONFLICT,
                    "MPOL_F_NUMA_BALANCING needs MPOL_BIND or MPOL_PREFERRED_MANY");
    plan->set = true;
    plan->mode = modes[asked->mode] | flags;
    return plan_nodes(asked, builder, plan);
}

static int plan_personality(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux_personality *asked =
        input->spec->linux != NULL ? input->spec->linux->personality : NULL;
    struct plan_process *plan = &builder->plan->process;

    if (asked == NULL)
        return 0;
    if (asked->domain == OCI_PERSONALITY_NONE) {
        error_set_pointer(builder->error, "/linux/personality/domain");
        return error_set(builder->error, ERROR_CONFIG_MISSING, 0, "the personality has no domain");
    }
    if (asked->flags.count > 0) {
        error_set_pointer(builder->error, "/linux/personality/flags/0");
        return error_set(builder->error, ERROR_NOT_SUPPORTED, 0,
                         "the specification defines no personality flags, but \"%s\" is given",
                         asked->flags.items[0]);
    }
    plan->personality_set = true;
    plan->personality =
        asked->domain == OCI_PERSONALITY_LINUX32 ? PERSONALITY_LINUX32 : PERSONALITY_LINUX;
    return 0;
}

int plan_process_memory(const struct plan_input *input, struct plan_builder *builder)
{
    int r = plan_memory_policy(input, builder);

    if (r == 0)
        r = plan_personality(input, builder);
    return r;
}
