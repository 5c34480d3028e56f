/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The planner's part for linux.intelRdt: which group, and what is written to its schemata, in the
 * order of config-linux.md "IntelRdt".
 */
#include <errno.h>
#include <string.h>

#include "plan/planner.h"

static int add_line(struct plan_builder *builder, struct plan_rdt_line **next, const char *text,
                    enum plan_origin_kind kind, size_t index)
{
    struct plan_rdt_line *line;

    if (text == NULL || text[0] == '\0')
        return 0;
    line = (*next)++;
    line->text = plan_add_string(builder, text);
    line->must_match = kind != ORIGIN_RDT_SCHEMATA;
    line->origin = (struct plan_origin){.kind = (uint16_t)kind, .index = (uint32_t)index};
    return line->text != 0 ? 0 : -ENOMEM;
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

int plan_rdt(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux *linux = input->spec->linux;
    const struct oci_linux_intel_rdt *config = linux != NULL ? linux->intel_rdt : NULL;
    struct plan_rdt *rdt = &builder->plan->rdt;
    struct plan_rdt_line *next;
    size_t count = 0;
    int r;

    if (config == NULL)
        return 0;
    rdt->set = true;
    rdt->named = config->clos_id != NULL;
    rdt->monitor = config->enable_monitoring;
    /* "/" is the root's group */
    if (!rdt->named || strcmp(config->clos_id, "/") != 0) {
        rdt->group = plan_add_string(builder, rdt->named ? config->clos_id : input->id);
        if (rdt->group == 0)
            return -ENOMEM;
    }
    count += is_given(config->l3_cache_schema) + is_given(config->mem_bw_schema);
    for (size_t i = 0; i < config->schemata.count; i++)
        count += is_given(config->schemata.items[i]);
    next = plan_add_array(builder, sizeof(*next), count, &rdt->lines);
    if (next == NULL)
        return -ENOMEM;
    r = add_line(builder, &next, config->l3_cache_schema, ORIGIN_RDT_L3, 0);
    if (r == 0)
        r = add_line(builder, &next, config->mem_bw_schema, ORIGIN_RDT_MB, 0);
    for (size_t i = 0; i < config->schemata.count && r == 0; i++)
        r = add_line(builder, &next, config->schemata.items[i], ORIGIN_RDT_SCHEMATA, i);
    return r;
}
