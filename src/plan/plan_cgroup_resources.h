/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files that plan resources share: a list of writes in the making.  Runs in dray only. */
#ifndef DRAY_PLAN_PLAN_CGROUP_RESOURCES_H
#define DRAY_PLAN_PLAN_CGROUP_RESOURCES_H

#include "plan/plan_cgroup.h"
#include "plan/planner.h"

/* for plan_cgroup(): does the config ask for limits at all?  Every host has every v1 controller */
#define RESOURCES_ANY_HOST (1u << 31)

/* Longest JSON path below resources: "blockIO/throttleWriteIOPSDevice/4294967295". */
#define RESOURCES_PATH_MAX 64

enum resources_place {
    RESOURCES_V1,
    RESOURCES_V2,
    RESOURCES_MISSING, /* no hierarchy has the controller */
};

struct resources_writer {
    const struct oci_linux_resources *resources;
    const struct host_cgroups *host;
    struct plan_builder *builder;
    struct plan_cgroup_write *writes;
    uint32_t count;
    uint32_t capacity;
    uint32_t flags; /* enum plan_cgroup_resources_flags, RESOURCES_ANY_HOST */
    uint8_t group;  /* of the last write; 0: it goes with no other */
};

/* One file to write. */
struct resources_write {
    enum host_cgroup_controller controller;
    enum resources_place place;
    uint32_t flags; /* enum plan_cgroup_write_flags without V2 */
    uint8_t group;  /* neighbours of the same group are linked */
    const char *file;
    const char *value;
    const char *path; /* of the field in the resources: "memory/limit" */
    const char *key;  /* the key in unified instead, or NULL */
};

/* Where a controller is on this host: its v1 hierarchy first. */
enum resources_place resources_find(const struct resources_writer *writer,
                                    enum host_cgroup_controller controller);

/*
 * Appends a write.  When no hierarchy has the controller that is an error, or, with
 * PLAN_CGROUP_OPTIONAL, nothing to do.
 */
int resources_add(struct resources_writer *writer, const struct resources_write *write);

/* Sets an error with the JSON pointer of @path. */
int resources_error(struct resources_writer *writer, const char *path, enum error_code code,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ERROR_CGROUP_CONTROLLER: cgroup2 has nothing like that file of v1. */
int resources_error_v1_only(struct resources_writer *writer, const char *path,
                            enum host_cgroup_controller controller, const char *file);

/* The fields with one value each (plan_cgroup_fields.c). */
int resources_plan_fields(struct resources_writer *writer);

/*
 * Takes over into @merged what @update says, with missing objects from @arena; zeros that mean
 * unset are left out.  Returns 0 or -ENOMEM.
 */
int resources_merge_fields(struct oci_linux_resources *merged,
                           const struct oci_linux_resources *update, struct oci_arena *arena);

/* Lists: devices, huge pages, network priorities, RDMA, unified (plan_cgroup_lists.c). */
int resources_plan_lists(struct resources_writer *writer);

/* An upper bound of the number of writes that both make. */
uint32_t resources_count_fields(void);
uint32_t resources_count_lists(const struct oci_linux_resources *resources);

/* Sets cgroup->delegated and owner (plan_cgroup_owner.c). */
void plan_cgroup_owner(const struct oci_spec *spec, const struct host_cgroups *host,
                       struct plan_cgroup *cgroup);

/* The host's id of a user of the container; false if it has none. */
bool plan_cgroup_map_user(const struct oci_linux *config, uint32_t user, uint32_t *ret);

#define CGROUP_NAME_MAX  255 /* NAME_MAX of kernfs */
#define CGROUP_PATH_MAX  1024
#define CGROUP_DEPTH_MAX 64

/*
 * Copies @path without empty and "." components; *@ret_length is 0 when nothing is left of it.
 * Returns NULL, or words that follow a path in a message: why it is refused.
 */
const char *plan_cgroup_normalize(const char *path, char out[CGROUP_PATH_MAX], size_t *ret_length);

/*
 * Sets cgroup->delegate to what run.oci.delegate-cgroup names; plan_cgroup_delegate.c.
 * plan_cgroup_no_delegate() refuses it where there is no cgroup; @why says why that is.
 */
int plan_cgroup_delegate(const struct plan_input *input, struct plan_builder *builder);
int plan_cgroup_no_delegate(const struct oci_spec *spec, const char *why,
                            struct plan_builder *builder);

/* blkio weight (1 … 1000) as io.weight (1 … 10000) */
uint64_t resources_io_weight(uint64_t weight);

#endif
