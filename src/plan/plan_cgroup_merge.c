/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What holds of a container's resources after an update: the old ones with the new ones on top, as
 * the kernel's files have it.  Runs in dray only.
 */
#include <errno.h>
#include <string.h>

#include "ocispec/ocispec.h"
#include "plan/plan_cgroup_resources.h"

/* An array whose entries are known by a key. */
struct keyed {
    void *items;
    size_t count;
    size_t size; /* of an entry */
    bool (*same)(const void *a, const void *b);
};

/* Puts the entries of @update into @list: in place of those with the same key, or behind. */
static int merge_list(struct keyed *list, const void *update, size_t count, struct oci_arena *arena)
{
    char *items;

    if (count == 0)
        return 0;
    items = oci_arena_alloc_array(arena, list->count + count, list->size);
    if (items == NULL)
        return -ENOMEM;
    if (list->count > 0)
        memcpy(items, list->items, list->count * list->size);
    for (size_t i = 0; i < count; i++) {
        const char *entry = (const char *)update + i * list->size;
        size_t place = 0;

        while (place < list->count && !list->same(items + place * list->size, entry))
            place++;
        memcpy(items + place * list->size, entry, list->size);
        list->count += place == list->count;
    }
    list->items = items;
    return 0;
}

#define MERGE_LIST(merged, update, member, same_, arena)                                  \
    ({                                                                                    \
        struct keyed list_ = {(merged)->member, (merged)->member##_count,                 \
                              sizeof(*(merged)->member), (same_)};                        \
        int r_ = merge_list(&list_, (update)->member, (update)->member##_count, (arena)); \
                                                                                          \
        (merged)->member = list_.items;                                                   \
        (merged)->member##_count = list_.count;                                           \
        r_;                                                                               \
    })

static bool same_weight_device(const void *a, const void *b)
{
    const struct oci_linux_weight_device *left = a, *right = b;

    return left->major == right->major && left->minor == right->minor;
}

static bool same_throttle_device(const void *a, const void *b)
{
    const struct oci_linux_throttle_device *left = a, *right = b;

    return left->major == right->major && left->minor == right->minor;
}

static bool same_page_size(const void *a, const void *b)
{
    const struct oci_linux_hugepage_limit *left = a, *right = b;

    return strcmp(left->page_size, right->page_size) == 0;
}

static bool same_interface(const void *a, const void *b)
{
    const struct oci_linux_interface_priority *left = a, *right = b;

    return strcmp(left->name, right->name) == 0;
}

static bool same_rdma(const void *a, const void *b)
{
    const struct oci_linux_rdma *left = a, *right = b;

    return strcmp(left->key, right->key) == 0;
}

static bool same_pair(const void *a, const void *b)
{
    const struct oci_string_pair *left = a, *right = b;

    return strcmp(left->key, right->key) == 0;
}

static int merge_block_io(struct oci_linux_resources *merged,
                          const struct oci_linux_block_io *update, struct oci_arena *arena)
{
    struct oci_linux_block_io *block_io = merged->block_io;
    int r;

    if (update == NULL)
        return 0;
    if (block_io == NULL)
        block_io = merged->block_io = oci_arena_new(arena, struct oci_linux_block_io);
    if (block_io == NULL)
        return -ENOMEM;
    r = MERGE_LIST(block_io, update, weight_device, same_weight_device, arena);
    if (r == 0)
        r = MERGE_LIST(block_io, update, throttle_read_bps_device, same_throttle_device, arena);
    if (r == 0)
        r = MERGE_LIST(block_io, update, throttle_write_bps_device, same_throttle_device, arena);
    if (r == 0)
        r = MERGE_LIST(block_io, update, throttle_read_iops_device, same_throttle_device, arena);
    if (r == 0)
        r = MERGE_LIST(block_io, update, throttle_write_iops_device, same_throttle_device, arena);
    return r;
}

static int merge_network(struct oci_linux_resources *merged, const struct oci_linux_network *update,
                         struct oci_arena *arena)
{
    if (update == NULL || update->priorities_count == 0)
        return 0;
    if (merged->network == NULL)
        merged->network = oci_arena_new(arena, struct oci_linux_network);
    if (merged->network == NULL)
        return -ENOMEM;
    return MERGE_LIST(merged->network, update, priorities, same_interface, arena);
}

static int merge_unified(struct oci_linux_resources *merged, const struct oci_string_map *update,
                         struct oci_arena *arena)
{
    struct keyed list = {merged->unified.items, merged->unified.count,
                         sizeof(*merged->unified.items), same_pair};
    int r = merge_list(&list, update->items, update->count, arena);

    merged->unified.items = list.items;
    merged->unified.count = list.count;
    merged->unified.set = merged->unified.set || update->set;
    return r;
}

int plan_cgroup_merge(const struct oci_linux_resources *old,
                      const struct oci_linux_resources *update, struct oci_arena *arena,
                      struct oci_linux_resources **ret)
{
    static const struct oci_linux_resources none;
    struct oci_linux_resources *merged;
    void *copy;
    int r = oci_copy(&oci_linux_resources_table, old != NULL ? old : &none, arena, &copy);

    if (r < 0)
        return r;
    merged = copy;
    if (update->devices_count > 0) {
        merged->devices = update->devices;
        merged->devices_count = update->devices_count;
    }
    r = resources_merge_fields(merged, update, arena);
    if (r == 0)
        r = merge_block_io(merged, update->block_io, arena);
    if (r == 0)
        r = MERGE_LIST(merged, update, hugepage_limits, same_page_size, arena);
    if (r == 0)
        r = merge_network(merged, update->network, arena);
    if (r == 0)
        r = MERGE_LIST(merged, update, rdma, same_rdma, arena);
    if (r == 0)
        r = merge_unified(merged, &update->unified, arena);
    if (r < 0)
        return r;
    *ret = merged;
    return 0;
}

static bool is_given(struct oci_optional_i64 number)
{
    return number.set && number.value != 0;
}

void plan_cgroup_complete_update(struct oci_linux_resources *update,
                                 const struct oci_linux_resources *merged,
                                 const struct host_cgroups *host, struct oci_linux_memory *memory)
{
    bool v1 = (host->controllers & 1u << HOST_CGROUP_MEMORY) != 0;

    if (v1 || update->memory == NULL || merged->memory == NULL)
        return;
    *memory = *update->memory;
    if (is_given(memory->swap) && !is_given(memory->limit))
        memory->limit = merged->memory->limit;
    else if (is_given(memory->limit) && memory->limit.value > 0 && !is_given(memory->swap))
        memory->swap = merged->memory->swap;
    update->memory = memory;
}
