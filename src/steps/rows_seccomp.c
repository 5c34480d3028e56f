/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows for the seccomp filter: its program, and the agent that its notifications go to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/annotations.h"
#include "security/seccomp_build.h"
#include "security/seccomp_kernel.h"
#include "security/seccomp_raw.h"
#include "steps/rows.h"

#define RECEIVER_VARIABLE "RUN_OCI_SECCOMP_RECEIVER"

static const struct oci_linux_seccomp *find_profile(const struct oci_spec *spec)
{
    return spec->linux != NULL ? spec->linux->seccomp : NULL;
}

static bool has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The annotation, or else linux.seccomp.listenerPath, or else the caller's environment. */
static int find_receiver(const struct oci_spec *spec, const char **ret, struct error *error)
{
    const struct oci_linux_seccomp *profile = find_profile(spec);
    const char *variable = getenv(RECEIVER_VARIABLE);
    int r = annotation_get_path(spec, ANNOTATION_SECCOMP_RECEIVER, ret, error);

    if (r < 0 || *ret != NULL)
        return r;
    if (profile != NULL && has_text(profile->listener_path))
        *ret = profile->listener_path;
    else if (has_text(variable) && variable[0] != '/')
        return error_set(error, ERROR_USAGE, 0,
                         "\"%.200s\" in the environment variable " RECEIVER_VARIABLE
                         " is not an absolute path",
                         variable);
    else if (has_text(variable))
        *ret = variable;
    return 0;
}

unsigned seccomp_validate_flags(const struct oci_spec *spec)
{
    bool named = annotation_get(spec, ANNOTATION_SECCOMP_RECEIVER) != NULL ||
                 annotation_get(spec, ANNOTATION_SECCOMP_PLUGINS) != NULL;

    return named || has_text(getenv(RECEIVER_VARIABLE)) ? OCI_VALIDATE_SECCOMP_RECEIVER : 0;
}

/* Whether dray stays as long as the process does. */
static bool is_attached(const struct operation *operation)
{
    if (operation->exec != NULL)
        return !operation->exec->detach;
    return operation->restore == NULL && operation->create->run && !operation->create->detach;
}

/* Plugins live in a helper of dray's, so they take a dray that stays; and they are the agent. */
static int check_plugins(struct operation *operation, const char *receiver)
{
    if (receiver != NULL)
        return annotation_refuse(ANNOTATION_SECCOMP_PLUGINS, ERROR_CONFIG_CONFLICT,
                                 operation->error,
                                 "seccomp notifications go either to plugins or to the agent "
                                 "\"%.200s\"",
                                 receiver);
    if (!is_attached(operation))
        return annotation_refuse(ANNOTATION_SECCOMP_PLUGINS, ERROR_NOT_SUPPORTED, operation->error,
                                 "seccomp plugins serve what run or exec attends to its end; an "
                                 "agent (linux.seccomp.listenerPath) serves what is detached");
    return 0;
}

/* A program that comes ready made stands in for the profile. */
static int make_program(struct operation *operation, bool has_receiver, struct seccomp_program *ret)
{
    const struct oci_spec *spec = operation->spec;
    const struct oci_linux_seccomp *profile = find_profile(spec);
    const char *raw = annotation_get(spec, ANNOTATION_SECCOMP_BPF_DATA);
    struct seccomp_build_options options = {.has_receiver = has_receiver};
    int r;

    if (raw != NULL)
        return seccomp_decode(raw, &operation->arena, ret, operation->error);
    r = annotation_get_flag(spec, ANNOTATION_SECCOMP_FAIL_UNKNOWN, &options.fail_on_unknown_syscall,
                            operation->error);
    if (r < 0)
        return r;
    options.kernel_flags = profile->flags_count > 0 ? seccomp_kernel_flags() : 0;
    return seccomp_build(profile, &options, &operation->arena, ret, operation->error);
}

int row_seccomp_filter(struct operation *operation)
{
    const struct oci_spec *spec = operation->spec;
    const struct oci_linux_seccomp *profile = find_profile(spec);
    struct plan_seccomp *seccomp = &operation_plan(operation)->process.seccomp;
    struct plan_builder *builder = &operation->builder;
    struct seccomp_program program;
    struct sock_filter *instructions;
    const char *receiver = NULL, *plugins = annotation_get(spec, ANNOTATION_SECCOMP_PLUGINS);
    int r;

    if (profile == NULL && annotation_get(spec, ANNOTATION_SECCOMP_BPF_DATA) == NULL)
        return 0;
    r = find_receiver(spec, &receiver, operation->error);
    if (r == 0)
        r = make_program(operation, receiver != NULL || plugins != NULL, &program);
    if (r < 0)
        return r;
    if (program.uses_notify && plugins != NULL)
        r = check_plugins(operation, receiver);
    if (r < 0)
        return r;
    if (program.uses_notify && receiver == NULL && plugins == NULL)
        return annotation_refuse(ANNOTATION_SECCOMP_BPF_DATA, ERROR_SECCOMP_INVALID,
                                 operation->error,
                                 "the filter notifies an agent, but no one says where that is");
    instructions =
        plan_add_array(builder, sizeof(*instructions), program.count, &seccomp->instructions);
    if (instructions == NULL)
        return -ENOMEM;
    memcpy(instructions, program.instructions, program.count * sizeof(*instructions));
    seccomp->flags = program.flags;
    seccomp->listener = program.uses_notify;
    seccomp->listener_path = plan_add_string(builder, receiver);
    seccomp->plugins = plan_add_string(builder, plugins);
    if (profile != NULL)
        seccomp->listener_metadata = plan_add_string(builder, profile->listener_metadata);
    return 0;
}
