/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes classic BPF from the end to the beginning: jumps only go forward, so every target is known
 * by the time a jump to it is written, and its distance is final.  Runs in dray; pure.
 */
#ifndef DRAY_SECURITY_SECCOMP_WRITER_H
#define DRAY_SECURITY_SECCOMP_WRITER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_RETURNS 64

/* Something to jump to: a return that may be written anywhere, or an instruction already written.
 */
struct filter_label {
    bool is_return;
    uint32_t action;   /* of a return */
    uint32_t position; /* of an instruction: how many lie from it to the end, itself included */
    uint32_t loads;    /* offset in struct seccomp_data that it loads, or FILTER_NOTHING */
};

#define FILTER_NOTHING UINT32_MAX

struct filter_writer {
    struct sock_filter *end; /* behind the last instruction */
    uint32_t room;
    uint32_t count;
    bool full; /* an instruction did not fit; the program is of no use */
    /* the nearest return of each action */
    struct {
        uint32_t action;
        uint32_t position;
    } returns[FILTER_RETURNS];
    uint32_t returns_count;
};

/* Writes into @buffer, which has room for @room instructions. */
void filter_writer_init(struct filter_writer *writer, struct sock_filter *buffer, uint32_t room);

/* The program so far. */
static inline struct sock_filter *filter_writer_start(const struct filter_writer *writer)
{
    return writer->end - writer->count;
}

static inline struct filter_label filter_return(uint32_t action)
{
    return (struct filter_label){.is_return = true, .action = action, .loads = FILTER_NOTHING};
}

bool filter_same_label(struct filter_label a, struct filter_label b);

/* Puts an instruction that does not jump in front of the program. */
struct filter_label filter_write(struct filter_writer *writer, uint16_t code, uint32_t value);

/* Puts "load the word at @offset of struct seccomp_data" in front. */
struct filter_label filter_load(struct filter_writer *writer, uint32_t offset);

/*
 * Puts a comparison of the accumulator with @value in front: BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET.
 *
 * @held: offset of the word that the accumulator holds unchanged, or FILTER_NOTHING; a target that
 *        begins by loading that very word is entered behind the load.
 *
 * Returns the way in; no instruction is written if both targets are the same.
 */
struct filter_label filter_branch(struct filter_writer *writer, uint16_t comparison, uint32_t value,
                                  struct filter_label if_true, struct filter_label if_false,
                                  uint32_t held);

/* Makes sure that the program begins with @label. */
void filter_begin(struct filter_writer *writer, struct filter_label label);

#endif
