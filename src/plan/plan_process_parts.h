/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of plan_process(), one concept a file.  Each fills its own members of plan->process from
 * input->process, sets the error with its JSON pointer, and returns 0 or a negative errno value.
 */
#ifndef DRAY_PLAN_PLAN_PROCESS_PARTS_H
#define DRAY_PLAN_PLAN_PROCESS_PARTS_H

#include "plan/planner.h"

int plan_process_env(const struct plan_input *input, struct plan_builder *builder);
int plan_process_user(const struct plan_input *input, struct plan_builder *builder);
int plan_process_capabilities(const struct plan_input *input, struct plan_builder *builder);
int plan_process_rlimits(const struct plan_input *input, struct plan_builder *builder);
int plan_process_scheduling(const struct plan_input *input, struct plan_builder *builder);
int plan_process_memory(const struct plan_input *input, struct plan_builder *builder);
int plan_process_labels(const struct plan_input *input, struct plan_builder *builder);

/* True when the container has a user namespace that is not the caller's. */
bool plan_has_user_namespace(const struct oci_spec *spec);

/* The namespace of that type in the config, or NULL. */
const struct oci_linux_namespace *plan_find_namespace(const struct oci_spec *spec,
                                                      enum oci_namespace_type type);

/*
 * Fails with ERROR_CONFIG_RANGE and the pointer @pointer unless @minimum <= @value <= @maximum.
 */
int plan_check_range(struct plan_builder *builder, const char *pointer, int64_t value,
                     int64_t minimum, int64_t maximum);

#endif
