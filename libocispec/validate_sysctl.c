/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which sysctls a container may have: those that a namespace of its own keeps from the host.
 */
#include <string.h>

#include "validate.h"

struct sysctl_rule {
    const char *name; /* with dots; a dot at the end stands for everything below */
    enum oci_namespace_type type;
};

static const struct sysctl_rule rules[] = {
    {"net.", OCI_NAMESPACE_NETWORK},
    {"fs.mqueue.", OCI_NAMESPACE_IPC},
    {"kernel.auto_msgmni", OCI_NAMESPACE_IPC},
    {"kernel.msg_next_id", OCI_NAMESPACE_IPC},
    {"kernel.msgmax", OCI_NAMESPACE_IPC},
    {"kernel.msgmnb", OCI_NAMESPACE_IPC},
    {"kernel.msgmni", OCI_NAMESPACE_IPC},
    {"kernel.sem", OCI_NAMESPACE_IPC},
    {"kernel.sem_next_id", OCI_NAMESPACE_IPC},
    {"kernel.shm_next_id", OCI_NAMESPACE_IPC},
    {"kernel.shm_rmid_forced", OCI_NAMESPACE_IPC},
    {"kernel.shmall", OCI_NAMESPACE_IPC},
    {"kernel.shmmax", OCI_NAMESPACE_IPC},
    {"kernel.shmmni", OCI_NAMESPACE_IPC},
    {"kernel.domainname", OCI_NAMESPACE_UTS},
    {"kernel.hostname", OCI_NAMESPACE_UTS},
    {"user.", OCI_NAMESPACE_USER},
};

/*
 * As sysctl(8) has it: the first separator, a dot or a slash, is the one between components; the
 * other stands for itself within them.  Writes the key with dots between components.
 * False when a component is empty or leads elsewhere.
 */
static bool normalise(const char *key, char *out, size_t size)
{
    size_t length = strlen(key);
    const char *first = strpbrk(key, "./");
    size_t start = 0;

    if (length >= size || first == NULL)
        return false;
    for (size_t i = 0; i < length; i++) {
        out[i] = key[i];
        if (key[i] == '.' && *first == '/')
            out[i] = '/';
        else if (key[i] == '/' && *first == '/')
            out[i] = '.';
    }
    out[length] = '\0';
    for (;;) {
        size_t part = strcspn(out + start, ".");

        /* Within a component "/" is a dot of the file's name. */
        if (part == 0 || strspn(out + start, "/") >= part)
            return false;
        start += part;
        if (out[start] == '\0')
            return true;
        start++;
    }
}

static const struct sysctl_rule *find_rule(const char *name)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        size_t length = strlen(rules[i].name);

        if (rules[i].name[length - 1] == '.' ? strncmp(name, rules[i].name, length) == 0
                                             : strcmp(name, rules[i].name) == 0)
            return &rules[i];
    }
    return NULL;
}

static void validate_uts_conflict(struct validation *validation, const struct place *entry,
                                  const char *name, const struct oci_spec *spec)
{
    if (strcmp(name, "kernel.hostname") == 0 && !text_is_empty(spec->hostname))
        validation_refuse(validation, entry, OCI_FAULT_CONFLICT,
                          "the sysctl kernel.hostname conflicts with \"hostname\"");
    if (strcmp(name, "kernel.domainname") == 0 && !text_is_empty(spec->domainname))
        validation_refuse(validation, entry, OCI_FAULT_CONFLICT,
                          "the sysctl kernel.domainname conflicts with \"domainname\"");
}

void validate_sysctl(struct validation *validation, const struct oci_spec *spec)
{
    const struct place *place = PLACE_KEY(PLACE_KEY(NULL, "linux"), "sysctl");
    const struct oci_string_map *sysctl = &spec->linux->sysctl;

    for (size_t i = 0; i < sysctl->count; i++) {
        const char *key = sysctl->items[i].key;
        const struct place *entry = PLACE_KEY(place, key);
        const struct sysctl_rule *rule;
        char name[256];

        if (!normalise(key, name, sizeof(name))) {
            validation_refuse(validation, entry, OCI_FAULT_VALUE,
                              "\"%.100s\" is not the name of a sysctl", key);
            continue;
        }
        rule = find_rule(name);
        if (rule == NULL)
            validation_refuse(validation, entry, OCI_FAULT_VALUE,
                              "the sysctl %.100s belongs to no namespace, the host's would be "
                              "changed",
                              key);
        else if (oci_spec_namespace(spec, rule->type) == NULL)
            validation_refuse(validation, entry, OCI_FAULT_CONFLICT,
                              "the sysctl %.100s needs a %s namespace, the host's would be changed",
                              key, oci_namespace_type_name(rule->type));
        else
            validate_uts_conflict(validation, entry, name, spec);
        if (strchr(sysctl->items[i].value, '\n') != NULL)
            validation_refuse(validation, entry, OCI_FAULT_VALUE,
                              "the value of the sysctl %.100s has more than one line", key);
    }
}
