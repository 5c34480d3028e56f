/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan says of the container's systemd unit: its name, its slice, its properties.  The
 * planning half runs in dray only and makes no system call.
 */
#ifndef DRAY_PLAN_PLAN_UNIT_H
#define DRAY_PLAN_PLAN_UNIT_H

#include "plan/plan.h"
#include "plan/planner.h"
#include "plan/unit_value.h"

/* One property of the unit, as org.freedesktop.systemd1(5) knows it. */
struct plan_unit_property {
    plan_string name;
    plan_string signature;   /* of its value, in D-Bus terms: "t", "as" */
    struct plan_array value; /* bytes: unit_value.h */
    uint32_t optional;       /* left out where systemd is too old to know it; the file has it too */
    struct plan_origin origin;
};

/* Name and slice of the unit from linux.cgroupsPath (NULL: none) and the id; its sub-cgroup. */
int plan_unit_name(const struct plan_input *input, const char *path, struct plan_builder *builder);

/*
 * Properties that say what @writes say, as far as systemd has a word for it, so that it does not
 * take the limits back when it writes its own; appended to @list.
 */
int plan_unit_limits(struct plan_array writes, struct plan_builder *builder,
                     struct unit_properties *list);

/* On hosts with the v1 controller "devices", whose files systemd writes anew when it reloads. */
int plan_unit_devices(struct plan_array devices, struct plan_builder *builder,
                      struct unit_properties *list);

/* Properties asked for by annotations "org.systemd.property.NAME". */
int plan_unit_annotations(const struct oci_string_map *annotations, struct plan_builder *builder,
                          struct unit_properties *list);

/* All of it: name, slice, properties for a create. */
int plan_unit(const struct plan_input *input, const char *path, struct plan_builder *builder);

/*
 * For update: the properties that change with the plan's writes and device rules, with the values
 * that follow from @merged, the writes of all that holds afterwards.  *@ret_exact are writes for
 * what systemd rounds, to be written again after it.
 */
int plan_unit_update(struct plan_array merged, bool v1_devices, struct plan_builder *builder,
                     struct plan_array *ret_exact);

#endif
