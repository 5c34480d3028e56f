/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/annotations.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/planner.h"

#define SAFE   false
#define UNSAFE true

#define PLUGINS_LENGTH 4096 /* what the helper takes (helper/protocol.h) */

const struct annotation_row annotation_rows[ANNOTATION_COUNT] = {
#define ANNOTATION(identifier, name, safety, meaning) \
    [ANNOTATION_##identifier] = {name, meaning, safety},
#include "plan/annotations.def"
#undef ANNOTATION
};

const char *annotation_get(const struct oci_spec *spec, enum annotation annotation)
{
    return oci_string_map_get(&spec->annotations, annotation_rows[annotation].name);
}

int annotation_refuse(enum annotation annotation, enum error_code code, struct error *error,
                      const char *format, ...)
{
    char message[sizeof(error->message)];
    va_list arguments;
    int r;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    r = error_set(error, code, 0, "%s", message);
    error_set_pointer(error, "/annotations/%s", annotation_rows[annotation].name);
    return r;
}

int annotation_get_flag(const struct oci_spec *spec, enum annotation annotation, bool *ret,
                        struct error *error)
{
    const char *value = annotation_get(spec, annotation);
    bool yes = value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);

    if (value != NULL && !yes && strcmp(value, "0") != 0 && strcmp(value, "false") != 0)
        return annotation_refuse(annotation, ERROR_CONFIG_VALUE, error,
                                 "\"%.100s\" is neither 0, 1, true nor false", value);
    *ret = yes;
    return 0;
}

int annotation_get_path(const struct oci_spec *spec, enum annotation annotation, const char **ret,
                        struct error *error)
{
    const char *value = annotation_get(spec, annotation);

    if (value != NULL && value[0] != '/')
        return annotation_refuse(annotation, ERROR_CONFIG_VALUE, error,
                                 "\"%.100s\" is not an absolute path", value);
    *ret = value;
    return 0;
}

/*
 * What would run the program instead of the kernel.  A pod's annotations reach its sandbox as well,
 * which is never what a handler is for.
 */
static int refuse_handlers(const struct oci_spec *spec, struct error *error)
{
    const char *type = annotation_get(spec, ANNOTATION_CONTAINER_TYPE);
    const char *handler = annotation_get(spec, ANNOTATION_HANDLER);
    const char *variant = annotation_get(spec, ANNOTATION_WASM_VARIANT);

    if (type != NULL && strcmp(type, "sandbox") == 0)
        return 0;
    if (handler != NULL && handler[0] != '\0')
        return annotation_refuse(ANNOTATION_HANDLER, ERROR_NOT_SUPPORTED, error,
                                 "this runtime has no handler \"%.100s\"", handler);
    if (variant != NULL && strcmp(variant, "compat") == 0) {
        error_set_pointer(error, "/annotations/module.wasm.image~1variant");
        return error_set(error, ERROR_NOT_SUPPORTED, 0,
                         "this runtime has no handler for WebAssembly");
    }
    return 0;
}

/* Names as dlopen(3) looks them up, or absolute paths; a relative one would depend on the caller.
 */
static int check_plugins(const struct oci_spec *spec, struct error *error)
{
    const char *list = annotation_get(spec, ANNOTATION_SECCOMP_PLUGINS);
    size_t count = 0;

    if (list == NULL)
        return 0;
    if (strlen(list) >= PLUGINS_LENGTH)
        return annotation_refuse(ANNOTATION_SECCOMP_PLUGINS, ERROR_CONFIG_TOO_LARGE, error,
                                 "the list of seccomp plugins is too long");
    for (const char *name = list; *name != '\0';) {
        size_t length = strcspn(name, ":");

        if (length > 0 && name[0] != '/' && memchr(name, '/', length) != NULL)
            return annotation_refuse(ANNOTATION_SECCOMP_PLUGINS, ERROR_CONFIG_VALUE, error,
                                     "\"%.*s\" is neither an absolute path nor a mere name",
                                     length < 200 ? (int)length : 200, name);
        count += length > 0;
        name += length;
        name += *name == ':';
    }
    if (count == 0)
        return annotation_refuse(ANNOTATION_SECCOMP_PLUGINS, ERROR_CONFIG_VALUE, error,
                                 "the list names no seccomp plugin");
    return 0;
}

/* Values whose readers look at them only when something else in the configuration asks for that. */
static int check_values(const struct oci_spec *spec, struct error *error)
{
    static const enum annotation paths[] = {ANNOTATION_SECCOMP_RECEIVER, ANNOTATION_HOOKS_STDOUT,
                                            ANNOTATION_HOOKS_STDERR, ANNOTATION_FORCE_CGROUP_V1};
    const char *path;
    bool flag;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int r = annotation_get_path(spec, paths[i], &path, error);

        if (r < 0)
            return r;
    }
    return annotation_get_flag(spec, ANNOTATION_SECCOMP_FAIL_UNKNOWN, &flag, error);
}

int plan_annotations(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_spec *spec = input->spec;
    bool systemd = input->cgroup_manager == PLAN_CGROUP_SYSTEMD;
    int r = refuse_handlers(spec, builder->error);

    if (r == 0)
        r = check_values(spec, builder->error);
    if (r == 0)
        r = check_plugins(spec, builder->error);
    if (r < 0)
        return r;
    if (annotation_get(spec, ANNOTATION_SYSTEMD_SUBGROUP) != NULL && !systemd)
        plan_warn(builder, ORIGIN_NONE, 0,
                  "the annotation \"%s\" is ignored: systemd does not make the cgroup",
                  annotation_rows[ANNOTATION_SYSTEMD_SUBGROUP].name);
    return 0;
}
