/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "security/seccomp_run.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool compare(uint16_t code, uint32_t accumulator, uint32_t value)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return accumulator == value;
    case BPF_JGT:
        return accumulator > value;
    case BPF_JGE:
        return accumulator >= value;
    default:
        return (accumulator & value) != 0;
    }
}

int seccomp_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
                uint32_t *ret_decision, unsigned *ret_steps)
{
    uint32_t accumulator = 0;
    unsigned steps = 0;

    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *at = &program[i];

        steps++;
        switch (at->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (at->k > sizeof(*data) - sizeof(accumulator))
                return -ENOTSUP;
            memcpy(&accumulator, (const char *)data + at->k, sizeof(accumulator));
            break;
        case BPF_LD | BPF_IMM:
            accumulator = at->k;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            accumulator &= at->k;
            break;
        case BPF_ALU | BPF_OR | BPF_K:
            accumulator |= at->k;
            break;
        case BPF_RET | BPF_K:
            *ret_decision = at->k;
            if (ret_steps != NULL)
                *ret_steps = steps;
            return 0;
        case BPF_JMP | BPF_JA:
            i += at->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JSET | BPF_K:
            i += compare(at->code, accumulator, at->k) ? at->jt : at->jf;
            break;
        default:
            return -ENOTSUP;
        }
    }
    return -ENOTSUP;
}
