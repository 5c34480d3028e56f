/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program asks the rules from the last to the first, as later ones override.  A bit of access
 * that a rule allows is settled and taken out of the request; a bit that it denies settles all.
 * Bits that no rule speaks of get what the first rule says of all devices.
 *
 * r1: context, r2: type, r3: access still to be settled, r4: major, r5: minor.
 */
#include "cgroup/device_program.h"

/* the longest rule: three compares, five to deny a part, four to load again */
#define RULE_INSTRUCTIONS 12
#define FRAME             8 /* six to begin, two to end */

struct program {
    struct bpf_insn *out;
    size_t length;
};

/* A macro, because the registers are bit fields, which the compiler lets only constants into. */
#define emit(program, code_, dst, src, offset, immediate)                      \
    ((program)->out[(program)->length++] = (struct bpf_insn){.code = (code_),  \
                                                             .dst_reg = (dst), \
                                                             .src_reg = (src), \
                                                             .off = (offset),  \
                                                             .imm = (immediate)})

static void emit_return(struct program *program, bool allow)
{
    emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
    emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_load(struct program *program)
{
    emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
         offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
    emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
    emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1,
         offsetof(struct bpf_cgroup_dev_ctx, major), 0);
    emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1,
         offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
}

/*
 * What a rule does when it matches.  Where it goes on to the next one the numbers are loaded again:
 * to the verifier they are known then, and each rule's knowledge would be carried through all that
 * follow, which makes its work grow with the square of the rules.
 */
static void emit_decision(struct program *program, const struct plan_cgroup_device *rule)
{
    if (rule->access == PLAN_CGROUP_ALL) {
        emit_return(program, rule->allow);
        return;
    }
    if (rule->allow) {
        emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_3, 0, 0, ~rule->access);
        emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, 2, 0);
    } else {
        emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_3, 0, 0);
        emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0, rule->access);
        emit(program, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0);
    }
    emit_return(program, rule->allow);
    emit_load(program);
}

static void emit_rule(struct program *program, const struct plan_cgroup_device *rule)
{
    size_t compares[3], count = 0;

    compares[count++] = program->length;
    emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 0,
         rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    if (rule->major != PLAN_CGROUP_ANY) {
        compares[count++] = program->length;
        emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, 0, rule->major);
    }
    if (rule->minor != PLAN_CGROUP_ANY) {
        compares[count++] = program->length;
        emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, 0, rule->minor);
    }
    emit_decision(program, rule);
    for (size_t i = 0; i < count; i++)
        program->out[compares[i]].off = (int16_t)(program->length - compares[i] - 1);
}

size_t device_program_size(size_t count)
{
    return FRAME + count * RULE_INSTRUCTIONS;
}

size_t device_program_build(const struct plan_cgroup_device *rules, size_t count,
                            struct bpf_insn *out)
{
    struct program program = {.out = out};

    emit(&program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1,
         offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
    emit(&program, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
    emit_load(&program);
    for (size_t i = count; i-- > 1;)
        emit_rule(&program, &rules[i]);
    emit_return(&program, rules[0].allow);
    return program.length;
}
