/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans the hooks, and the state document that they get on stdin: it is written once here, all but
 * status and pid.  Runs in dray.
 */
#include <errno.h>
#include <string.h>

#include "plan/annotations.h"
#include "plan/json_text.h"
#include "plan/planner.h"

/* of the state document, not of the config */
#define STATE_OCI_VERSION "1.3.0"

static int plan_hook(struct plan_builder *builder, const struct oci_hook *asked,
                     struct plan_hook *hook)
{
    const char *const *args = asked->args.items;
    size_t args_count = asked->args.count;
    int r;

    if (asked->path == NULL || asked->path[0] != '/')
        return error_set(builder->error, ERROR_CONFIG_VALUE, 0,
                         "the hook's path \"%s\" is not absolute",
                         asked->path != NULL ? asked->path : "");
    if (asked->timeout.set && asked->timeout.value <= 0)
        return error_set(builder->error, ERROR_CONFIG_RANGE, 0,
                         "a hook's timeout must be greater than 0, not %lld",
                         (long long)asked->timeout.value);
    if (args_count == 0) {
        args = &asked->path;
        args_count = 1;
    }
    hook->path = plan_add_string(builder, asked->path);
    if (hook->path == 0)
        return -ENOMEM;
    r = plan_add_strings(builder, args, args_count, &hook->args);
    if (r == 0)
        r = plan_add_strings(builder, asked->env.items, asked->env.count, &hook->env);
    hook->env_set = asked->env.set;
    if (asked->timeout.set)
        hook->timeout =
            asked->timeout.value < UINT32_MAX ? (uint32_t)asked->timeout.value : UINT32_MAX;
    return r;
}

static int plan_kind(struct plan_builder *builder, const struct oci_hook *asked, size_t count,
                     enum plan_hook_kind kind)
{
    struct plan_hook *hooks =
        plan_add_array(builder, sizeof(*hooks), count, &builder->plan->hooks.kinds[kind]);

    if (hooks == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int r;

        hooks[i].origin = (struct plan_origin){
            .kind = (uint16_t)(ORIGIN_HOOK_PRESTART + kind),
            .index = (uint32_t)i,
        };
        r = plan_hook(builder, &asked[i], &hooks[i]);
        if (r < 0) {
            plan_origin_explain(builder->plan, hooks[i].origin, builder->error);
            return r;
        }
    }
    return 0;
}

_Static_assert(ORIGIN_HOOK_POSTSTOP - ORIGIN_HOOK_PRESTART == PLAN_HOOK_POSTSTOP,
               "origins of hooks are in the order of their kinds");

static int plan_all_kinds(const struct oci_hooks *asked, struct plan_builder *builder)
{
    const struct {
        const struct oci_hook *hooks;
        size_t count;
    } kinds[PLAN_HOOK_KINDS] = {
        [PLAN_HOOK_PRESTART] = {asked->prestart, asked->prestart_count},
        [PLAN_HOOK_CREATE_RUNTIME] = {asked->create_runtime, asked->create_runtime_count},
        [PLAN_HOOK_CREATE_CONTAINER] = {asked->create_container, asked->create_container_count},
        [PLAN_HOOK_START_CONTAINER] = {asked->start_container, asked->start_container_count},
        [PLAN_HOOK_POSTSTART] = {asked->poststart, asked->poststart_count},
        [PLAN_HOOK_POSTSTOP] = {asked->poststop, asked->poststop_count},
    };

    for (unsigned kind = 0; kind < PLAN_HOOK_KINDS; kind++) {
        int r = plan_kind(builder, kinds[kind].hooks, kinds[kind].count, kind);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Writes the tail of the state document; called once to measure and once to write. */
static void write_state_tail(struct json_text *text, const struct plan_input *input)
{
    const struct oci_string_map *annotations = &input->spec->annotations;

    json_add_raw(text, ",\"bundle\":");
    json_add_string(text, input->bundle);
    if (annotations->count > 0) {
        json_add_raw(text, ",\"annotations\":{");
        for (size_t i = 0; i < annotations->count; i++) {
            if (i > 0)
                json_add_raw(text, ",");
            json_add_string(text, annotations->items[i].key);
            json_add_raw(text, ":");
            json_add_string(text, annotations->items[i].value);
        }
        json_add_raw(text, "}");
    }
    json_add_raw(text, "}");
}

static void write_state_head(struct json_text *text, const struct plan_input *input)
{
    json_add_raw(text, "{\"ociVersion\":\"" STATE_OCI_VERSION "\",\"id\":");
    json_add_string(text, input->id);
    json_add_raw(text, ",\"status\":\"");
}

static int add_document(const struct plan_input *input, struct plan_builder *builder,
                        void (*write)(struct json_text *, const struct plan_input *),
                        plan_string *ret)
{
    struct json_text measure = {0}, text = {0};
    struct plan_array space;

    write(&measure, input);
    text.out = plan_add_array(builder, 1, measure.length + 1, &space);
    if (text.out == NULL)
        return -ENOMEM;
    write(&text, input);
    *ret = space.offset;
    return 0;
}

static int plan_output(const struct plan_input *input, struct plan_builder *builder,
                       enum annotation annotation, plan_string *ret)
{
    const char *path;
    int r = annotation_get_path(input->spec, annotation, &path, builder->error);

    if (r < 0 || path == NULL)
        return r;
    *ret = plan_add_string(builder, path);
    return *ret != 0 ? 0 : -ENOMEM;
}

int plan_hooks(const struct plan_input *input, struct plan_builder *builder)
{
    struct plan_hooks *plan = &builder->plan->hooks;
    int r;

    if (input->spec->hooks == NULL)
        return 0;
    r = plan_all_kinds(input->spec->hooks, builder);
    if (r == 0)
        r = add_document(input, builder, write_state_head, &plan->state_head);
    if (r == 0)
        r = add_document(input, builder, write_state_tail, &plan->state_tail);
    if (r == 0)
        r = plan_output(input, builder, ANNOTATION_HOOKS_STDOUT, &plan->stdout_path);
    if (r == 0)
        r = plan_output(input, builder, ANNOTATION_HOOKS_STDERR, &plan->stderr_path);
    return r;
}
