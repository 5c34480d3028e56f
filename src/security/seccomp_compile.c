/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From ranges to instructions.  The program asks for the architecture, then for the number by a
 * balanced tree of "is it at least N", whose leaves are returns or blocks that look at arguments.
 * A single number between two ranges of the same target costs one "is it N" instead of two steps of
 * the tree, so such ranges are one unit of it.  Runs in dray; pure.
 */
#include "security/seccomp_compile.h"

#include <errno.h>
#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "security/seccomp_ranges.h"

#define EXCEPTIONS_MAX 3

/* What one AUDIT_ARCH value needs while its part of the program is written. */
struct tree {
    struct filter_writer *writer;
    const struct filter_ranges *ranges;
    struct filter_label *blocks; /* where each block was written; position 0: not yet */
    uint32_t *units;             /* index of the first range of each unit, and the end */
    uint32_t default_action;
};

static struct filter_label target_label(struct tree *tree, struct filter_target target)
{
    struct filter_label *label;

    if (target.block < 0)
        return filter_return(target.action);
    label = &tree->blocks[target.block];
    if (!label->is_return && label->position == 0)
        *label = filter_block_write(tree->writer, tree->ranges->block_archs[target.block],
                                    &tree->ranges->blocks[target.block], tree->default_action);
    return *label;
}

static bool same_range_target(const struct filter_range *a, const struct filter_range *b)
{
    return a->target.block == b->target.block &&
           (a->target.block >= 0 || a->target.action == b->target.action);
}

/* The range behind the unit that begins at @start: one range, or one with single exceptions. */
static uint32_t unit_end(const struct filter_ranges *ranges, uint32_t start)
{
    uint32_t end = start + 1;

    while (end + 1 < ranges->count && end - start < 2 * EXCEPTIONS_MAX &&
           ranges->ranges[end + 1].first == ranges->ranges[end].first + 1 &&
           same_range_target(&ranges->ranges[start], &ranges->ranges[end + 1]))
        end += 2;
    return end;
}

static uint32_t find_units(struct tree *tree)
{
    uint32_t count = 0;

    for (uint32_t start = 0; start < tree->ranges->count; start = unit_end(tree->ranges, start))
        tree->units[count++] = start;
    tree->units[count] = (uint32_t)tree->ranges->count;
    return count;
}

static struct filter_label write_unit(struct tree *tree, uint32_t unit)
{
    uint32_t start = tree->units[unit], end = tree->units[unit + 1];
    const struct filter_range *ranges = tree->ranges->ranges;
    struct filter_label label = target_label(tree, ranges[start].target);

    for (uint32_t i = start + 1; i < end; i += 2) {
        struct filter_label exception = target_label(tree, ranges[i].target);

        label =
            filter_branch(tree->writer, BPF_JEQ, ranges[i].first, exception, label, FILTER_NOTHING);
    }
    return label;
}

static struct filter_label write_tree(struct tree *tree, uint32_t first, uint32_t end)
{
    uint32_t middle = first + (end - first) / 2;
    struct filter_label upper, lower;

    if (end - first == 1)
        return write_unit(tree, first);
    upper = write_tree(tree, middle, end);
    lower = write_tree(tree, first, middle);
    return filter_branch(tree->writer, BPF_JGE, tree->ranges->ranges[tree->units[middle]].first,
                         upper, lower, FILTER_NOTHING);
}

/* Everything about one AUDIT_ARCH value. */
static int write_audit(const struct filter_profile *profile, uint32_t audit,
                       struct oci_arena *arena, struct filter_ranges *ranges,
                       struct filter_writer *writer, struct filter_label *ret)
{
    struct tree tree = {
        .writer = writer, .ranges = ranges, .default_action = profile->default_action};
    struct filter_label label;
    int r = filter_ranges_make(profile, audit, arena, ranges);

    if (r < 0)
        return r;
    tree.units = oci_arena_alloc_array(arena, ranges->count + 1, sizeof(*tree.units));
    tree.blocks = oci_arena_alloc_array(arena, ranges->blocks_count + 1, sizeof(*tree.blocks));
    if (tree.units == NULL || tree.blocks == NULL)
        return -ENOMEM;
    label = write_tree(&tree, 0, find_units(&tree));
    if (!label.is_return) {
        filter_begin(writer, label);
        label = filter_load(writer, offsetof(struct seccomp_data, nr));
    }
    *ret = label;
    return 0;
}

static bool is_first_of_audit(const struct filter_profile *profile, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (profile->archs[i].audit == profile->archs[index].audit)
            return false;
    return true;
}

int filter_compile(const struct filter_profile *profile, struct oci_arena *arena,
                   struct filter_writer *writer)
{
    struct filter_label entries[OCI_ARCH_COUNT];
    struct filter_label label = filter_return(SECCOMP_RET_KILL_THREAD);
    _cleanup_(filter_ranges_done)
    struct filter_ranges ranges = {0};
    int r = filter_ranges_init(profile, &ranges);

    if (r < 0)
        return r;
    /* backwards: the native architecture, which is the first, comes to stand at the front */
    for (size_t i = profile->archs_count; i-- > 0;) {
        if (!is_first_of_audit(profile, i))
            continue;
        r = write_audit(profile, profile->archs[i].audit, arena, &ranges, writer, &entries[i]);
        if (r < 0)
            return r;
    }
    for (size_t i = profile->archs_count; i-- > 0;)
        if (is_first_of_audit(profile, i))
            label = filter_branch(writer, BPF_JEQ, profile->archs[i].audit, entries[i], label,
                                  FILTER_NOTHING);
    filter_begin(writer, label);
    if (!label.is_return)
        (void)filter_load(writer, offsetof(struct seccomp_data, arch));
    return writer->full ? -E2BIG : 0;
}
