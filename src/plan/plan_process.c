/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the container's process: the entry, and what needs no file of its own.  Runs in dray. */
#include <errno.h>

#include "plan/annotations.h"
#include "plan/plan_process_parts.h"

#define TERMINAL_SIZE_MAX 65535 /* struct winsize has 16 bits */

const struct oci_linux_namespace *plan_find_namespace(const struct oci_spec *spec,
                                                      enum oci_namespace_type type)
{
    if (spec->linux == NULL)
        return NULL;
    for (size_t i = 0; i < spec->linux->namespaces_count; i++)
        if (spec->linux->namespaces[i].type == type)
            return &spec->linux->namespaces[i];
    return NULL;
}

bool plan_has_user_namespace(const struct oci_spec *spec)
{
    return plan_find_namespace(spec, OCI_NAMESPACE_USER) != NULL;
}

int plan_check_range(struct plan_builder *builder, const char *pointer, int64_t value,
                     int64_t minimum, int64_t maximum)
{
    if (value >= minimum && value <= maximum)
        return 0;
    error_set_pointer(builder->error, "%s", pointer);
    return error_set(builder->error, ERROR_CONFIG_RANGE, 0, "%lld is not from %lld to %lld",
                     (long long)value, (long long)minimum, (long long)maximum);
}

static int plan_program(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_process *process = input->process;
    struct plan_process *plan = &builder->plan->process;

    if (process->args.count == 0) {
        error_set_pointer(builder->error, "/process/args");
        return error_set(builder->error, ERROR_CONFIG_MISSING, 0,
                         "process.args is empty: there is no program to run");
    }
    if (process->cwd == NULL || process->cwd[0] != '/') {
        error_set_pointer(builder->error, "/process/cwd");
        return error_set(builder->error, ERROR_CONFIG_VALUE, 0,
                         "the working directory \"%s\" is not an absolute path",
                         process->cwd != NULL ? process->cwd : "");
    }
    plan->cwd = plan_add_string(builder, process->cwd);
    if (plan->cwd == 0)
        return -ENOMEM;
    return plan_add_strings(builder, process->args.items, process->args.count, &plan->args);
}

static int plan_terminal(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_console_size *size = input->process->console_size;
    struct plan_process *plan = &builder->plan->process;

    plan->terminal = input->process->terminal;
    if (size == NULL || !plan->terminal)
        return 0;
    if (size->height > TERMINAL_SIZE_MAX || size->width > TERMINAL_SIZE_MAX) {
        error_set_pointer(builder->error, "/process/consoleSize/%s",
                          size->height > TERMINAL_SIZE_MAX ? "height" : "width");
        return error_set(builder->error, ERROR_CONFIG_RANGE, 0,
                         "a terminal has at most %d rows and columns", TERMINAL_SIZE_MAX);
    }
    plan->console_height = (uint32_t)size->height;
    plan->console_width = (uint32_t)size->width;
    return 0;
}

static int plan_keyring(const struct plan_input *input, struct plan_builder *builder)
{
    struct plan_process *plan = &builder->plan->process;

    plan->new_keyring = !input->no_new_keyring;
    if (!plan->new_keyring)
        return 0;
    /* the name that runc gives it */
    plan->keyring_name = plan_add_format(builder, "_ses.%s", input->id);
    return plan->keyring_name != 0 ? 0 : -ENOMEM;
}

static int plan_oom_score_adj(const struct plan_input *input, struct plan_builder *builder)
{
    struct oci_optional_i32 adjustment = input->process->oom_score_adj;

    if (!adjustment.set)
        return 0;
    builder->plan->process.oom_score_adj_set = true;
    builder->plan->process.oom_score_adj = adjustment.value;
    return plan_check_range(builder, "/process/oomScoreAdj", adjustment.value, -1000, 1000);
}

/* The option, and for the first process the annotation. */
static int plan_pidfd_socket(const struct plan_input *input, struct plan_builder *builder)
{
    const char *path = input->pidfd_socket;
    int r = 0;

    if (path == NULL && input->purpose == PLAN_CREATE)
        r = annotation_get_path(input->spec, ANNOTATION_PIDFD_RECEIVER, &path, builder->error);
    if (r < 0 || path == NULL)
        return r;
    builder->plan->process.pidfd_socket = plan_add_string(builder, path);
    return builder->plan->process.pidfd_socket != 0 ? 0 : -ENOMEM;
}

int plan_process(const struct plan_input *input, struct plan_builder *builder)
{
    static int (*const parts[])(const struct plan_input *, struct plan_builder *) = {
        plan_program,
        plan_process_env,
        plan_process_user,
        plan_process_capabilities,
        plan_process_rlimits,
        plan_oom_score_adj,
        plan_process_scheduling,
        plan_process_memory,
        plan_process_labels,
        plan_keyring,
        plan_terminal,
        plan_pidfd_socket,
    };
    struct plan_process *plan = &builder->plan->process;

    if (input->process == NULL) {
        error_set_pointer(builder->error, "/process");
        return error_set(builder->error, ERROR_CONFIG_MISSING, 0,
                         "the config has no process: there is no program to run");
    }
    plan->no_new_privileges = input->process->no_new_privileges;
    plan->preserve_fds = input->preserve_fds;
    plan->notify_socket = input->notify_socket;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int r = parts[i](input, builder);

        if (r < 0)
            return r;
    }
    return 0;
}
