/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backward writer of classic BPF; see the header.  Runs in dray; pure. */
#include "security/seccomp_writer.h"

/* A conditional jump skips at most 255; two instructions may still come between it and its targets.
 */
#define REACH 253

void filter_writer_init(struct filter_writer *writer, struct sock_filter *buffer, uint32_t room)
{
    *writer = (struct filter_writer){.end = buffer + room, .room = room};
}

static uint32_t put(struct filter_writer *writer, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
    if (writer->count == writer->room) {
        writer->full = true;
        return writer->count;
    }
    writer->count++;
    writer->end[-(ptrdiff_t)writer->count] =
        (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
    return writer->count;
}

struct filter_label filter_write(struct filter_writer *writer, uint16_t code, uint32_t value)
{
    return (struct filter_label){.position = put(writer, code, 0, 0, value),
                                 .loads = FILTER_NOTHING};
}

struct filter_label filter_load(struct filter_writer *writer, uint32_t offset)
{
    struct filter_label label = filter_write(writer, BPF_LD | BPF_W | BPF_ABS, offset);

    label.loads = offset;
    return label;
}

/* Where the nearest return of @action is, written now if none is within reach. */
static uint32_t place_return(struct filter_writer *writer, uint32_t action)
{
    uint32_t i, position;

    for (i = 0; i < writer->returns_count; i++)
        if (writer->returns[i].action == action)
            break;
    if (i < writer->returns_count && writer->count - writer->returns[i].position <= REACH)
        return writer->returns[i].position;
    position = put(writer, BPF_RET | BPF_K, 0, 0, action);
    if (i == FILTER_RETURNS)
        return position; /* many different actions: this one is not shared */
    writer->returns[i].action = action;
    writer->returns[i].position = position;
    if (i == writer->returns_count)
        writer->returns_count++;
    return position;
}

/* A place within reach from which @label is arrived at. */
static uint32_t place(struct filter_writer *writer, struct filter_label label, uint32_t held)
{
    uint32_t position;

    if (label.is_return)
        return place_return(writer, label.action);
    position = label.position;
    if (held != FILTER_NOTHING && label.loads == held)
        position--;
    if (writer->count - position <= REACH)
        return position;
    return put(writer, BPF_JMP | BPF_JA, 0, 0, writer->count - position);
}

bool filter_same_label(struct filter_label a, struct filter_label b)
{
    if (a.is_return || b.is_return)
        return a.is_return && b.is_return && a.action == b.action;
    return a.position == b.position;
}

struct filter_label filter_branch(struct filter_writer *writer, uint16_t comparison, uint32_t value,
                                  struct filter_label if_true, struct filter_label if_false,
                                  uint32_t held)
{
    uint32_t false_position, true_position;

    if (filter_same_label(if_true, if_false))
        return if_true;
    false_position = place(writer, if_false, held);
    true_position = place(writer, if_true, held);
    return (struct filter_label){
        .position = put(writer, (uint16_t)(BPF_JMP | BPF_K | comparison),
                        (uint8_t)(writer->count - true_position),
                        (uint8_t)(writer->count - false_position), value),
        .loads = FILTER_NOTHING,
    };
}

void filter_begin(struct filter_writer *writer, struct filter_label label)
{
    if (label.is_return)
        (void)put(writer, BPF_RET | BPF_K, 0, 0, label.action);
    else if (label.position != writer->count)
        (void)put(writer, BPF_JMP | BPF_JA, 0, 0, writer->count - label.position);
}
