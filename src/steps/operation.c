/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk through a step list; runs in dray. */
#include "config.h"

#include "steps/operation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bus/units.h"
#include "plan/fault_injection.h"
#include "steps/seccomp_plugins.h"

void runtime_log(const struct runtime *runtime, enum log_level level, const char *format, ...)
{
    char message[1024];
    va_list arguments;

    if (runtime->log == NULL || level > runtime->log_level)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    runtime->log(runtime->log_data, level, message);
}

void operation_init(struct operation *operation, const struct runtime *runtime, const char *id,
                    struct error *error)
{
    *operation = (struct operation){
        .runtime = runtime,
        .id = id,
        .error = error,
        .document = "config.json",
        .root = -1,
        .directory = -1,
        .journal = -1,
        .recorder_fd = -1,
        .start_fifo = -1,
        .control = -1,
        .stage_control = -1,
        .hook_stdout = -1,
        .hook_stderr = -1,
        .init = -1,
        .init_root = -1,
        .network_namespace = -1,
        .stage = {.pidfd = -1},
        .console_socket = -1,
        .pidfd_socket = -1,
        .notify = {.socket = -1, .manager = -1},
        .plugins = {.socket = -1},
        .console_master = -1,
        .signal_fd = -1,
    };
    oci_arena_init(&operation->arena);
}

void operation_done(struct operation *operation)
{
    const int descriptors[] = {
        operation->root,           operation->directory,      operation->journal,
        operation->recorder_fd,    operation->start_fifo,     operation->control,
        operation->stage_control,  operation->hook_stdout,    operation->hook_stderr,
        operation->init,           operation->init_root,      operation->stage.pidfd,
        operation->console_socket, operation->pidfd_socket,   operation->notify.socket,
        operation->notify.manager, operation->console_master, operation->network_namespace,
    };

    operation_release_signals(operation);
    units_disconnect(operation->units);
    seccomp_plugins_end(operation);
    if (operation->runtime->ends_after_use)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
        close_fd(descriptors[i]);
    if (operation->recorder != NULL)
        munmap(operation->recorder, RECORDER_SIZE);
    if (operation->has_cgroup)
        cgroup_done(&operation->cgroup);
    plan_builder_done(&operation->builder);
    oci_arena_done(&operation->arena);
}

void operation_locate_error(struct operation *operation)
{
    struct error *error = operation->error;
    const char *text = operation->config_text;
    size_t length = operation->config_length;
    const char *pointer = error->pointer;
    unsigned line, column;

    if (error->line > 0 || pointer[0] == '\0' || error->document[0] != '\0')
        return;
    snprintf(error->document, sizeof(error->document), "%s", operation->document);
    if (operation->process_text != NULL && strncmp(pointer, "/process/", 9) == 0) {
        /* exec --process: the document is the process alone */
        text = operation->process_text;
        length = operation->process_length;
        memmove(error->pointer, pointer + 8, strlen(pointer + 8) + 1);
    }
    if (text == NULL || oci_locate(text, length, pointer, &line, &column) < 0)
        return;
    error->line = line;
    error->column = column;
}

int operation_walk(struct operation *operation, const struct step *steps,
                   const step_function *functions, uint32_t count)
{
    operation->steps = steps;
    operation->steps_count = count;
    for (uint32_t row = 0; row < count; row++) {
        int r;

        if (functions[row] == NULL || !step_is_due(&steps[row], STEP_DRAY, operation->builder.plan))
            continue;
        operation->row = row;
        runtime_log(operation->runtime, LOG_LEVEL_DEBUG, "step %s", steps[row].name);
        if (fault_before("dray", steps[row].name))
            r = error_set(operation->error, ERROR_INTERNAL, EIO, "injected fault");
        else
            r = functions[row](operation);
        fault_after("dray", steps[row].name);
        if (r < 0) {
            error_set(operation->error, ERROR_INTERNAL, -r, "step %s failed without a reason",
                      steps[row].name);
            if (operation->error->step == 0) {
                operation->error->step = row + 1;
                operation->error->role = STEP_DRAY;
            }
            operation_locate_error(operation);
            return r;
        }
    }
    return 0;
}
