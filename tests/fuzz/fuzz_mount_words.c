/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans one mount from any bytes: the first line is the destination, then type, source and one
 * option a line.
 *
 * Besides not crashing: a refusal says what is wrong and where; a destination is clean; no mount
 * gets inside /proc unless it is marked; no attribute is both set and cleared but for access times,
 * whose field is cleared to be set.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/syscalls.h"
#include "plan/plan_rootfs_parts.h"
#include "plan/planner.h"

#define DEMAND(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define LINES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts @text into lines; empty ones count.  Returns how many. */
static size_t cut(char *text, const char **lines)
{
    size_t count = 0;

    while (count < LINES_MAX) {
        char *end = strchr(text, '\n');

        lines[count++] = text;
        if (end == NULL)
            break;
        *end = '\0';
        text = end + 1;
    }
    return count;
}

static void check_destination(const char *destination, const char *given)
{
    DEMAND(destination[0] == '/');
    DEMAND(strstr(destination, "//") == NULL);
    DEMAND(destination[1] == '\0' || destination[strlen(destination) - 1] != '/');
    for (const char *part = destination; part != NULL; part = strchr(part + 1, '/')) {
        size_t length = strcspn(part + 1, "/");

        DEMAND(!(length == 1 && part[1] == '.'));
        DEMAND(!(length == 2 && part[1] == '.' && part[2] == '.'));
    }
    if (strstr(given, "..") == NULL)
        DEMAND(plan_path_is(given, destination));
}

static void check_mount(const struct plan *plan, const struct plan_mount *mount, const char *given)
{
    const char *destination = plan_text(plan, mount->destination);
    const uint64_t known = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                           MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME |
                           MOUNT_ATTR_NOSYMFOLLOW;
    const uint64_t once = known & ~(uint64_t)MOUNT_ATTR__ATIME;

    check_destination(destination, given);
    DEMAND(strncmp(destination, "/proc/", 6) != 0 || mount->flags & PLAN_MOUNT_ON_PROC);
    DEMAND((mount->attributes_set & ~known) == 0 && (mount->attributes_clear & ~known) == 0);
    DEMAND((mount->attributes_set & mount->attributes_clear & once) == 0);
    DEMAND((mount->recursive_set & mount->recursive_clear & once) == 0);
    DEMAND(mount->kind != PLAN_MOUNT_BIND || mount->data.count == 0);
    DEMAND(mount->descriptor == -1);
    if (mount->uid_map.count + mount->gid_map.count > 0)
        DEMAND(mount->flags & PLAN_MOUNT_IDMAP && mount->uid_map.count > 0 &&
               mount->gid_map.count > 0);
}

static void plan_lines(const char **lines, size_t count)
{
    struct oci_mount mount = {.destination = lines[0]};
    struct oci_id_mapping map = {.container_id = 0, .host_id = 100000, .size = 65536};
    struct oci_linux_namespace namespaces[] = {{.type = OCI_NAMESPACE_MOUNT},
                                               {.type = OCI_NAMESPACE_USER}};
    struct oci_linux linux_part = {.namespaces = namespaces,
                                   .namespaces_count = 2,
                                   .uid_mappings = &map,
                                   .uid_mappings_count = 1,
                                   .gid_mappings = &map,
                                   .gid_mappings_count = 1};
    struct oci_root root = {.path = "rootfs"};
    const struct oci_spec spec = {
        .root = &root, .mounts = &mount, .mounts_count = 1, .linux = &linux_part};
    const struct host host = {.cgroups = {.layout = HOST_CGROUP_V2}};
    const struct plan_input input = {
        .spec = &spec, .host = &host, .id = "x", .bundle = "/bundle", .privileged = true};
    struct plan_builder builder;
    struct error error = {0};

    if (count > 1 && lines[1][0] != '\0')
        mount.type = lines[1];
    if (count > 2 && lines[2][0] != '\0')
        mount.source = lines[2];
    if (count > 3)
        mount.options = (struct oci_strings){.items = lines + 3, .count = count - 3, .set = true};
    DEMAND(plan_builder_init(&builder, 65536, &error) == 0);
    if (plan_rootfs(&input, &builder) == 0)
        check_mount(builder.plan,
                    plan_items(builder.plan, builder.plan->rootfs.mounts, struct plan_mount),
                    mount.destination);
    else
        DEMAND(error.code != ERROR_NONE && error.message[0] != '\0' &&
               strncmp(error.pointer, "/mounts/0", 9) == 0);
    plan_builder_done(&builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *lines[LINES_MAX + 1] = {NULL};
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    plan_lines(lines, cut(text, lines));
    free(text);
    return 0;
}
