/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the specification knows and dray cannot do yet: refused, since a container without it would
 * not be the one that was asked for.  The features document says the same.
 */
#include "plan/planner.h"

static bool asks_for_rdt(const struct oci_linux_intel_rdt *rdt)
{
    return rdt != NULL &&
           (rdt->clos_id != NULL || rdt->schemata.count > 0 || rdt->l3_cache_schema != NULL ||
            rdt->mem_bw_schema != NULL || rdt->enable_monitoring);
}

int plan_unsupported(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux *linux = input->spec->linux;

    if (linux == NULL)
        return 0;
    if (asks_for_rdt(linux->intel_rdt)) {
        error_set_pointer(builder->error, "/linux/intelRdt");
        return error_set(builder->error, ERROR_NOT_SUPPORTED, 0,
                         "cache and memory bandwidth allocation (resctrl) is not supported yet");
    }
    return 0;
}
