/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts add and remove, dray's rows.
 *
 * The list of added mounts is written before anything is mounted, and settled afterwards by what
 * the container's mount table has: whatever ended dray or the stage on the way, the list is true
 * again the next time it is read.
 */
#include "steps/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/path.h"
#include "ocispec/ocispec.h"
#include "plan/plan_rootfs_parts.h"
#include "rootfs/prepare.h"
#include "state/directory.h"
#include "steps/added_mounts.h"
#include "steps/fault.h"
#include "steps/rows.h"

struct document {
    struct oci_mount *mounts;
    size_t mounts_count;
};

static const struct oci_row document_rows[] = {
    OCI_ROW_OBJECTS(struct document, "mounts", mounts, OCI_REQUIRED, struct oci_mount,
                    &oci_mount_table),
};
static const struct oci_table document_table =
    OCI_TABLE(struct document, "list of mounts", document_rows);

static int out_of_memory(struct operation *operation)
{
    return error_set(operation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot plan the mounts");
}

/* The saved configuration, for what its mounts depend on: mappings, propagation. */
static int read_saved_config(struct operation *operation)
{
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    size_t length;
    char *text;
    int r = file_read_all_at(operation->directory, STATE_CONFIG, OCI_SIZE_LIMIT, &operation->arena,
                             &text, &length);

    if (r == 0)
        r = oci_spec_parse(&operation->arena, text, length, &operation->spec, &report);
    if (r < 0)
        return error_set(operation->error, ERROR_STATE_DAMAGED, -r,
                         "cannot read the saved configuration of container \"%s\"", operation->id);
    return 0;
}

static int read_document(struct operation *operation)
{
    const char *file = operation->mounts->file;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct document *document;
    void *parsed;
    int r = file_read_all_at(AT_FDCWD, file, OCI_SIZE_LIMIT, &operation->arena,
                             &operation->config_text, &operation->config_length);

    if (r < 0)
        return error_set(operation->error, ERROR_CONFIG_UNREADABLE, -r,
                         "cannot read the list of mounts \"%s\"", file);
    operation->document = file;
    r = oci_parse(&document_table, &operation->arena, operation->config_text,
                  operation->config_length, &parsed, &report);
    if (r == 0) {
        document = parsed;
        operation->spec->mounts = document->mounts;
        operation->spec->mounts_count = document->mounts_count;
        r = oci_spec_validate(operation->spec, 0, &report);
    }
    if (r == -EINVAL)
        return fault_to_error(&fault, file, operation->config_text, operation->config_length,
                              operation->error);
    return r < 0 ? out_of_memory(operation) : 0;
}

int row_read_mounts(struct operation *operation)
{
    int r;

    if (operation->mounts->undo != NULL) {
        operation->added_mounts = *operation->mounts->undo;
        return 0;
    }
    r = read_saved_config(operation);
    if (r == 0)
        r = read_document(operation);
    if (r < 0)
        return r;
    return added_mounts_read(operation->directory, operation->status->pid,
                             operation->spec->mounts_count, &operation->arena,
                             &operation->added_mounts, operation->error);
}

static int plan_one_removal(struct operation *operation, const char *destination, size_t index,
                            struct plan_unmount *ret)
{
    struct plan_builder *builder = &operation->builder;
    const struct added_mount *added;

    ret->origin = (struct plan_origin){.kind = ORIGIN_MOUNT_DESTINATION, .index = (uint32_t)index};
    ret->destination = plan_add_clean_path(builder, destination);
    if (ret->destination == 0)
        return -ENOMEM;
    added = added_mounts_find(&operation->added_mounts, plan_text(builder->plan, ret->destination));
    if (added == NULL) {
        plan_origin_explain(builder->plan, ret->origin, operation->error);
        return error_set(operation->error, ERROR_MOUNT_TARGET, ENOENT,
                         "no mount on \"%.200s\" was added to container \"%s\"", destination,
                         operation->id);
    }
    ret->id = added->id;
    ret->path = plan_add_string(builder, added->path);
    return ret->path != 0 ? 0 : -ENOMEM;
}

static int plan_removal(struct operation *operation)
{
    const struct added_mounts *undo = operation->mounts->undo;
    size_t count = undo != NULL ? undo->items_count : operation->spec->mounts_count;
    struct plan_unmount *unmounts = plan_add_array(&operation->builder, sizeof(*unmounts), count,
                                                   &operation_plan(operation)->unmounts);
    int r = unmounts != NULL ? 0 : -ENOMEM;

    for (size_t i = 0; i < count && r == 0; i++)
        r = plan_one_removal(operation,
                             undo != NULL ? undo->items[i].destination
                                          : operation->spec->mounts[i].destination,
                             i, &unmounts[i]);
    return r;
}

static int refuse_twice(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);

    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        const char *destination = plan_text(plan, mount->destination);

        if (added_mounts_find(&operation->added_mounts, destination) == NULL)
            continue;
        plan_origin_explain(plan, mount->origin, operation->error);
        return error_set(operation->error, ERROR_MOUNT_TARGET, EEXIST,
                         "a mount on \"%.200s\" was added to container \"%s\" before: remove it "
                         "first",
                         destination, operation->id);
    }
    return 0;
}

/* The user namespace of the container, for mounts that are mapped as it is. */
static int plan_user_namespace(struct operation *operation)
{
    struct plan_builder *builder = &operation->builder;
    struct plan_namespaces *namespaces = &builder->plan->namespaces;
    struct plan_join *join;

    namespaces->joined = operation->status->namespaces & (uint64_t)(CLONE_NEWNS | CLONE_NEWUSER);
    if ((namespaces->joined & CLONE_NEWUSER) == 0)
        return 0;
    join = plan_add_array(builder, sizeof(*join), 1, &namespaces->joins);
    if (join == NULL)
        return -ENOMEM;
    *join = (struct plan_join){
        .type = CLONE_NEWUSER,
        .path = plan_add_format(builder, "/proc/%d/ns/user", operation->status->pid),
        .descriptor = -1,
    };
    return join->path != 0 ? 0 : -ENOMEM;
}

int row_plan_mounts(struct operation *operation)
{
    const struct plan_input input = {
        .spec = operation->spec,
        .host = &operation->host,
        .id = operation->id,
        .bundle = operation->status->bundle,
        .purpose = PLAN_MOUNTS,
        .privileged = operation->host.effective_uid == 0,
    };
    int r = operation_begin_plan(operation);

    if (r == 0)
        r = plan_user_namespace(operation);
    if (r == 0)
        r = plan_build(&input, &operation->builder, operation->error);
    if (r == 0)
        r = operation->mounts->remove ? plan_removal(operation)
                                      : plan_added_mounts(&input, &operation->builder);
    operation_log_warnings(operation);
    return r == 0 && !operation->mounts->remove ? refuse_twice(operation) : r;
}

int row_prepare_added_mounts(struct operation *operation)
{
    struct plan *plan = operation_plan(operation);
    int r = rootfs_prepare_mounts(plan, operation->error);

    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        if (r < 0 || mount->descriptor >= 0)
            continue;
        plan_origin_explain(plan, mount->origin, operation->error);
        r = error_set(
            operation->error, ERROR_MOUNT_FAILED, EPERM,
            "cannot clone \"%.200s\": adding mounts to a running container takes root and "
            "Linux 5.12",
            plan_text(plan, mount->source));
    }
    return r;
}

int row_save_mounts(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    struct added_mounts *list = &operation->added_mounts;

    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        struct added_mount *item = &list->items[list->items_count++];

        *item = (struct added_mount){.destination = plan_text(plan, mount->destination)};
        if (path_mount_id(mount->descriptor, &item->id) < 0)
            return error_set(operation->error, ERROR_MOUNT_FAILED, errno,
                             "cannot identify the mount on \"%.200s\"", item->destination);
    }
    operation->saved_mounts = true;
    return added_mounts_write(operation->directory, list, &operation->arena, operation->error);
}

/* What is in the list is in the container, and only that. */
static int settle(struct operation *operation, struct error *error)
{
    struct added_mounts list;
    int r = added_mounts_read(operation->directory, operation->status->pid, 0, &operation->arena,
                              &list, error);

    return r < 0 ? r : added_mounts_write(operation->directory, &list, &operation->arena, error);
}

static int change(struct operation *operation, const struct container *container)
{
    struct process_identity identity = container_identity(container);
    int r;

    operation->init = process_open(&identity);
    if (operation->init < 0)
        return error_set(operation->error, ERROR_CONTAINER_NOT_RUNNING, -operation->init,
                         "container not running: \"%s\"", operation->id);
    r = operation_change_mounts(operation);
    operation_kill_stage(operation);
    return r;
}

/* Of those that the failed @operation was to add, the ones that are there, last one first. */
static int list_halfway(struct operation *operation, struct added_mounts *ret, struct error *error)
{
    const struct plan *plan = operation_plan(operation);
    struct added_mounts list;
    int r = added_mounts_read(operation->directory, operation->status->pid, 0, &operation->arena,
                              &list, error);

    if (r < 0)
        return r;
    ret->items =
        oci_arena_alloc_array(&operation->arena, list.items_count + 1, sizeof(*ret->items));
    if (ret->items == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot list the added mounts");
    for (size_t i = list.items_count; i > 0; i--) {
        plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
        {
            if (strcmp(plan_text(plan, mount->destination), list.items[i - 1].destination) == 0)
                ret->items[ret->items_count++] = list.items[i - 1];
        }
    }
    return 0;
}

/*
 * The stage takes back what it did before it failed; this is for a stage that was killed, or a dray
 * that was interrupted, in between.
 */
static void take_back(struct operation *failed, const struct container *container)
{
    struct added_mounts halfway = {0};
    const struct mounts_request request = {.remove = true, .undo = &halfway};
    struct operation operation;
    struct error error = {0};
    int r = list_halfway(failed, &halfway, &error);

    if (r == 0 && halfway.items_count > 0) {
        operation_init(&operation, failed->runtime, failed->id, &error);
        operation.mounts = &request;
        operation.status = failed->status;
        r = change(&operation, container);
        operation_done(&operation);
    }
    if (r < 0)
        error_set_detail(failed->error, error.message, strlen(error.message));
}

static int change_and_settle(struct operation *operation, const struct container *container)
{
    struct error ignored = {0};
    int r = change(operation, container);

    if (r == 0)
        return settle(operation, operation->error);
    if (!operation->saved_mounts)
        return r;
    take_back(operation, container);
    settle(operation, &ignored);
    /* further ones have been answered by what is told now */
    while (operation_check_interrupt(operation) < 0)
        ;
    return r;
}

int container_change_mounts(struct container *container, const struct mounts_request *request,
                            struct error *error)
{
    struct operation operation;
    int r = lifecycle_check(LIFECYCLE_MOUNTS, container->lifecycle, container->id, error);

    if (r < 0)
        return r;
    if (container->status->host_mount_namespace)
        return error_set(error, ERROR_NAMESPACE_FAILED, EINVAL,
                         "container \"%s\" has no mount namespace of its own: its mounts cannot be "
                         "changed",
                         container->id);
    operation_init(&operation, container->runtime, container->id, error);
    operation.mounts = request;
    operation.status = container->status;
    operation.directory = take_fd(&container->directory);
    r = change_and_settle(&operation, container);
    operation_done(&operation);
    return r;
}
