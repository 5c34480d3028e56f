/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The BPF program of device rules, run in an interpreter, must decide as the rules do. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "cgroup/device_program.h"

#define RULES_MAX 24
#define ROUNDS    20000

/* Runs the few instructions that such programs are made of; -1: not one of them. */
static int run(const struct bpf_insn *code, size_t length, const struct bpf_cgroup_dev_ctx *context)
{
    uint64_t r[11] = {0};

    for (size_t at = 0; at < length; at++) {
        const struct bpf_insn *i = &code[at];
        uint64_t immediate = (uint64_t)(int64_t)i->imm;

        switch (i->code) {
        case BPF_LDX | BPF_MEM | BPF_W: {
            uint32_t word;

            if (i->src_reg != BPF_REG_1 || i->off < 0 ||
                (size_t)i->off + sizeof(word) > sizeof(*context))
                return -1;
            memcpy(&word, (const char *)context + i->off, sizeof(word));
            r[i->dst_reg] = word;
            break;
        }
        case BPF_ALU64 | BPF_MOV | BPF_X:
            r[i->dst_reg] = r[i->src_reg];
            break;
        case BPF_ALU64 | BPF_MOV | BPF_K:
            r[i->dst_reg] = immediate;
            break;
        case BPF_ALU64 | BPF_AND | BPF_K:
            r[i->dst_reg] &= immediate;
            break;
        case BPF_ALU64 | BPF_RSH | BPF_K:
            r[i->dst_reg] >>= immediate;
            break;
        case BPF_JMP | BPF_JNE | BPF_K:
        case BPF_JMP | BPF_JEQ | BPF_K:
            if (i->off < 0)
                return -1;
            if ((r[i->dst_reg] == immediate) == (BPF_OP(i->code) == BPF_JEQ))
                at += (size_t)i->off;
            break;
        case BPF_JMP | BPF_EXIT:
            return (int)r[0];
        default:
            return -1;
        }
    }
    return -1;
}

static struct plan_cgroup_device random_rule(bool allow)
{
    return (struct plan_cgroup_device){
        .type = rand() % 2 != 0 ? 'b' : 'c',
        .allow = allow,
        .access = (uint16_t)(1 + rand() % PLAN_CGROUP_ALL),
        .major = rand() % 4 - 1,
        .minor = rand() % 4 - 1,
    };
}

static void ask_all(const struct plan_cgroup_device *rules, size_t count)
{
    struct bpf_insn code[8 + 12 * RULES_MAX];
    size_t length = device_program_build(rules, count, code);

    assert_true(length <= device_program_size(count));
    for (unsigned type = 0; type < 2; type++)
        for (unsigned major = 0; major < 4; major++)
            for (unsigned minor = 0; minor < 4; minor++)
                for (unsigned access = 1; access <= PLAN_CGROUP_ALL; access++) {
                    struct bpf_cgroup_dev_ctx context = {
                        .access_type =
                            access << 16 | (type != 0 ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
                        .major = major,
                        .minor = minor,
                    };

                    assert_int_equal(run(code, length, &context),
                                     plan_cgroup_device_allowed(rules, count, type != 0 ? 'b' : 'c',
                                                                major, minor, access));
                }
}

static void programs_decide_as_rules_do(void **state)
{
    struct plan_cgroup_device rules[RULES_MAX];

    (void)state;
    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = 1 + (size_t)(rand() % (round % 50 == 0 ? RULES_MAX : 6));

        rules[0] = (struct plan_cgroup_device){
            .type = 'a', .allow = rand() % 2 != 0, .access = PLAN_CGROUP_ALL};
        for (size_t i = 1; i < count; i++)
            rules[i] = random_rule(rand() % 2 != 0);
        ask_all(rules, count);
    }
}

static void large_numbers(void **state)
{
    const struct plan_cgroup_device rules[] = {
        {.type = 'a', .access = PLAN_CGROUP_ALL},
        {.type = 'b', .allow = true, .access = PLAN_CGROUP_READ, .major = INT32_MAX, .minor = 0},
    };
    struct bpf_cgroup_dev_ctx context = {
        .access_type = PLAN_CGROUP_READ << 16 | BPF_DEVCG_DEV_BLOCK, .major = INT32_MAX};
    struct bpf_insn code[64];
    size_t length = device_program_build(rules, 2, code);

    (void)state;
    assert_int_equal(run(code, length, &context), 1);
    context.major = UINT32_MAX;
    assert_int_equal(run(code, length, &context), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_decide_as_rules_do),
        cmocka_unit_test(large_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
