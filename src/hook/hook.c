/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the hooks of one kind; runs in dray and in the stage. */
#include "hook/hook.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/number.h"
#include "hook/spawn.h"
#include "plan/plan_vector.h"

static const char *const kind_names[PLAN_HOOK_KINDS] = {
    [PLAN_HOOK_PRESTART] = "prestart",
    [PLAN_HOOK_CREATE_RUNTIME] = "createRuntime",
    [PLAN_HOOK_CREATE_CONTAINER] = "createContainer",
    [PLAN_HOOK_START_CONTAINER] = "startContainer",
    [PLAN_HOOK_POSTSTART] = "poststart",
    [PLAN_HOOK_POSTSTOP] = "poststop",
};

const char *hook_kind_name(enum plan_hook_kind kind)
{
    return (unsigned)kind < PLAN_HOOK_KINDS ? kind_names[kind] : "unknown";
}

/* These run in the mount namespace that the bundle's path belongs to. */
static bool runs_beside_bundle(enum plan_hook_kind kind)
{
    return kind != PLAN_HOOK_CREATE_CONTAINER && kind != PLAN_HOOK_START_CONTAINER;
}

struct hook_run {
    const struct plan *plan;
    const struct plan_hook *hook;
    const struct hook_context *context;
    const char *kind;
    uint32_t index;
};

/* Parts of the state document on stdin. */
#define STATE_PARTS 5

struct state_document {
    struct iovec parts[STATE_PARTS];
    size_t count;
    char pid[24];
};

static void add_part(struct state_document *document, const char *text)
{
    document->parts[document->count++] =
        (struct iovec){.iov_base = (void *)text, .iov_len = strlen(text)};
}

static void make_state(const struct hook_run *run, struct state_document *document)
{
    document->count = 0;
    add_part(document, plan_text(run->plan, run->plan->hooks.state_head));
    add_part(document, run->context->status);
    if (run->context->pid > 0) {
        format_u64(document->pid, (uint64_t)run->context->pid);
        add_part(document, "\",\"pid\":");
        add_part(document, document->pid);
    } else {
        add_part(document, "\"");
    }
    add_part(document, plan_text(run->plan, run->plan->hooks.state_tail));
}

static int report_end(const struct hook_run *run, int status, struct error *error)
{
    const char *path = plan_text(run->plan, run->hook->path);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status))
        return error_set(error, ERROR_HOOK_FAILED, 0, "%s hook %u (\"%s\") was killed by signal %d",
                         run->kind, run->index, path, WTERMSIG(status));
    return error_set(error, ERROR_HOOK_FAILED, 0, "%s hook %u (\"%s\") ended with exit status %d",
                     run->kind, run->index, path, WEXITSTATUS(status));
}

static int run_program(const struct hook_run *run, const struct hook_program *program,
                       struct error *error)
{
    struct state_document document;
    struct hook_process process;
    const char *step;
    int status, r = hook_process_start(program, &process, &step);

    if (r < 0)
        return error_set(error, ERROR_HOOK_FAILED, -r, "%s the %s hook %u (\"%s\")", step,
                         run->kind, run->index, program->path);
    if (run->context->interruptible)
        memcpy(process.interrupts, run->context->interrupts, sizeof(process.interrupts));
    make_state(run, &document);
    r = hook_process_wait(&process, document.parts, document.count, run->hook->timeout, &status);
    if (r == -EINTR)
        return r;
    if (r == -ETIMEDOUT)
        error_set(error, ERROR_HOOK_TIMEOUT, 0,
                  "%s hook %u (\"%s\") did not end within %u s and was killed", run->kind,
                  run->index, program->path, run->hook->timeout);
    else if (r < 0)
        error_set(error, ERROR_HOOK_FAILED, -r, "cannot wait for the %s hook %u (\"%s\")",
                  run->kind, run->index, program->path);
    else
        r = report_end(run, status, error);
    if (r < 0)
        error_set_detail(error, process.tail, process.tail_length);
    return r;
}

static int run_hook(const struct hook_run *run, struct error *error)
{
    static char *const no_environment[] = {NULL};
    struct plan_vector arguments = {0}, environment = {0};
    struct hook_program program = {
        .path = plan_text(run->plan, run->hook->path),
        .environment = run->context->default_environment,
        .directory = runs_beside_bundle(run->hook->origin.kind - ORIGIN_HOOK_PRESTART)
                         ? plan_text(run->plan, run->plan->bundle)
                         : NULL,
        .stdout_fd = run->context->stdout_fd,
        .stderr_fd = run->context->stderr_fd,
    };
    int r = plan_vector_make(run->plan, run->hook->args, &arguments, error);

    if (r == 0 && run->hook->env_set) {
        r = plan_vector_make(run->plan, run->hook->env, &environment, error);
        program.environment = environment.items;
    }
    if (program.environment == NULL)
        program.environment = no_environment;
    program.arguments = arguments.items;
    if (r == 0)
        r = run_program(run, &program, error);
    plan_vector_free(&arguments);
    plan_vector_free(&environment);
    if (r < 0 && r != -EINTR)
        plan_origin_explain(run->plan, run->hook->origin, error);
    return r;
}

static int run_each(const struct plan *plan, enum plan_hook_kind kind,
                    const struct hook_context *context, struct error *error)
{
    struct hook_run run = {
        .plan = plan, .context = context, .kind = hook_kind_name(kind), .index = 0};
    int first = 0;

    plan_for_each(hook, plan, plan->hooks.kinds[kind], struct plan_hook)
    {
        int r;

        run.hook = hook;
        r = run_hook(&run, error);
        /* what poststop hooks clean up must not depend on each other's luck */
        if (r < 0 && kind != PLAN_HOOK_POSTSTOP)
            return r;
        if (r < 0 && first == 0)
            first = r;
        run.index++;
    }
    return first;
}

int hook_run_all(const struct plan *plan, enum plan_hook_kind kind,
                 const struct hook_context *context, struct error *error)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN}, by_default = {.sa_handler = SIG_DFL};
    struct sigaction old_pipe, old_child;
    int r;

    if (plan->hooks.kinds[kind].count == 0)
        return 0;
    /* a hook that closes its stdin must not kill us; an ignored SIGCHLD would lose its status */
    sigaction(SIGPIPE, &ignore, &old_pipe);
    sigaction(SIGCHLD, &by_default, &old_child);
    r = run_each(plan, kind, context, error);
    sigaction(SIGCHLD, &old_child, NULL);
    sigaction(SIGPIPE, &old_pipe, NULL);
    return r;
}
