/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steps/hooks.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "hook/hook.h"
#include "io/file.h"
#include "plan/planner.h"
#include "state/directory.h"

/* Plans the hooks of the saved configuration and runs those of one kind. */
static int run_saved_hooks(int directory, const char *id, const char *bundle,
                           enum plan_hook_kind kind, const char *status_word, pid_t pid,
                           struct error *error)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    char *text;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct plan_builder builder = {0};
    struct plan_input input = {.id = id, .bundle = bundle};
    struct hook_context context = {.status = status_word, .pid = pid};
    struct oci_spec *spec;
    size_t length;
    int r;

    r = file_read_all_at(directory, STATE_CONFIG, OCI_SIZE_LIMIT, &arena, &text, &length);
    if (r == 0)
        r = oci_spec_parse(&arena, text, length, &spec, &report);
    if (r < 0)
        return error_set(error, ERROR_STATE_DAMAGED, -r,
                         "cannot read the saved configuration of container \"%s\"", id);
    r = plan_builder_init(&builder, length, error);
    if (r < 0)
        return r;
    input.spec = spec;
    input.process = spec->process;
    r = plan_hooks(&input, &builder);
    if (r == 0)
        r = hook_open_outputs(builder.plan, &context.stdout_fd, &context.stderr_fd, error);
    if (r == 0) {
        r = hook_run_all(builder.plan, kind, &context, error);
        close_fd(context.stdout_fd);
        close_fd(context.stderr_fd);
    }
    plan_builder_done(&builder);
    return r;
}

void run_poststop_hooks(const struct runtime *runtime, const struct undo_request *request,
                        const struct journal *journal)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    const struct journal_record *owed;
    struct error error = {0};
    const struct status *status = request->status;
    struct status *own;
    const char *bundle;
    char message[2048];

    if (status == NULL && status_read(journal, &arena, &own, &error) == 0)
        status = own;
    if (status != NULL) {
        if (!status->has_poststop_hooks)
            return;
        bundle = status->bundle;
    } else {
        /* never completed: hooks are owed only if some have run */
        owed = journal_find(journal, JOURNAL_HOOKS);
        bundle = owed != NULL ? oci_arena_copy(&arena, owed->payload, owed->length) : NULL;
        if (bundle == NULL)
            return;
        error_clear(&error);
    }
    if (run_saved_hooks(request->directory, request->id, bundle, PLAN_HOOK_POSTSTOP, "stopped", 0,
                        &error) == 0)
        return;
    error_format_text(&error, message, sizeof(message));
    runtime_log(runtime, LOG_LEVEL_WARNING, "%s", message);
}

int run_poststart_hooks(const struct runtime *runtime, int directory, const struct status *status,
                        struct error *error)
{
    (void)runtime;
    return run_saved_hooks(directory, status->id, status->bundle, PLAN_HOOK_POSTSTART, "running",
                           status->pid, error);
}
