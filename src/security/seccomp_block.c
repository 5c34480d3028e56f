/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Collects the conditional rules of a system call and finds conflicts.  Runs in dray; pure. */
#include "security/seccomp_block.h"

#include <errno.h>

/* Comparing all pairs is for the handful of rules that profiles have. */
#define PAIRS_MAX 64

static bool same_condition(const struct filter_condition *a, const struct filter_condition *b)
{
    return a->argument == b->argument && a->operator_ == b->operator_ && a->mask == b->mask &&
           a->value == b->value;
}

/* Every condition of @general stands in @special: whatever meets @special meets @general. */
static bool covers(const struct filter_alternative *general,
                   const struct filter_alternative *special)
{
    for (uint32_t i = 0; i < general->count; i++) {
        uint32_t j = 0;

        while (j < special->count &&
               !same_condition(&general->conditions[i], &special->conditions[j]))
            j++;
        if (j == special->count)
            return false;
    }
    return true;
}

static bool holds(const struct filter_condition *condition, uint64_t argument)
{
    switch (condition->operator_) {
    case OCI_SECCOMP_NE:
        return argument != condition->value;
    case OCI_SECCOMP_LT:
        return argument < condition->value;
    case OCI_SECCOMP_LE:
        return argument <= condition->value;
    case OCI_SECCOMP_GE:
        return argument >= condition->value;
    case OCI_SECCOMP_GT:
        return argument > condition->value;
    default:
        return (argument & condition->mask) == condition->value;
    }
}

/* The smallest and the largest value that an ordering leaves; false for the other operators. */
static bool bounds(const struct filter_condition *condition, uint64_t *ret_low, uint64_t *ret_high)
{
    uint64_t value = condition->value;

    *ret_low = 0;
    *ret_high = UINT64_MAX;
    switch (condition->operator_) {
    case OCI_SECCOMP_LT:
        *ret_high = value - 1;
        return value > 0;
    case OCI_SECCOMP_LE:
        *ret_high = value;
        return true;
    case OCI_SECCOMP_GE:
        *ret_low = value;
        return true;
    case OCI_SECCOMP_GT:
        *ret_low = value + 1;
        return value < UINT64_MAX;
    default:
        return false;
    }
}

/* Surely no argument meets both; false when in doubt. */
static bool exclude_each_other(const struct filter_condition *a, const struct filter_condition *b)
{
    uint64_t low_a, high_a, low_b, high_b;

    if (a->argument != b->argument)
        return false;
    if (a->operator_ == OCI_SECCOMP_EQ)
        return !holds(b, a->value);
    if (b->operator_ == OCI_SECCOMP_EQ)
        return !holds(a, b->value);
    if (a->operator_ == OCI_SECCOMP_MASKED_EQ && b->operator_ == OCI_SECCOMP_MASKED_EQ)
        return ((a->value ^ b->value) & a->mask & b->mask) != 0;
    return bounds(a, &low_a, &high_a) && bounds(b, &low_b, &high_b) &&
           (high_a < low_b || high_b < low_a);
}

static bool may_both_hold(const struct filter_alternative *a, const struct filter_alternative *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++)
            if (exclude_each_other(&a->conditions[i], &b->conditions[j]))
                return false;
    return true;
}

static bool find_conflict(const struct filter_block *block, bool *ret_uniform)
{
    size_t i = 0;

    while (i < block->count && block->alternatives[i].action == block->alternatives[0].action)
        i++;
    *ret_uniform = i == block->count;
    if (*ret_uniform)
        return false;
    if (block->count > PAIRS_MAX)
        return true;
    for (i = 0; i < block->count; i++)
        for (size_t j = 0; j < i; j++)
            if (block->alternatives[i].action != block->alternatives[j].action &&
                may_both_hold(&block->alternatives[i], &block->alternatives[j]))
                return true;
    return false;
}

/* Adds @condition as the architecture sees it; one that is always met is left out. */
static void add_condition(const struct filter_arch *arch, const struct filter_condition *condition,
                          struct filter_alternative *alternative)
{
    uint64_t width = arch->wide ? UINT64_MAX : UINT32_MAX;
    struct filter_condition added = *condition;
    uint32_t at = alternative->count;

    added.mask &= width;
    added.value &= width;
    if (added.operator_ == OCI_SECCOMP_MASKED_EQ) {
        if (added.mask == 0)
            return;
        if (added.mask == width)
            added.operator_ = OCI_SECCOMP_EQ;
    }
    for (; at > 0 && alternative->conditions[at - 1].argument > added.argument; at--)
        alternative->conditions[at] = alternative->conditions[at - 1];
    alternative->conditions[at] = added;
    alternative->count++;
}

static void make_alternative(const struct filter_arch *arch, const struct filter_rule *rule,
                             const struct filter_condition *conditions, size_t count, uint32_t call,
                             struct filter_alternative *ret)
{
    ret->action = rule->action;
    ret->count = 0;
    if (call != FILTER_NO_CALL)
        add_condition(arch,
                      &(struct filter_condition){
                          .operator_ = OCI_SECCOMP_EQ, .mask = UINT64_MAX, .value = call},
                      ret);
    for (size_t i = 0; i < count; i++)
        if (call == FILTER_NO_CALL || conditions[i].argument != 0)
            add_condition(arch, &conditions[i], ret);
}

/*
 * libseccomp's order of conditions: later arguments first, then the narrower operator, then the
 * narrower range or the larger value.
 */
static int operator_rank(enum oci_seccomp_operator operator_)
{
    switch (operator_) {
    case OCI_SECCOMP_GE:
    case OCI_SECCOMP_GT:
        return 1;
    case OCI_SECCOMP_LE:
    case OCI_SECCOMP_LT:
        return 2;
    default:
        return 3;
    }
}

/* Positive when @a is asked before @b. */
static int compare_conditions(const struct filter_condition *a, const struct filter_condition *b)
{
    int rank = operator_rank(a->operator_);

    if (a->argument != b->argument)
        return a->argument > b->argument ? 1 : -1;
    if (rank != operator_rank(b->operator_))
        return rank > operator_rank(b->operator_) ? 1 : -1;
    if (a->value == b->value)
        return 0;
    return (a->value > b->value) == (rank != 2) ? 1 : -1;
}

static bool comes_before(const struct filter_alternative *a, const struct filter_alternative *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        int order = compare_conditions(&a->conditions[i], &b->conditions[i]);

        if (order != 0 || !same_condition(&a->conditions[i], &b->conditions[i]))
            return order > 0;
    }
    return false;
}

/* Stable: where that leaves it open the first in the profile comes first. */
static void sort_alternatives(struct filter_block *block)
{
    for (size_t i = 1; i < block->count; i++) {
        struct filter_alternative moved = block->alternatives[i];
        size_t j = i;

        for (; j > 0 && comes_before(&moved, &block->alternatives[j - 1]); j--)
            block->alternatives[j] = block->alternatives[j - 1];
        block->alternatives[j] = moved;
    }
}

/* With one action for all their order does not matter: drops those that another one covers. */
static void drop_covered(struct filter_block *block)
{
    size_t kept = 0;

    if (block->count > PAIRS_MAX)
        return;
    for (size_t i = 0; i < block->count; i++) {
        const struct filter_alternative *it = &block->alternatives[i];
        bool covered = false;

        for (size_t j = 0; j < kept && !covered; j++)
            covered = covers(&block->alternatives[j], it);
        for (size_t j = i + 1; j < block->count && !covered; j++)
            covered = covers(&block->alternatives[j], it) && !covers(it, &block->alternatives[j]);
        if (!covered)
            block->alternatives[kept++] = *it;
    }
    block->count = kept;
}

static size_t count_alternatives(const struct filter_profile *profile,
                                 const struct filter_reference *references, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        const struct filter_rule *rule = &profile->rules[references[i].rule];

        sum += rule->any ? rule->conditions_count : 1;
    }
    return sum;
}

/* Adds what one reference says; true when it always holds. */
static bool add_reference(const struct filter_profile *profile, const struct filter_arch *arch,
                          const struct filter_reference *reference, struct filter_block *block)
{
    const struct filter_rule *rule = &profile->rules[reference->rule];
    size_t step = rule->any ? 1 : rule->conditions_count;
    size_t at = 0;

    do {
        struct filter_alternative *next = &block->alternatives[block->count];

        make_alternative(arch, rule, rule->conditions + at, step, reference->call, next);
        if (next->count == 0) {
            block->alternatives[0] = *next;
            block->count = 1;
            block->unconditional = true;
            return true;
        }
        block->count++;
        at += step;
    } while (at < rule->conditions_count);
    return false;
}

int filter_block_make(const struct filter_profile *profile, const struct filter_arch *arch,
                      const struct filter_reference *references, size_t count,
                      struct oci_arena *arena, struct filter_block *ret)
{
    size_t room = count_alternatives(profile, references, count);
    struct filter_block block = {0};
    bool uniform;

    block.alternatives = oci_arena_alloc_array(arena, room, sizeof(*block.alternatives));
    if (block.alternatives == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (add_reference(profile, arch, &references[i], &block))
            break;
    if (!block.unconditional) {
        bool conflict = find_conflict(&block, &uniform);

        if (uniform)
            drop_covered(&block);
        else if (conflict)
            sort_alternatives(&block);
    }
    *ret = block;
    return 0;
}
