/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user namespace of a caller who is not root and whose configuration has none; in dray. */
#include "steps/idmaps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/subordinate_ids.h"
#include "io/file.h"

#define TEXT_LIMIT (4u << 20) /* /etc/passwd and /etc/subuid of a host with many users */

/* Each range is split at most once, by the own id, which is one more entry. */
#define ENTRIES_MAX (SUBORDINATE_RANGES_MAX + 2)

static int out_of_memory(struct operation *operation)
{
    return error_set(operation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot plan a user namespace");
}

/* NULL also when it is not there, or nothing one can read: then it allows nothing. */
static char *read_text(struct operation *operation, const char *path)
{
    char *text;
    size_t length;

    return file_read_all_at(AT_FDCWD, path, TEXT_LIMIT, &operation->arena, &text, &length) == 0
               ? text
               : NULL;
}

/*
 * The container's id @inside is the caller's own, those below and above it are the subordinate ids
 * in their order.
 */
static size_t fill_map(struct oci_id_mapping map[static ENTRIES_MAX],
                       const struct subordinate_range *ranges, size_t ranges_count, uint32_t inside,
                       uint32_t own)
{
    uint32_t next = inside == 0 ? 1 : 0;
    size_t count = 0;

    map[count++] = (struct oci_id_mapping){.container_id = inside, .host_id = own, .size = 1};
    for (size_t i = 0; i < ranges_count; i++) {
        struct subordinate_range left = ranges[i];

        while (left.size > 0) {
            uint32_t room = next < inside ? inside - next : UINT32_MAX - next;
            uint32_t size = left.size < room ? left.size : room;

            if (size == 0)
                return count;
            map[count++] =
                (struct oci_id_mapping){.container_id = next, .host_id = left.start, .size = size};
            left.start += size;
            left.size -= size;
            next += size;
            if (next == inside)
                next++;
        }
    }
    return count;
}

static int make_map(struct operation *operation, enum idmap_kind kind, const char *name,
                    uint32_t inside, struct oci_id_mapping **ret_map, size_t *ret_count)
{
    static const char *const paths[] = {[IDMAP_UID] = "/etc/subuid", [IDMAP_GID] = "/etc/subgid"};
    const struct host *host = &operation->host;
    struct subordinate_range ranges[SUBORDINATE_RANGES_MAX];
    char *text = idmaps_helper_exists(kind) ? read_text(operation, paths[kind]) : NULL;
    size_t count = 0;

    *ret_map = oci_arena_alloc_array(&operation->arena, ENTRIES_MAX, sizeof(**ret_map));
    if (*ret_map == NULL)
        return out_of_memory(operation);
    if (text != NULL)
        count = subordinate_ids_parse(text, name, host->effective_uid, ranges);
    if (count == 0)
        runtime_log(operation->runtime, LOG_LEVEL_WARNING,
                    "the container has no ids but the caller's own: newuidmap and newgidmap, or a "
                    "line for the user in \"%s\", are missing",
                    paths[kind]);
    *ret_count = fill_map(*ret_map, ranges, count, inside,
                          kind == IDMAP_UID ? host->effective_uid : host->effective_gid);
    return 0;
}

static int add_namespace(struct operation *operation, const char *path)
{
    struct oci_linux *linux = operation->spec->linux;
    struct oci_linux_namespace *namespaces;

    if (linux == NULL)
        linux = operation->spec->linux = oci_arena_new(&operation->arena, struct oci_linux);
    if (linux == NULL)
        return out_of_memory(operation);
    namespaces =
        oci_arena_alloc_array(&operation->arena, linux->namespaces_count + 1, sizeof(*namespaces));
    if (namespaces == NULL)
        return out_of_memory(operation);
    if (linux->namespaces_count > 0)
        memcpy(namespaces, linux->namespaces, linux->namespaces_count * sizeof(*namespaces));
    namespaces[linux->namespaces_count] =
        (struct oci_linux_namespace){.type = OCI_NAMESPACE_USER, .path = path};
    linux->namespaces = namespaces;
    linux->namespaces_count++;
    return 0;
}

static int add_new(struct operation *operation)
{
    const struct oci_user *user = operation->spec->process->user;
    char *users = read_text(operation, "/etc/passwd");
    const char *name =
        users != NULL ? subordinate_ids_find_name(users, operation->host.effective_uid) : NULL;
    struct oci_linux *linux;
    int r = add_namespace(operation, NULL);

    if (r < 0)
        return r;
    linux = operation->spec->linux;
    r = make_map(operation, IDMAP_UID, name, user != NULL ? user->uid : 0, &linux->uid_mappings,
                 &linux->uid_mappings_count);
    return r < 0 ? r
                 : make_map(operation, IDMAP_GID, name, user != NULL ? user->gid : 0,
                            &linux->gid_mappings, &linux->gid_mappings_count);
}

int idmaps_add_user_namespace(struct operation *operation)
{
    const struct oci_spec *spec = operation->spec;

    if (oci_spec_namespace(spec, OCI_NAMESPACE_USER) != NULL)
        return 0;
    if (operation->create == NULL)
        return (operation->status->namespaces & CLONE_NEWUSER) != 0
                   ? add_namespace(operation, "/proc/self/ns/user")
                   : 0;
    if ((operation->host.capabilities >> CAP_SYS_ADMIN & 1) != 0)
        return 0;
    if (operation->runtime->rootless == RUNTIME_ROOTLESS_FALSE) {
        error_set(operation->error, ERROR_NAMESPACE_FAILED, EPERM,
                  "this user can make a container only in a user namespace; the configuration has "
                  "none, and --rootless=false forbids to add one");
        error_set_pointer(operation->error, "/linux/namespaces");
        return -EPERM;
    }
    if (operation->runtime->rootless == RUNTIME_ROOTLESS_AUTO && operation->host.effective_uid == 0)
        return 0;
    return add_new(operation);
}
