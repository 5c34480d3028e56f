/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers the rules of an architecture, sorts them by number and joins neighbours.  Runs in dray.
 */
#include "security/seccomp_ranges.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

/* libseccomp's default for architectures that a filter does not know */
#define BAD_ARCH      SECCOMP_RET_KILL_THREAD
#define ENOSYS_ACTION (SECCOMP_RET_ERRNO | ENOSYS)

#define DIGIT_BITS 10
#define DIGITS     (1U << DIGIT_BITS)

void filter_ranges_done(struct filter_ranges *ranges)
{
    oci_arena_done(&ranges->space);
    *ranges = (struct filter_ranges){0};
}

/* The next part of the space, aligned for any type; with @space NULL only its size is counted. */
static void *take(char *space, size_t *used, size_t count, size_t size)
{
    void *part = space != NULL ? space + *used : NULL;

    *used += (count * size + 15) & ~(size_t)15;
    return part;
}

/* One piece for all: the size is bounded by the profile's, and it is gone when the filter stands.
 */
int filter_ranges_init(const struct filter_profile *profile, struct filter_ranges *ret)
{
    struct filter_ranges made = {0};
    size_t used = 0;
    char *space = NULL;
    size_t names = 0, conditional = 0;
    size_t references, numbers, blocks;

    for (size_t i = 0; i < profile->rules_count; i++) {
        names += profile->rules[i].ids_count;
        if (profile->rules[i].conditions_count > 0)
            conditional += profile->rules[i].ids_count;
    }
    /* a name may be reached in two ways, but there are only two multiplexers; x86_64 has two
     * halves, and every number begins a range and ends it */
    references = 2 * names + 1;
    numbers = 2 * (names + 2);
    blocks = 2 * (conditional + 2);
    for (int pass = 0; pass < 2; pass++) {
        made.references = take(space, &used, references, sizeof(*made.references));
        made.sorted = take(space, &used, references, sizeof(*made.sorted));
        made.ranges = take(space, &used, 2 * numbers + 8, sizeof(*made.ranges));
        made.blocks = take(space, &used, blocks, sizeof(*made.blocks));
        made.block_archs = take(space, &used, blocks, sizeof(*made.block_archs));
        made.block_references = take(space, &used, blocks, sizeof(*made.block_references));
        if (pass == 0)
            space = oci_arena_alloc(&made.space, used);
        if (space == NULL)
            return -ENOMEM;
        used = 0;
    }
    *ret = made;
    return 0;
}

struct gathered {
    size_t count;
    uint32_t highest;
};

/* Looks up every number; references come in the order of the profile. */
static struct gathered gather(const struct filter_profile *profile, const struct filter_arch *arch,
                              struct filter_reference *references)
{
    struct gathered gathered = {0};

    for (size_t i = 0; i < profile->rules_count; i++) {
        const struct filter_rule *rule = &profile->rules[i];

        for (size_t j = 0; j < rule->ids_count; j++) {
            struct filter_number number;

            if (rule->ids[j] == FILTER_UNKNOWN)
                continue;
            number = filter_arch_number(arch, rule->ids[j]);
            if (number.direct > (int32_t)gathered.highest)
                gathered.highest = (uint32_t)number.direct;
            if (number.multiplexer > (int32_t)gathered.highest)
                gathered.highest = (uint32_t)number.multiplexer;
            if (rule->redundant || references == NULL)
                continue;
            if (number.multiplexer >= 0)
                references[gathered.count++] = (struct filter_reference){
                    .number = (uint32_t)number.multiplexer, .rule = i, .call = number.call};
            if (number.direct >= 0)
                references[gathered.count++] = (struct filter_reference){
                    .number = (uint32_t)number.direct, .rule = i, .call = FILTER_NO_CALL};
        }
    }
    return gathered;
}

bool filter_ranges_highest(const struct filter_profile *profile, const struct filter_arch *arch,
                           uint32_t *ret)
{
    struct gathered gathered = gather(profile, arch, NULL);

    *ret = gathered.highest;
    return gathered.highest > 0;
}

/* Stable, so that rules of one number stay in the order of the profile. */
static void sort_by_digit(const struct filter_reference *from, struct filter_reference *to,
                          size_t count, unsigned shift)
{
    uint32_t places[DIGITS + 1] = {0};

    for (size_t i = 0; i < count; i++)
        places[(from[i].number >> shift & (DIGITS - 1)) + 1]++;
    for (size_t i = 1; i < DIGITS; i++)
        places[i] += places[i - 1];
    for (size_t i = 0; i < count; i++)
        to[places[from[i].number >> shift & (DIGITS - 1)]++] = from[i];
}

static int sort_references(struct filter_ranges *ranges, const struct gathered *gathered)
{
    if (gathered->highest >> (2 * DIGIT_BITS) != 0)
        return -ERANGE;
    sort_by_digit(ranges->references, ranges->sorted, gathered->count, 0);
    if (gathered->highest >> DIGIT_BITS == 0) {
        struct filter_reference *sorted = ranges->sorted;

        ranges->sorted = ranges->references;
        ranges->references = sorted;
    } else {
        sort_by_digit(ranges->sorted, ranges->references, gathered->count, DIGIT_BITS);
    }
    return 0;
}

static bool same_target(struct filter_target a, struct filter_target b)
{
    return a.block == b.block && (a.block >= 0 || a.action == b.action);
}

static struct filter_target plain(uint32_t action)
{
    return (struct filter_target){.action = action, .block = -1};
}

/* From @first on, which is not below the start of the last range, @target is done. */
static void append(struct filter_ranges *ranges, uint32_t first, struct filter_target target)
{
    if (ranges->count > 0 && ranges->ranges[ranges->count - 1].first == first)
        ranges->count--;
    if (ranges->count > 0 && same_target(ranges->ranges[ranges->count - 1].target, target))
        return;
    ranges->ranges[ranges->count++] = (struct filter_range){.first = first, .target = target};
}

/* A block before, of the same architecture, made of the same rules. */
static int32_t find_block(const struct filter_ranges *ranges, const struct filter_arch *arch,
                          const struct filter_reference *references, size_t count)
{
    for (size_t i = ranges->blocks_count; i-- > 0 && ranges->block_archs[i] == arch;) {
        const struct filter_reference *other = ranges->block_references[i];
        size_t j = 0;

        /* both lie in the sorted list, where the next number ends the rules of one */
        while (j < count && other[j].number == other[0].number &&
               other[j].rule == references[j].rule && other[j].call == references[j].call)
            j++;
        if (j == count && (other + j == references || other[j].number != other[0].number))
            return (int32_t)i;
    }
    return -1;
}

static int make_target(const struct filter_profile *profile, const struct filter_arch *arch,
                       const struct filter_reference *references, size_t count,
                       struct oci_arena *arena, struct filter_ranges *ranges,
                       struct filter_target *ret)
{
    const struct filter_rule *first = &profile->rules[references[0].rule];
    struct filter_block *block = &ranges->blocks[ranges->blocks_count];
    int32_t known;
    int r;

    if (first->conditions_count == 0 && references[0].call == FILTER_NO_CALL) {
        *ret = plain(first->action);
        return 0;
    }
    known = find_block(ranges, arch, references, count);
    if (known >= 0) {
        *ret = (struct filter_target){.block = known};
        return 0;
    }
    r = filter_block_make(profile, arch, references, count, arena, block);
    if (r < 0)
        return r;
    if (block->unconditional) {
        *ret = plain(block->alternatives[0].action);
        return 0;
    }
    ranges->block_archs[ranges->blocks_count] = arch;
    ranges->block_references[ranges->blocks_count] = references;
    *ret = (struct filter_target){.block = (int32_t)ranges->blocks_count++};
    return 0;
}

/* The numbers of one ABI; those above its last rule are left to the caller's next append(). */
static int add_arch(const struct filter_profile *profile, const struct filter_arch *arch,
                    struct oci_arena *arena, struct filter_ranges *ranges)
{
    struct gathered gathered = gather(profile, arch, ranges->references);
    struct filter_target otherwise = plain(profile->default_action);
    int r = sort_references(ranges, &gathered);

    if (r < 0)
        return r;
    append(ranges, arch->bit, otherwise);
    if (arch->zero_escape && profile->unknown_is_enosys) {
        append(ranges, 0, plain(ENOSYS_ACTION));
        append(ranges, 1, otherwise);
    }
    for (size_t i = 0, end; i < gathered.count; i = end) {
        const struct filter_reference *references = &ranges->references[i];
        struct filter_target target;

        for (end = i + 1; end < gathered.count; end++)
            if (ranges->references[end].number != references->number)
                break;
        if (references->number == 0 && arch->zero_escape && profile->unknown_is_enosys)
            continue;
        r = make_target(profile, arch, references, end - i, arena, ranges, &target);
        if (r < 0)
            return r;
        append(ranges, arch->bit | references->number, target);
        append(ranges, arch->bit | (references->number + 1), otherwise);
    }
    if (profile->unknown_is_enosys && gathered.highest > 0)
        append(ranges, arch->bit | (gathered.highest + 1), plain(ENOSYS_ACTION));
    return 0;
}

int filter_ranges_make(const struct filter_profile *profile, uint32_t audit,
                       struct oci_arena *arena, struct filter_ranges *ranges)
{
    bool has_x32 = false;

    ranges->count = 0;
    ranges->blocks_count = 0;
    for (unsigned half = 0; half < 2; half++) {
        for (size_t i = 0; i < profile->archs_count; i++) {
            const struct filter_arch *arch = &profile->archs[i];
            int r;

            if (arch->audit != audit || (arch->bit != 0) != (half == 1))
                continue;
            if (ranges->count == 0)
                append(ranges, 0, plain(BAD_ARCH)); /* x32 without x86_64 */
            has_x32 |= half == 1;
            r = add_arch(profile, arch, arena, ranges);
            if (r < 0)
                return r;
        }
    }
    if (audit == AUDIT_ARCH_X86_64 && !has_x32) {
        append(ranges, FILTER_X32_BIT, plain(BAD_ARCH));
        append(ranges, UINT32_MAX, plain(profile->default_action)); /* a tracer skips the call */
    }
    return 0;
}
