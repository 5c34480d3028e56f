/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the root file system: the root itself, its propagation, covered paths.  Runs in dray. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "plan/annotations.h"
#include "plan/plan_process_parts.h"
#include "plan/plan_rootfs_parts.h"

static int rootfs_fault(struct plan_builder *builder, enum error_code code, const char *pointer,
                        const char *message)
{
    error_set_pointer(builder->error, "%s", pointer);
    return error_set(builder->error, code, 0, "%s", message);
}

static int plan_root(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_root *root = input->spec->root;
    struct plan_rootfs *plan = &builder->plan->rootfs;
    char *path;
    size_t length;

    if (root == NULL || root->path == NULL || root->path[0] == '\0')
        return rootfs_fault(builder, ERROR_CONFIG_MISSING, root == NULL ? "/root" : "/root/path",
                            "a container needs root.path, its root directory");
    plan->path = plan_add_host_path(input, builder, root->path);
    if (plan->path == 0)
        return -ENOMEM;
    /* with a slash at the end a link would be followed */
    path = (char *)builder->plan + plan->path;
    for (length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
    plan->readonly = root->readonly;
    return 0;
}

int plan_rootfs_propagation(const struct plan_input *input, struct plan_builder *builder)
{
    static const uint32_t flags[] = {
        [OCI_PROPAGATION_PRIVATE] = MS_PRIVATE,
        [OCI_PROPAGATION_SHARED] = MS_SHARED,
        [OCI_PROPAGATION_SLAVE] = MS_SLAVE,
        [OCI_PROPAGATION_UNBINDABLE] = MS_UNBINDABLE,
        [OCI_PROPAGATION_RPRIVATE] = MS_PRIVATE | MS_REC,
        [OCI_PROPAGATION_RSHARED] = MS_SHARED | MS_REC,
        [OCI_PROPAGATION_RSLAVE] = MS_SLAVE | MS_REC,
        [OCI_PROPAGATION_RUNBINDABLE] = MS_UNBINDABLE | MS_REC,
    };
    const struct oci_linux *config = input->spec->linux;

    if (config != NULL && (size_t)config->rootfs_propagation < ARRAY_SIZE(flags))
        builder->plan->rootfs.propagation = flags[config->rootfs_propagation];
    return 0;
}

/* The label as the option that the file systems take. */
static int plan_mount_label(const struct plan_input *input, struct plan_builder *builder)
{
    static const char *const kinds[] = {"context", "fscontext", "defcontext", "rootcontext"};
    const struct oci_linux *config = input->spec->linux;
    struct plan_rootfs *plan = &builder->plan->rootfs;
    const char *kind = annotation_get(input->spec, ANNOTATION_MOUNT_CONTEXT_TYPE);
    bool known = kind == NULL;

    for (size_t i = 0; !known && i < ARRAY_SIZE(kinds); i++)
        known = strcmp(kind, kinds[i]) == 0;
    if (!known)
        return annotation_refuse(ANNOTATION_MOUNT_CONTEXT_TYPE, ERROR_CONFIG_VALUE, builder->error,
                                 "the kind of mount context is context, fscontext, defcontext or "
                                 "rootcontext");
    if (config == NULL || config->mount_label == NULL || config->mount_label[0] == '\0')
        return 0;
    if (!input->host->selinux) {
        /* it would confine nothing; a process label, which should, is an error */
        plan_warn(builder, ORIGIN_NONE, 0, "linux.mountLabel is ignored: SELinux is not enabled");
        return 0;
    }
    plan->mount_label = plan_add_string(builder, config->mount_label);
    plan->mount_context =
        plan_add_format(builder, "%s=\"%s\"", kind != NULL ? kind : kinds[0], config->mount_label);
    return plan->mount_label == 0 || plan->mount_context == 0 ? -ENOMEM : 0;
}

struct listed_path {
    const char *text;
    uint32_t index;
};

/* By text, and among equal ones the first of the config first. */
static int compare_text(const void *a, const void *b)
{
    const struct listed_path *left = a, *right = b;
    int order = strcmp(left->text, right->text);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static int compare_index(const void *a, const void *b)
{
    const struct listed_path *left = a, *right = b;

    return (left->index > right->index) - (left->index < right->index);
}

/* Cleans @paths, drops repeated ones and adds them in the order of the config. */
static int plan_paths(struct plan_builder *builder, const struct oci_strings *paths,
                      enum plan_origin_kind kind, struct plan_array *ret)
{
    struct listed_path *list =
        oci_arena_alloc_array(&builder->scratch, paths->count + 1, sizeof(*list));
    struct plan_path *planned;
    size_t count = 0;

    if (list == NULL)
        return error_set(builder->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot sort paths");
    for (size_t i = 0; i < paths->count; i++) {
        plan_string clean = plan_add_clean_path(builder, paths->items[i]);

        if (clean == 0)
            return -ENOMEM;
        if (paths->items[i][0] == '\0')
            continue;
        list[count++] = (struct listed_path){plan_text(builder->plan, clean), (uint32_t)i};
    }
    qsort(list, count, sizeof(*list), compare_text);
    for (size_t i = 0, unique = 0, all = count; i < all; i++) {
        if (unique == 0 || strcmp(list[unique - 1].text, list[i].text) != 0)
            list[unique++] = list[i];
        count = unique;
    }
    qsort(list, count, sizeof(*list), compare_index);
    planned = plan_add_array(builder, sizeof(*planned), count, ret);
    if (planned == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        planned[i] = (struct plan_path){
            .path = (plan_string)(list[i].text - (const char *)builder->plan),
            .origin = {.kind = (uint16_t)kind, .index = list[i].index},
        };
    return 0;
}

static int plan_covered(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux *config = input->spec->linux;
    struct plan_rootfs *plan = &builder->plan->rootfs;
    int r;

    if (config == NULL)
        return 0;
    r = plan_paths(builder, &config->masked_paths, ORIGIN_MASKED_PATH, &plan->masked);
    return r < 0 ? r
                 : plan_paths(builder, &config->readonly_paths, ORIGIN_READONLY_PATH,
                              &plan->readonly_paths);
}

/*
 * Without a mount namespace of the container's own its mounts are in a tree that is attached
 * nowhere, and none appears on the host.  A tree like that has no peers, and from a user namespace
 * there is no way back to the host's mount namespace.
 */
static int plan_detached_tree(const struct plan_input *input, struct plan_builder *builder)
{
    static const char message[] = "this needs a mount namespace of the container's own; add "
                                  "{\"type\": \"mount\"} to linux.namespaces";
    struct plan_rootfs *plan = &builder->plan->rootfs;

    if (plan->private_mounts)
        return 0;
    if (plan->propagation != 0)
        return rootfs_fault(builder, ERROR_CONFIG_CONFLICT, "/linux/rootfsPropagation", message);
    plan->detached_tree = plan->mounts.count > 0 || plan->readonly || plan->masked.count > 0 ||
                          plan->readonly_paths.count > 0;
    if (plan->detached_tree && plan_has_user_namespace(input->spec))
        return rootfs_fault(builder, ERROR_CONFIG_CONFLICT, "/linux/namespaces", message);
    return 0;
}

static void plan_surroundings(const struct plan_input *input, struct plan_builder *builder)
{
    static const uint32_t layouts[] = {
        [HOST_CGROUP_NONE] = PLAN_CGROUP_LAYOUT_NONE,
        [HOST_CGROUP_V2] = PLAN_CGROUP_LAYOUT_V2,
        [HOST_CGROUP_V1] = PLAN_CGROUP_LAYOUT_V1,
        [HOST_CGROUP_HYBRID] = PLAN_CGROUP_LAYOUT_HYBRID,
    };
    const struct oci_spec *spec = input->spec;
    struct plan_rootfs *plan = &builder->plan->rootfs;
    const struct oci_mount *dev = plan_find_mount(spec, "/dev");

    plan->descriptor = -1;
    plan->no_pivot = input->no_pivot;
    plan->private_mounts = plan_find_namespace(spec, OCI_NAMESPACE_MOUNT) != NULL;
    plan->cgroup_namespace = plan_find_namespace(spec, OCI_NAMESPACE_CGROUP) != NULL;
    plan->cgroup_layout = layouts[input->host->cgroups.layout];
    plan->devices_by_bind = plan_has_user_namespace(spec) || input->host->in_user_namespace;
    plan->setup_dev = dev == NULL || !plan_mount_is_bind(dev);
}

int plan_rootfs(const struct plan_input *input, struct plan_builder *builder)
{
    static int (*const parts[])(const struct plan_input *, struct plan_builder *) = {
        plan_root,    plan_rootfs_propagation, plan_mount_label, plan_mounts, plan_devices,
        plan_covered,
    };

    plan_surroundings(input, builder);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        int r = parts[i](input, builder);

        if (r < 0)
            return r;
    }
    return plan_detached_tree(input, builder);
}
