/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the tests of arguments.  The accumulator has 32 bits and arguments have 64, so a
 * comparison is one of the high word that decides or leaves it to one of the low word.
 * Runs in dray; pure.
 */
#include <linux/seccomp.h>

#include "security/seccomp_block.h"

#define LOW(value)  ((uint32_t)(value))
#define HIGH(value) ((uint32_t)((value) >> 32))

static uint32_t low_word(const struct filter_arch *arch, unsigned argument)
{
    return (uint32_t)(offsetof(struct seccomp_data, args) + 8 * argument) +
           (arch->big_endian ? 4 : 0);
}

static uint32_t high_word(const struct filter_arch *arch, unsigned argument)
{
    return low_word(arch, argument) ^ 4;
}

/* "load a word, compare, go on" */
static struct filter_label write_test(struct filter_writer *writer, uint32_t word,
                                      uint16_t comparison, uint32_t value,
                                      struct filter_label if_true, struct filter_label if_false)
{
    if (filter_same_label(if_true, if_false))
        return if_true;
    (void)filter_branch(writer, comparison, value, if_true, if_false, word);
    return filter_load(writer, word);
}

/* (word & mask) == value */
static struct filter_label write_masked(struct filter_writer *writer, uint32_t word, uint32_t mask,
                                        uint32_t value, struct filter_label if_true,
                                        struct filter_label if_false)
{
    if (mask == 0)
        return if_true;
    if (mask == UINT32_MAX)
        return write_test(writer, word, BPF_JEQ, value, if_true, if_false);
    if (value == 0)
        return write_test(writer, word, BPF_JSET, mask, if_false, if_true);
    if (filter_same_label(if_true, if_false))
        return if_true;
    (void)filter_branch(writer, BPF_JEQ, value, if_true, if_false, FILTER_NOTHING);
    (void)filter_write(writer, BPF_ALU | BPF_AND | BPF_K, mask);
    return filter_load(writer, word);
}

/* argument > value, or >= with BPF_JGE */
static struct filter_label write_order(struct filter_writer *writer, const struct filter_arch *arch,
                                       const struct filter_condition *condition,
                                       uint16_t comparison, struct filter_label if_true,
                                       struct filter_label if_false)
{
    uint32_t high = HIGH(condition->value);
    uint32_t word = high_word(arch, condition->argument);
    struct filter_label label = write_test(writer, low_word(arch, condition->argument), comparison,
                                           LOW(condition->value), if_true, if_false);

    if (!arch->wide)
        return label;
    if (high > 0) /* otherwise "not greater" already means equal */
        label = filter_branch(writer, BPF_JEQ, high, label, if_false, word);
    return write_test(writer, word, BPF_JGT, high, if_true, label);
}

static struct filter_label write_equal(struct filter_writer *writer, const struct filter_arch *arch,
                                       const struct filter_condition *condition,
                                       struct filter_label if_true, struct filter_label if_false)
{
    uint64_t mask = condition->operator_ == OCI_SECCOMP_MASKED_EQ ? condition->mask : UINT64_MAX;
    struct filter_label label = write_masked(writer, low_word(arch, condition->argument), LOW(mask),
                                             LOW(condition->value), if_true, if_false);

    if (!arch->wide)
        return label;
    return write_masked(writer, high_word(arch, condition->argument), HIGH(mask),
                        HIGH(condition->value), label, if_false);
}

static struct filter_label write_condition(struct filter_writer *writer,
                                           const struct filter_arch *arch,
                                           const struct filter_condition *condition,
                                           struct filter_label if_true,
                                           struct filter_label if_false)
{
    switch (condition->operator_) {
    case OCI_SECCOMP_GT:
        return write_order(writer, arch, condition, BPF_JGT, if_true, if_false);
    case OCI_SECCOMP_LE:
        return write_order(writer, arch, condition, BPF_JGT, if_false, if_true);
    case OCI_SECCOMP_GE:
        return write_order(writer, arch, condition, BPF_JGE, if_true, if_false);
    case OCI_SECCOMP_LT:
        return write_order(writer, arch, condition, BPF_JGE, if_false, if_true);
    case OCI_SECCOMP_NE:
        return write_equal(writer, arch, condition, if_false, if_true);
    default:
        return write_equal(writer, arch, condition, if_true, if_false);
    }
}

/* Both are nothing but "this argument equals", with the same high word and the same action. */
static bool belong_together(const struct filter_arch *arch, const struct filter_alternative *a,
                            const struct filter_alternative *b)
{
    return a->count == 1 && b->count == 1 && a->action == b->action &&
           a->conditions[0].operator_ == OCI_SECCOMP_EQ &&
           b->conditions[0].operator_ == OCI_SECCOMP_EQ &&
           a->conditions[0].argument == b->conditions[0].argument &&
           (!arch->wide || HIGH(a->conditions[0].value) == HIGH(b->conditions[0].value));
}

/* A run of such alternatives loads each word once. */
static struct filter_label write_run(struct filter_writer *writer, const struct filter_arch *arch,
                                     const struct filter_alternative *run, size_t count,
                                     struct filter_label if_false)
{
    const struct filter_condition *condition = &run[0].conditions[0];
    uint32_t low = low_word(arch, condition->argument);
    struct filter_label label = if_false;

    for (size_t i = count; i-- > 0;)
        label = filter_branch(writer, BPF_JEQ, LOW(run[i].conditions[0].value),
                              filter_return(run[i].action), label, low);
    label = filter_load(writer, low);
    if (!arch->wide)
        return label;
    return write_test(writer, high_word(arch, condition->argument), BPF_JEQ, HIGH(condition->value),
                      label, if_false);
}

struct filter_label filter_block_write(struct filter_writer *writer, const struct filter_arch *arch,
                                       const struct filter_block *block, uint32_t otherwise)
{
    struct filter_label label = filter_return(otherwise);
    size_t end = block->count;

    while (end > 0) {
        size_t start = end - 1;
        const struct filter_alternative *last = &block->alternatives[start];

        while (start > 0 && belong_together(arch, &block->alternatives[start - 1], last))
            start--;
        if (end - start > 1) {
            label = write_run(writer, arch, &block->alternatives[start], end - start, label);
        } else {
            struct filter_label met = filter_return(last->action);

            for (uint32_t i = last->count; i-- > 0;)
                met = write_condition(writer, arch, &last->conditions[i], met, label);
            label = met;
        }
        end = start;
    }
    return label;
}
