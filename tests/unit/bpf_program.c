/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checker and printer of classic BPF for tests. */
#include "cmocka_all.h"

#include "bpf_program.h"
#include "security/seccomp_run.h"

static bool check_one(const struct sock_filter *instruction, size_t left)
{
    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return instruction->k % 4 == 0 && instruction->k < sizeof(struct seccomp_data);
    case BPF_LD | BPF_IMM:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_ALU | BPF_OR | BPF_K:
    case BPF_RET | BPF_K:
        return true;
    case BPF_JMP | BPF_JA:
        return instruction->k < left;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
        return instruction->jt < left && instruction->jf < left;
    default:
        return false;
    }
}

bool bpf_check(const struct sock_filter *program, size_t count)
{
    if (count == 0 || count > BPF_MAXINSNS)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!check_one(&program[i], count - i - 1))
            return false;
    return program[count - 1].code == (BPF_RET | BPF_K);
}

uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
                 unsigned *ret_steps)
{
    uint32_t decision = 0;

    assert_int_equal(seccomp_run(program, count, data, &decision, ret_steps), 0);
    return decision;
}

void bpf_print(FILE *out, const struct sock_filter *program, size_t count)
{
    static const char *const jumps[] = {"ja", "jeq", "jgt", "jge", "jset"};

    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *at = &program[i];

        fprintf(out, "%zu ", i);
        if (at->code == (BPF_LD | BPF_W | BPF_ABS))
            fprintf(out, "ld %u\n", at->k);
        else if (at->code == (BPF_ALU | BPF_AND | BPF_K))
            fprintf(out, "and 0x%x\n", at->k);
        else if (at->code == (BPF_RET | BPF_K))
            fprintf(out, "ret 0x%x\n", at->k);
        else if (at->code == (BPF_JMP | BPF_JA))
            fprintf(out, "ja %zu\n", i + 1 + at->k);
        else if (BPF_CLASS(at->code) == BPF_JMP)
            fprintf(out, "%s 0x%x %zu %zu\n", jumps[BPF_OP(at->code) >> 4], at->k, i + 1 + at->jt,
                    i + 1 + at->jf);
        else
            fprintf(out, "unknown 0x%x\n", at->code);
    }
}
