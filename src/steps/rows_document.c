/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows that turn documents and options into a plan. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "steps/fault.h"
#include "steps/idmaps.h"
#include "steps/notify.h"
#include "steps/rows.h"

static int set_no_directory(struct operation *operation)
{
    return error_set(operation->error, ERROR_CONFIG_UNREADABLE, ENOTDIR,
                     "the bundle \"%s\" is not a directory", operation->bundle);
}

static int find_bundle(struct operation *operation)
{
    const char *bundle = operation->create->bundle != NULL ? operation->create->bundle : ".";
    char path[PATH_MAX];
    struct stat status;

    if (realpath(bundle, path) == NULL)
        return error_set(operation->error, ERROR_CONFIG_UNREADABLE, errno,
                         "cannot find the bundle \"%s\"", bundle);
    operation->bundle = oci_arena_strdup(&operation->arena, path);
    if (operation->bundle == NULL)
        return error_set(operation->error, ERROR_OUT_OF_MEMORY, ENOMEM,
                         "cannot find the bundle \"%s\"", bundle);
    /* otherwise opening the file in it will tell */
    if (operation->create->config != NULL && (stat(path, &status) < 0 || !S_ISDIR(status.st_mode)))
        return set_no_directory(operation);
    return 0;
}

static int explain_read(struct operation *operation, const char *path, int sys_errno)
{
    if (sys_errno == ENOTDIR && operation->create->config == NULL)
        return set_no_directory(operation);
    if (sys_errno == EFBIG)
        return error_set(operation->error, ERROR_CONFIG_TOO_LARGE, EFBIG,
                         "\"%s\" is larger than %zu bytes", path, OCI_SIZE_LIMIT);
    return error_set(operation->error, ERROR_CONFIG_UNREADABLE, sys_errno, "cannot read \"%s\"",
                     path);
}

int operation_append_strings(struct operation *operation, struct oci_strings *list,
                             const char *const *more)
{
    size_t count = 0;
    const char **items;

    while (more != NULL && more[count] != NULL)
        count++;
    if (count == 0)
        return 0;
    items = oci_arena_alloc_array(&operation->arena, list->count + count + 1, sizeof(*items));
    if (items == NULL)
        return error_set(operation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot plan the process");
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof(*items));
    memcpy(items + list->count, more, count * sizeof(*items));
    list->items = items;
    list->count += count;
    list->set = true;
    return 0;
}

int row_read_spec(struct operation *operation)
{
    const char *given = operation->create->config;
    const char *config = given != NULL ? given : "config.json";
    const char *path = given;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    int r = find_bundle(operation);

    if (r < 0)
        return r;
    operation->document = config;
    if (path == NULL)
        path = oci_arena_format(&operation->arena, "%s/%s", operation->bundle, config);
    r = path == NULL ? -ENOMEM
                     : file_read_all_at(AT_FDCWD, path, OCI_SIZE_LIMIT, &operation->arena,
                                        &operation->config_text, &operation->config_length);
    if (r < 0)
        return explain_read(operation, path != NULL ? path : config, -r);
    r = oci_spec_parse(&operation->arena, operation->config_text, operation->config_length,
                       &operation->spec, &report);
    if (r == 0)
        r = oci_spec_validate(operation->spec,
                              OCI_VALIDATE_RUNNABLE | seccomp_validate_flags(operation->spec),
                              &report);
    if (r == -EINVAL)
        return fault_to_error(&fault, operation->document, operation->config_text,
                              operation->config_length, operation->error);
    if (r < 0)
        return error_set(operation->error, ERROR_OUT_OF_MEMORY, -r, "cannot read \"%s\"", config);
    operation->process = operation->spec->process;
    return operation_append_strings(operation, &operation->process->env,
                                    operation->create->added_env);
}

/* Without a label it makes no difference which security modules there are. */
static bool asks_for_label(const struct operation *operation)
{
    const struct oci_process *process = operation->process;
    const struct oci_linux *config = operation->spec != NULL ? operation->spec->linux : NULL;

    return (process != NULL &&
            (process->apparmor_profile != NULL || process->selinux_label != NULL)) ||
           (config != NULL && config->mount_label != NULL);
}

int row_probe_host(struct operation *operation)
{
    int r = host_probe(&operation->host, operation->error);

    if (r == 0 && asks_for_label(operation))
        host_probe_security_modules(&operation->host);
    return r;
}

void operation_log_warnings(struct operation *operation)
{
    const struct plan_builder *builder = &operation->builder;

    for (uint32_t i = 0; i < builder->warnings_count && i < PLAN_WARNINGS_MAX; i++)
        runtime_log(operation->runtime, LOG_LEVEL_WARNING, "%s",
                    plan_text(builder->plan, builder->warnings[i].text));
}

static void clear_descriptors(struct plan *plan)
{
    plan->descriptors.control = -1;
    plan->descriptors.recorder = -1;
    plan->descriptors.start_fifo = -1;
    plan->descriptors.init = -1;
    plan->descriptors.init_root = -1;
    plan->descriptors.hook_stdout = -1;
    plan->descriptors.hook_stderr = -1;
}

int operation_begin_plan(struct operation *operation)
{
    int r =
        plan_builder_init(&operation->builder, operation->config_length + operation->process_length,
                          operation->error);

    if (r < 0)
        return r;
    operation->builder.error = operation->error;
    clear_descriptors(operation->builder.plan);
    return 0;
}

int row_build_plan(struct operation *operation)
{
    const struct create_request *create = operation->create;
    const struct exec_request *exec = operation->exec;
    struct plan_input input = {
        .spec = operation->spec,
        .process = operation->process,
        .host = &operation->host,
        .id = operation->id,
        .bundle = operation->bundle,
        .purpose = create != NULL ? PLAN_CREATE : PLAN_EXEC,
        .cgroup_manager = operation->runtime->cgroup_manager,
        .pidfd_socket = create != NULL ? create->pidfd_socket : exec->pidfd_socket,
        .preserve_fds = create != NULL ? create->preserve_fds : exec->preserve_fds,
        .no_pivot = create != NULL && create->no_pivot,
        .no_new_keyring = create != NULL && create->no_new_keyring,
        .strict = operation->runtime->rootless == RUNTIME_ROOTLESS_FALSE,
        .user_manager = operation->user_manager,
        .privileged = operation->host.effective_uid == 0 &&
                      operation->runtime->rootless != RUNTIME_ROOTLESS_TRUE,
    };
    int r = idmaps_add_user_namespace(operation);

    if (r == 0)
        r = notify_extend_spec(operation, &input.notify_socket);
    if (r == 0)
        r = operation_begin_plan(operation);
    if (r < 0)
        return r;
    if (exec != NULL)
        operation->builder.plan->namespaces.joined = operation->status->namespaces;
    r = plan_build(&input, &operation->builder, operation->error);
    operation_log_warnings(operation);
    return r;
}
