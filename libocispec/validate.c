/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules for config.json as a whole, and what all rules share. */
#include "validate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"

static void build_pointer(const struct place *place, char *pointer, size_t size)
{
    if (place == NULL)
        return;
    build_pointer(place->parent, pointer, size);
    if (place->key != NULL)
        fault_pointer_append(pointer, size, place->key, strlen(place->key));
    else
        fault_pointer_append_index(pointer, size, place->index);
}

/* Messages quote text of the document. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static void __attribute__((format(printf, 5, 0)))
refuse(struct validation *validation, const struct place *place, enum oci_fault_kind kind,
       const char *suggestion, const char *format, va_list arguments)
{
    struct oci_fault fault = {.kind = kind, .offset = FAULT_NO_OFFSET};

    if (validation->stopped)
        return;
    build_pointer(place, fault.pointer, sizeof(fault.pointer));
    vsnprintf(fault.message, sizeof(fault.message), format, arguments);
    make_printable(fault.message);
    if (suggestion != NULL)
        fault_set_text(fault.suggestion, sizeof(fault.suggestion), suggestion);
    validation->faults++;
    validation->stopped = oci_report_add(validation->report, &fault);
}

void validation_refuse(struct validation *validation, const struct place *place,
                       enum oci_fault_kind kind, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    refuse(validation, place, kind, NULL, format, arguments);
    va_end(arguments);
}

void validation_refuse_word(struct validation *validation, const struct place *place,
                            const char *word, const char *const *candidates, const char *format,
                            ...)
{
    va_list arguments;

    va_start(arguments, format);
    refuse(validation, place, OCI_FAULT_VALUE, oci_suggest(word, strlen(word), candidates), format,
           arguments);
    va_end(arguments);
}

bool form_is_absolute(const char *path)
{
    return path[0] == '/';
}

bool form_has_dot_dot(const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        if (length == 2 && path[0] == '.' && path[1] == '.')
            return true;
        path += length + (path[length] == '/' ? 1 : 0);
    }
    return false;
}

/* Takes a number and the blanks around it off *@text. */
static bool take_number(const char **text, uint64_t *ret)
{
    const char *at = *text + strspn(*text, " ");
    size_t digits = strspn(at, "0123456789");
    uint64_t number = 0;

    if (digits == 0 || digits > 9)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint64_t)(at[i] - '0');
    at += digits;
    *text = at + strspn(at, " ");
    *ret = number;
    return true;
}

bool form_is_number_list(const char *text)
{
    if (*text == '\0')
        return true;
    for (;;) {
        uint64_t first, last;

        if (!take_number(&text, &first))
            return false;
        if (*text == '-') {
            text++;
            if (!take_number(&text, &last) || last < first)
                return false;
        }
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}

bool form_is_interface_name(const char *name, size_t length)
{
    if (length == 0 || length > 15 || (length == 1 && name[0] == '.') ||
        (length == 2 && name[0] == '.' && name[1] == '.'))
        return false;
    for (size_t i = 0; i < length; i++)
        if (strchr("/:% \t\n\v\f\r", name[i]) != NULL)
            return false;
    return true;
}

void validate_env(struct validation *validation, const struct place *place,
                  const struct oci_strings *env)
{
    for (size_t i = 0; i < env->count; i++) {
        const char *entry = env->items[i];

        if (entry[0] == '=')
            validation_refuse(validation, PLACE_ENTRY(place, i), OCI_FAULT_VALUE,
                              "the environment variable \"%.100s\" has no name", entry);
        else if (strchr(entry, '=') == NULL)
            validation_refuse(validation, PLACE_ENTRY(place, i), OCI_FAULT_VALUE,
                              "the environment variable \"%.100s\" has no \"=\"", entry);
    }
}

static bool ranges_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
    return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

#define ID_MAPPINGS_MAX 340 /* the kernel's limit, user_namespaces(7) */

void validate_id_mappings(struct validation *validation, const struct place *place,
                          const struct oci_id_mapping *mappings, size_t count)
{
    if (count > ID_MAPPINGS_MAX) {
        validation_refuse(validation, place, OCI_FAULT_RANGE,
                          "there are %zu ID mappings, the kernel takes at most %d", count,
                          ID_MAPPINGS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct oci_id_mapping *mapping = &mappings[i];
        const struct place *entry = PLACE_ENTRY(place, i);

        if (mapping->size == 0)
            validation_refuse(validation, PLACE_KEY(entry, "size"), OCI_FAULT_RANGE,
                              "the size of an ID mapping must be at least 1");
        if ((uint64_t)mapping->container_id + mapping->size > UINT32_MAX ||
            (uint64_t)mapping->host_id + mapping->size > UINT32_MAX)
            validation_refuse(validation, PLACE_KEY(entry, "size"), OCI_FAULT_RANGE,
                              "the ID mapping reaches beyond 4294967294");
        for (size_t j = 0; j < i; j++) {
            bool inside = ranges_overlap(mapping->container_id, mapping->size,
                                         mappings[j].container_id, mappings[j].size);
            bool outside = ranges_overlap(mapping->host_id, mapping->size, mappings[j].host_id,
                                          mappings[j].size);

            if (inside || outside)
                validation_refuse(validation, entry, OCI_FAULT_CONFLICT,
                                  "the %s IDs of mappings %zu and %zu overlap",
                                  inside ? "container" : "host", j, i);
        }
    }
}

/* Digits without a leading 0. */
static bool take_version_part(const char **at)
{
    size_t digits = strspn(*at, "0123456789");

    if (digits == 0 || digits > 9 || (digits > 1 && **at == '0'))
        return false;
    *at += digits;
    return true;
}

/* Dot-separated names behind "-" or "+". */
static bool take_version_names(const char **at)
{
    do {
        size_t length;

        (*at)++;
        length = strspn(*at, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
        if (length == 0)
            return false;
        *at += length;
    } while (**at == '.');
    return true;
}

/* Semantic Versioning 2.0.0 */
static bool is_version(const char *version)
{
    for (int part = 0; part < 3; part++) {
        if (part > 0 && *version++ != '.')
            return false;
        if (!take_version_part(&version))
            return false;
    }
    if (*version == '-' && !take_version_names(&version))
        return false;
    if (*version == '+' && !take_version_names(&version))
        return false;
    return *version == '\0';
}

static void validate_version(struct validation *validation, const char *version)
{
    const struct place *place = PLACE_KEY(NULL, "ociVersion");

    if (!is_version(version))
        validation_refuse(validation, place, OCI_FAULT_VERSION,
                          "\"%.60s\" is not a version such as 1.2.0", version);
    else if (strncmp(version, "1.", 2) != 0)
        validation_refuse(validation, place, OCI_FAULT_VERSION,
                          "version %.60s of the specification is not supported, 1.0.0 to 1.x are",
                          version);
}

static void validate_root(struct validation *validation, const struct oci_root *root)
{
    const struct place *place = PLACE_KEY(NULL, "root");

    if (root == NULL)
        validation_refuse(validation, place, OCI_FAULT_MISSING,
                          "\"root\" is required: the container has no root file system");
    else if (root->path[0] == '\0')
        validation_refuse(validation, PLACE_KEY(place, "path"), OCI_FAULT_VALUE,
                          "the path of the root file system is empty");
}

#define UTS_NAME_MAX 64 /* __NEW_UTS_LEN of the kernel */

static void validate_uts_name(struct validation *validation, const struct oci_spec *spec,
                              const char *key, const char *name)
{
    if (text_is_empty(name))
        return;
    if (strlen(name) > UTS_NAME_MAX)
        validation_refuse(validation, PLACE_KEY(NULL, key), OCI_FAULT_VALUE,
                          "\"%s\" is longer than %d bytes", key, UTS_NAME_MAX);
    if (oci_spec_namespace(spec, OCI_NAMESPACE_UTS) == NULL)
        validation_refuse(validation, PLACE_KEY(NULL, key), OCI_FAULT_CONFLICT,
                          "\"%s\" needs a uts namespace, the host's would be changed", key);
}

static void validate_annotations(struct validation *validation,
                                 const struct oci_string_map *annotations)
{
    for (size_t i = 0; i < annotations->count; i++)
        if (annotations->items[i].key[0] == '\0')
            validation_refuse(validation, PLACE_KEY(NULL, "annotations"), OCI_FAULT_VALUE,
                              "the key of an annotation is empty");
}

static void validate_platforms(struct validation *validation, const struct oci_spec *spec)
{
    const struct {
        const char *key;
        bool used;
    } platforms[] = {
        {"solaris", spec->solaris != NULL}, {"windows", spec->windows != NULL},
        {"vm", spec->vm != NULL},           {"zos", spec->zos != NULL},
        {"freebsd", spec->freebsd != NULL},
    };

    for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++)
        if (platforms[i].used)
            validation_refuse(
                validation, PLACE_KEY(NULL, platforms[i].key), OCI_FAULT_NOT_SUPPORTED,
                "\"%s\" is not supported, containers are made for Linux here", platforms[i].key);
}

static int result(const struct validation *validation)
{
    return validation->faults == 0 ? 0 : -EINVAL;
}

int oci_spec_validate(const struct oci_spec *spec, unsigned flags, struct oci_report *report)
{
    struct validation validation = {.report = report, .spec = spec, .flags = flags};

    validate_version(&validation, spec->oci_version);
    validate_platforms(&validation, spec);
    validate_root(&validation, spec->root);
    if (spec->process != NULL)
        validate_process(&validation, PLACE_KEY(NULL, "process"), spec->process);
    else if ((flags & OCI_VALIDATE_RUNNABLE) != 0)
        validation_refuse(&validation, PLACE_KEY(NULL, "process"), OCI_FAULT_MISSING,
                          "\"process\" is required: there is no program to start");
    validate_uts_name(&validation, spec, "hostname", spec->hostname);
    validate_uts_name(&validation, spec, "domainname", spec->domainname);
    validate_mounts(&validation, spec);
    if (spec->hooks != NULL)
        validate_hooks(&validation, spec->hooks);
    validate_annotations(&validation, &spec->annotations);
    if (spec->linux != NULL)
        validate_linux(&validation, spec);
    return result(&validation);
}

int oci_process_validate(const struct oci_process *process, unsigned flags,
                         struct oci_report *report)
{
    struct validation validation = {.report = report, .flags = flags};

    validate_process(&validation, NULL, process);
    return result(&validation);
}

int oci_linux_resources_validate(const struct oci_linux_resources *resources,
                                 struct oci_report *report)
{
    struct validation validation = {.report = report};

    validate_resources(&validation, NULL, resources);
    return result(&validation);
}
