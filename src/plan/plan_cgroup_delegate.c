/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The annotation run.oci.delegate-cgroup: a cgroup below the one with the limits, where the first
 * process goes and which the container's root user owns.  The cgroup namespace is rooted in the one
 * with the limits, so that the container can give its controllers to cgroups of its own: cgroup2
 * lets only a cgroup without processes do so.  Runs in dray only.
 *
 * Only cgroup2 gives a cgroup away safely (kernel documentation, admin-guide/cgroup-v2,
 * "Delegation").
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "io/syscalls.h"
#include "plan/annotations.h"
#include "plan/plan_cgroup.h"
#include "plan/plan_cgroup_resources.h"
#include "plan/planner.h"

static const char *find_name(const struct oci_spec *spec)
{
    const char *name = annotation_get(spec, ANNOTATION_DELEGATE_CGROUP);

    return name != NULL && name[0] != '\0' ? name : NULL;
}

int plan_cgroup_no_delegate(const struct oci_spec *spec, const char *why,
                            struct plan_builder *builder)
{
    const char *name = find_name(spec);

    if (name == NULL)
        return 0;
    return annotation_refuse(ANNOTATION_DELEGATE_CGROUP, ERROR_NOT_SUPPORTED, builder->error,
                             "there is no cgroup to have \"%.100s\" below it: %s", name, why);
}

int plan_cgroup_delegate(const struct plan_input *input, struct plan_builder *builder)
{
    const char *name = find_name(input->spec);
    struct plan_namespaces *namespaces = &builder->plan->namespaces;
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    char normal[CGROUP_PATH_MAX];
    const char *why;
    size_t length;

    if (name == NULL)
        return 0;
    if (input->host->cgroups.layout != HOST_CGROUP_V2)
        return annotation_refuse(ANNOTATION_DELEGATE_CGROUP, ERROR_NOT_SUPPORTED, builder->error,
                                 "a cgroup can be given to a container only where cgroup2 is all "
                                 "there is, and this host has cgroup v1");
    /* "/init" is below the container's cgroup, too */
    why = plan_cgroup_normalize(name + strspn(name, "/"), normal, &length);
    if (why == NULL && length == 0)
        why = "names no cgroup below the container's";
    if (why != NULL)
        return annotation_refuse(ANNOTATION_DELEGATE_CGROUP, ERROR_CONFIG_VALUE, builder->error,
                                 "\"%.100s\" %s", name, why);
    cgroup->delegate = plan_add_string_length(builder, normal, length);
    if (cgroup->delegate == 0)
        return -ENOMEM;
    /* between the clone into the cgroup and the move to the one below it */
    namespaces->late_flags |= namespaces->clone_flags & CLONE_NEWCGROUP;
    namespaces->clone_flags &= ~(uint64_t)CLONE_NEWCGROUP;
    if (!cgroup->delegated)
        cgroup->delegated = plan_cgroup_map_user(input->spec->linux, 0, &cgroup->owner);
    return 0;
}
