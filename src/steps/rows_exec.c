/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exec's own rows: the process to run, and the cgroup it runs in. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "steps/fault.h"
#include "steps/rows.h"
#include "steps/scope.h"
#include "steps/undo.h"

static int out_of_memory(struct operation *operation)
{
    return error_set(operation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot plan the process");
}

static int refuse_user(struct operation *operation, const char *text)
{
    return error_set(operation->error, ERROR_USAGE, 0,
                     "--user \"%s\" is not UID[:GID]: both are decimal numbers", text);
}

/* "UID" or "UID:GID", digits only: a name or an overflow must never end as uid 0. */
static int apply_user(struct operation *operation, const char *text, struct oci_user *user)
{
    const char *colon = strchr(text, ':');
    char uid[16];
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);

    if (length == 0 || length >= sizeof(uid))
        return refuse_user(operation, text);
    memcpy(uid, text, length);
    uid[length] = '\0';
    if (parse_u32(uid, &user->uid) < 0 || user->uid == UINT32_MAX)
        return refuse_user(operation, text);
    if (colon == NULL)
        return 0;
    if (parse_u32(colon + 1, &user->gid) < 0 || user->gid == UINT32_MAX)
        return refuse_user(operation, text);
    return 0;
}

/* Added to what the process may use, never to what its children inherit (CVE-2022-29162). */
static int apply_capabilities(struct operation *operation, struct oci_process *process)
{
    const char *const *names = operation->exec->capabilities;
    struct oci_capabilities *sets;
    int r;

    if (names == NULL || names[0] == NULL)
        return 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (oci_capability_number(names[i]) < 0)
            return error_set(operation->error, ERROR_USAGE, 0, "--cap \"%s\" is no capability",
                             names[i]);
    }
    sets = oci_arena_new(&operation->arena, struct oci_capabilities);
    if (sets == NULL)
        return out_of_memory(operation);
    if (process->capabilities != NULL)
        *sets = *process->capabilities;
    process->capabilities = sets;
    r = operation_append_strings(operation, &sets->bounding, names);
    if (r == 0)
        r = operation_append_strings(operation, &sets->permitted, names);
    if (r == 0)
        r = operation_append_strings(operation, &sets->effective, names);
    return r;
}

/* In a document such an entry is left out with a warning; whoever types one has mistaken its form.
 */
static int apply_env(struct operation *operation, struct oci_process *process)
{
    const char *const *env = operation->exec->env;

    for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
        if (env[i][0] == '=' || strchr(env[i], '=') == NULL)
            return error_set(operation->error, ERROR_USAGE, 0, "--env \"%.200s\" is not NAME=VALUE",
                             env[i]);
    }
    return operation_append_strings(operation, &process->env, env);
}

/* The container's own process, changed by the options of the command line. */
static int process_from_options(struct operation *operation)
{
    const struct exec_request *exec = operation->exec;
    struct oci_process *process = oci_arena_new(&operation->arena, struct oci_process);
    struct oci_user *user = oci_arena_new(&operation->arena, struct oci_user);
    int r;

    if (process == NULL || user == NULL)
        return out_of_memory(operation);
    *process = *operation->spec->process;
    if (process->user != NULL)
        *user = *process->user;
    process->user = user;
    process->args = (struct oci_strings){.set = true};
    r = operation_append_strings(operation, &process->args, exec->args);
    if (r == 0)
        r = apply_env(operation, process);
    if (r == 0)
        r = apply_capabilities(operation, process);
    if (r == 0 && exec->user != NULL) {
        r = apply_user(operation, exec->user, user);
        user->additional_gids = (struct oci_u32s){0};
    }
    if (r < 0)
        return r;
    if (exec->additional_gids_count > 0) {
        uint32_t *gids =
            oci_arena_alloc_array(&operation->arena, exec->additional_gids_count, sizeof(*gids));

        if (gids == NULL)
            return out_of_memory(operation);
        memcpy(gids, exec->additional_gids, exec->additional_gids_count * sizeof(*gids));
        user->additional_gids =
            (struct oci_u32s){.items = gids, .count = exec->additional_gids_count, .set = true};
    }
    process->terminal = exec->tty;
    process->console_size = NULL;
    if (exec->cwd != NULL && exec->cwd[0] != '/')
        return error_set(operation->error, ERROR_USAGE, 0,
                         "--cwd \"%.200s\" is not an absolute path", exec->cwd);
    if (exec->cwd != NULL)
        process->cwd = exec->cwd;
    if (exec->apparmor != NULL)
        process->apparmor_profile = exec->apparmor;
    if (exec->process_label != NULL)
        process->selinux_label = exec->process_label;
    if (exec->no_new_privileges)
        process->no_new_privileges = true;
    operation->process = process;
    return 0;
}

static int process_from_file(struct operation *operation)
{
    const char *path = operation->exec->process_file;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    int r = file_read_all_at(AT_FDCWD, path, OCI_SIZE_LIMIT, &operation->arena,
                             &operation->process_text, &operation->process_length);

    if (r < 0)
        return error_set(operation->error, ERROR_CONFIG_UNREADABLE, -r,
                         "cannot read the process document \"%s\"", path);
    operation->document = path;
    r = oci_process_parse(&operation->arena, operation->process_text, operation->process_length,
                          &operation->process, &report);
    if (r == 0)
        r = oci_process_validate(operation->process, OCI_VALIDATE_RUNNABLE, &report);
    if (r == -EINVAL)
        return fault_to_error(&fault, path, operation->process_text, operation->process_length,
                              operation->error);
    if (r < 0)
        return out_of_memory(operation);
    if (operation->exec->tty)
        operation->process->terminal = true;
    return 0;
}

int row_read_process(struct operation *operation)
{
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    int r = file_read_all_at(operation->directory, "config.json", OCI_SIZE_LIMIT, &operation->arena,
                             &operation->config_text, &operation->config_length);

    if (r == 0)
        r = oci_spec_parse(&operation->arena, operation->config_text, operation->config_length,
                           &operation->spec, &report);
    if (r < 0 || operation->spec->process == NULL)
        return error_set(operation->error, ERROR_STATE_DAMAGED, r < 0 ? -r : 0,
                         "cannot read the saved configuration of container \"%s\"", operation->id);
    if (operation->exec->process_file != NULL)
        return process_from_file(operation);
    return process_from_options(operation);
}

static int refuse_cgroup(struct operation *operation, const char *argument, const char *why)
{
    return error_set(operation->error, ERROR_USAGE, 0, "--cgroup \"%.200s\": %s", argument, why);
}

/* "cpu,memory" of "cpu,memory:PATH" as bits; each controller must be a hierarchy's here. */
static int parse_controllers(struct operation *operation, const char *argument, uint32_t *ret)
{
    const char *at = argument;

    for (;;) {
        size_t length = strcspn(at, ",:");
        int controller = host_cgroup_controller_find(at, length);

        if (controller < 0 || (operation->host.cgroups.controllers & 1u << controller) == 0)
            return refuse_cgroup(operation, argument,
                                 "no such controller has a hierarchy of its own on this host");
        if ((*ret & 1u << controller) != 0)
            return refuse_cgroup(operation, argument, "a controller is given twice");
        *ret |= 1u << controller;
        at += length;
        if (*at == ':')
            return 0;
        at++;
    }
}

/* "PATH" or "CONTROLLER[,CONTROLLER...]:PATH", below the container's cgroup. */
static int enter_sub_cgroup(struct operation *operation, const char *argument, uint32_t *given)
{
    const char *colon = strchr(argument, ':'), *path = argument;
    uint32_t controllers = 0;
    int r = 0;

    if (colon != NULL) {
        r = parse_controllers(operation, argument, &controllers);
        path = colon + 1;
    }
    if (r < 0)
        return r;
    if (colon == NULL ? *given != 0 : (*given & controllers) != 0)
        return refuse_cgroup(operation, argument, "another --cgroup is for the same hierarchy");
    *given |= colon == NULL ? UINT32_MAX : controllers;
    return cgroup_enter_sub(&operation->cgroup, path, controllers, operation->error);
}

/*
 * The scope of a user: only systemd may move a process into it from elsewhere, as from a login
 * session, so dray sees to it instead of the stage.
 */
static int find_scope(struct operation *operation)
{
    const struct journal_record *record = journal_find(operation->records, JOURNAL_SCOPE);
    struct plan_cgroup *cgroup = &operation_plan(operation)->cgroup;
    struct scope_record scope;

    if (record == NULL)
        return 0;
    if (scope_read_record(record->payload, record->length, &scope) < 0)
        return error_set(operation->error, ERROR_STATE_DAMAGED, EPROTO,
                         "the record of the unit is damaged");
    if (scope.user == 0)
        return 0;
    cgroup->user_manager = true;
    cgroup->scope = plan_add_string(&operation->builder, scope.unit);
    return cgroup->scope != 0 ? 0 : -ENOMEM;
}

/*
 * Where init really is, since it may have been moved since the container was made; sub-cgroups are
 * below the one that the container was given.
 */
int row_open_cgroup(struct operation *operation)
{
    const char *const *paths = operation->exec->cgroups;
    uint32_t given = 0;
    struct cgroup recorded;
    int r = undo_open_cgroup(operation->records, &recorded, operation->error);

    if (r > 0 && recorded.record.hierarchies != 0 && find_scope(operation) < 0)
        return -EINVAL;
    if (r < 0)
        return r;
    if (paths != NULL && paths[0] != NULL) {
        if (r == 0 || recorded.record.hierarchies == 0)
            return refuse_cgroup(operation, paths[0], "the container has no cgroup of its own");
        operation->cgroup = recorded;
        operation->has_cgroup = true;
        for (size_t i = 0; paths[i] != NULL; i++) {
            r = enter_sub_cgroup(operation, paths[i], &given);
            if (r < 0)
                return r;
        }
        return 0;
    }
    if (r == 0)
        return 0;
    r = cgroup_open_process(&operation->cgroup, operation->status->pid, &recorded.record,
                            operation->error);
    cgroup_done(&recorded);
    if (r < 0)
        return r;
    operation->has_cgroup = true;
    return 0;
}
