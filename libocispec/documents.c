/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oci_parse() with the structs' own types, and small look-ups. */
#include <string.h>

#include "ocispec/ocispec.h"

#define PARSE(name)                                                                   \
    int oci_##name##_parse(struct oci_arena *arena, const char *text, size_t length,  \
                           struct oci_##name **ret, struct oci_report *report)        \
    {                                                                                 \
        void *object;                                                                 \
        int r = oci_parse(&oci_##name##_table, arena, text, length, &object, report); \
                                                                                      \
        if (r == 0)                                                                   \
            *ret = object;                                                            \
        return r;                                                                     \
    }
PARSE(spec)
PARSE(process)
PARSE(linux_resources)
PARSE(mount)
PARSE(state)
PARSE(features)
PARSE(container_process_state)

const char *oci_string_map_get(const struct oci_string_map *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i].key, key) == 0)
            return map->items[i].value;
    return NULL;
}

const struct oci_linux_namespace *oci_spec_namespace(const struct oci_spec *spec,
                                                     enum oci_namespace_type type)
{
    const struct oci_linux *linux = spec->linux;

    for (size_t i = 0; linux != NULL && i < linux->namespaces_count; i++)
        if (linux->namespaces[i].type == type)
            return &linux->namespaces[i];
    return NULL;
}
