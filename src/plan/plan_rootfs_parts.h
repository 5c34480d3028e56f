/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of plan_rootfs(), one concept a file; each sets the error with its JSON pointer. */
#ifndef DRAY_PLAN_PLAN_ROOTFS_PARTS_H
#define DRAY_PLAN_PLAN_ROOTFS_PARTS_H

#include "plan/planner.h"

/* linux.rootfsPropagation */
int plan_rootfs_propagation(const struct plan_input *input, struct plan_builder *builder);

int plan_mounts(const struct plan_input *input, struct plan_builder *builder);

/* The mounts of input->spec as a running container gets them (PLAN_MOUNTS). */
int plan_added_mounts(const struct plan_input *input, struct plan_builder *builder);

int plan_devices(const struct plan_input *input, struct plan_builder *builder);

/*
 * Fills the mappings of an idmapped mount, from the mount's uidMappings and gidMappings or from
 * the text of the option "idmap=uids=…;gids=…" (@text: what follows the first "=", or NULL).
 * Without either they stay empty: the container's own are meant.
 */
int plan_mount_idmap(const struct plan_input *input, struct plan_builder *builder, size_t index,
                     const char *text, struct plan_mount *mount);

/* The mount on @destination, cleaned, that comes last in the config; NULL when there is none. */
const struct oci_mount *plan_find_mount(const struct oci_spec *spec, const char *destination);

/* True when the options of @mount make it a bind mount. */
bool plan_mount_is_bind(const struct oci_mount *mount);

/*
 * Appends @path as an absolute path without empty, "." and ".." parts, "/" at least.  A relative
 * one is taken from "/".  0 when out of space (the error is set).
 */
plan_string plan_add_clean_path(struct plan_builder *builder, const char *path);

/* True when @path, cleaned, is @clean. */
bool plan_path_is(const char *path, const char *clean);

/* Appends @path, put behind the bundle's when it is relative; nothing else is changed. */
plan_string plan_add_host_path(const struct plan_input *input, struct plan_builder *builder,
                               const char *path);

#endif
