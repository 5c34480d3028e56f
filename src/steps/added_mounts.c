/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steps/added_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "io/file.h"
#include "ocispec/ocispec.h"
#include "state/directory.h"

#define TABLE_LIMIT (64u << 20)

static const struct oci_row item_rows[] = {
    OCI_ROW_STRING(struct added_mount, "destination", destination, OCI_REQUIRED),
    OCI_ROW_U64(struct added_mount, "id", id, OCI_ALWAYS),
};
static const struct oci_table item_table = OCI_TABLE(struct added_mount, "added mount", item_rows);

static const struct oci_row list_rows[] = {
    OCI_ROW_OBJECTS(struct added_mounts, "mounts", items, OCI_REQUIRED, struct added_mount,
                    &item_table),
};
static const struct oci_table list_table =
    OCI_TABLE(struct added_mounts, "added mounts", list_rows);

/* proc_pid_mountinfo(5): what would break a line is octal. */
static char *copy_unescaped(const char *text, size_t length, struct oci_arena *arena)
{
    char *copy = oci_arena_copy(arena, text, length), *out = copy;

    if (copy == NULL)
        return NULL;
    for (const char *c = copy; *c != '\0'; c++) {
        if (c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' && c[2] <= '7' &&
            c[3] >= '0' && c[3] <= '7') {
            *out++ = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0'));
            c += 3;
        } else {
            *out++ = *c;
        }
    }
    *out = '\0';
    return copy;
}

const char *added_mounts_find_path(const char *table, uint64_t id, struct oci_arena *arena)
{
    while (*table != '\0') {
        const char *at = table;
        uint64_t found;

        if (parse_u64_prefix(&at, &found) == 0 && found == id) {
            /* the fifth field: mount, parent, device, root, mount point */
            for (int field = 0; field < 4; field++) {
                at += strcspn(at, " \n");
                at += *at == ' ';
            }
            return copy_unescaped(at, strcspn(at, " \n"), arena);
        }
        table += strcspn(table, "\n");
        table += *table == '\n';
    }
    return NULL;
}

static int read_list(int directory, struct oci_arena *arena, struct added_mounts **ret)
{
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    size_t length;
    char *text;
    void *list;
    int r = file_read_all_at(directory, STATE_ADDED_MOUNTS, OCI_SIZE_LIMIT, arena, &text, &length);

    if (r == 0)
        r = oci_parse(&list_table, arena, text, length, &list, &report);
    if (r == 0)
        *ret = list;
    return r;
}

int added_mounts_read(int directory, int pid, size_t more, struct oci_arena *arena,
                      struct added_mounts *ret, struct error *error)
{
    struct added_mounts none = {0}, *saved = &none, list = {0};
    char path[48], *table;
    size_t length;
    int r = read_list(directory, arena, &saved);

    if (r < 0 && r != -ENOENT)
        return error_set(error, r == -ENOMEM ? ERROR_OUT_OF_MEMORY : ERROR_STATE_DAMAGED, -r,
                         "cannot read the list of mounts that were added");
    snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
    r = file_read_all_at(AT_FDCWD, path, TABLE_LIMIT, arena, &table, &length);
    if (r < 0)
        return error_set(error, ERROR_CONTAINER_NOT_RUNNING, -r,
                         "cannot read the mount table of the container: container not running");
    list.items = oci_arena_alloc_array(arena, saved->items_count + more + 1, sizeof(*list.items));
    if (list.items == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot list the added mounts");
    for (size_t i = 0; i < saved->items_count; i++) {
        struct added_mount *item = &list.items[list.items_count];

        *item = saved->items[i];
        item->path = added_mounts_find_path(table, item->id, arena);
        list.items_count += item->path != NULL;
    }
    *ret = list;
    return 0;
}

const struct added_mount *added_mounts_find(const struct added_mounts *list,
                                            const char *destination)
{
    for (size_t i = 0; i < list->items_count; i++) {
        if (strcmp(list->items[i].destination, destination) == 0)
            return &list->items[i];
    }
    return NULL;
}

int added_mounts_write(int directory, const struct added_mounts *list, struct oci_arena *arena,
                       struct error *error)
{
    const char *text;
    size_t length;
    int r = oci_write(&list_table, list, OCI_WRITE_COMPACT, arena, &text, &length);

    if (r == 0)
        r = file_replace_at(directory, STATE_ADDED_MOUNTS, text, length, 0600);
    if (r < 0)
        return error_set(error, ERROR_STATE_WRITE, -r, "cannot save which mounts were added");
    return 0;
}
