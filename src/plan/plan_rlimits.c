/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the resource limits.  Runs in dray. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "ocispec/diagnostic.h"
#include "plan/plan_process_parts.h"

#define RLIMIT(name)                   \
    {                                  \
        "RLIMIT_" #name, RLIMIT_##name \
    }

static const struct {
    const char *name;
    uint32_t resource;
} rlimits[] = {
    RLIMIT(AS),     RLIMIT(CORE),   RLIMIT(CPU),        RLIMIT(DATA),
    RLIMIT(FSIZE),  RLIMIT(LOCKS),  RLIMIT(MEMLOCK),    RLIMIT(MSGQUEUE),
    RLIMIT(NICE),   RLIMIT(NOFILE), RLIMIT(NPROC),      RLIMIT(RSS),
    RLIMIT(RTPRIO), RLIMIT(RTTIME), RLIMIT(SIGPENDING), RLIMIT(STACK),
};

static int find_resource(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
        if (strcmp(rlimits[i].name, name) == 0)
            return (int)rlimits[i].resource;
    return -1;
}

static int fail_unknown(struct plan_builder *builder, const char *name)
{
    const char *candidates[ARRAY_SIZE(rlimits) + 1], *meant;

    for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
        candidates[i] = rlimits[i].name;
    candidates[ARRAY_SIZE(rlimits)] = NULL;
    meant = oci_suggest(name, strlen(name), candidates);
    if (meant != NULL)
        return error_set(builder->error, ERROR_CONFIG_VALUE, 0,
                         "unknown rlimit \"%s\"; did you mean \"%s\"?", name, meant);
    return error_set(builder->error, ERROR_CONFIG_VALUE, 0, "unknown rlimit \"%s\"", name);
}

static int plan_rlimit(struct plan_builder *builder, const struct oci_rlimit *asked, uint32_t *seen,
                       struct plan_rlimit *limit)
{
    const char *name = asked->type != NULL ? asked->type : "";
    int resource = find_resource(name);

    if (resource < 0)
        return fail_unknown(builder, name);
    if (*seen >> resource & 1)
        return error_set(builder->error, ERROR_CONFIG_DUPLICATE, 0, "%s is given twice", name);
    if (asked->soft > asked->hard)
        return error_set(builder->error, ERROR_CONFIG_VALUE, 0,
                         "%s: the soft limit %llu is above the hard limit %llu", name,
                         (unsigned long long)asked->soft, (unsigned long long)asked->hard);
    *seen |= (uint32_t)1 << resource;
    limit->resource = (uint32_t)resource;
    limit->soft = asked->soft;
    limit->hard = asked->hard;
    limit->name = plan_add_string(builder, name);
    return limit->name != 0 ? 0 : -ENOMEM;
}

int plan_process_rlimits(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_process *process = input->process;
    struct plan_rlimit *limits;
    uint32_t seen = 0;

    limits = plan_add_array(builder, sizeof(*limits), process->rlimits_count,
                            &builder->plan->process.rlimits);
    if (limits == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < process->rlimits_count; i++) {
        int r = plan_rlimit(builder, &process->rlimits[i], &seen, &limits[i]);

        if (r < 0) {
            error_set_pointer(builder->error, "/process/rlimits/%zu", i);
            return r;
        }
        limits[i].origin = (struct plan_origin){.kind = ORIGIN_RLIMIT, .index = (uint32_t)i};
    }
    return 0;
}
