/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shape of compiled seccomp programs: length, long jumps, the limit, a listing. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>

#include "seccomp_fixture.h"
#include "seccomp_random.h"
#include "seccomp_reference.h"
#include "security/seccomp_arch.h"
#include "security/seccomp_compile.h"
#include "security/seccomp_raw.h"
#include "security/seccomp_run.h"
#include "security/seccomp_table.h"

/* What was generated is what libseccomp says, of every name on every architecture. */
static void the_table_holds_what_libseccomp_knows(void **state)
{
    unsigned checked = 0;

    (void)state;
    for (unsigned word = 1; word < OCI_ARCH_COUNT; word++) {
        struct filter_arch arch;

        assert_int_equal(filter_arch_find((enum oci_seccomp_arch)word, &arch), 0);
        for (unsigned slot = 0; arch.numbers != NULL && slot < FILTER_TABLE_SLOTS; slot++) {
            unsigned id = filter_table_slots[slot] - 1u;
            struct filter_number number;
            const char *name;
            int known;

            if (filter_table_slots[slot] == 0)
                continue;
            name = &filter_table_names[filter_table_offsets[id]];
            assert_int_equal(filter_name_find(name), id);
            number = filter_arch_number(&arch, id);
            known = seccomp_syscall_resolve_name_arch(arch_token(&arch), name);
            assert_int_not_equal(known, __NR_SCMP_ERROR);
            if (known >= 0)
                assert_int_equal((uint32_t)number.direct | arch.bit, known);
            else if (number.multiplexer < 0)
                assert_int_equal(number.direct, -1);
            checked++;
        }
    }
    assert_true(checked > 15 * 400);
    assert_int_equal(filter_name_find("frobnicate"), -ENOENT);
    assert_int_equal(filter_name_find(""), -ENOENT);
}

/* Direct numbers stand in our table; libseccomp must know each under the same name. */
static void multiplexed_calls_have_their_direct_numbers(void **state)
{
    static const char *const names[] = {
        "socket",     "bind",    "connect",    "listen",  "accept",   "getsockname", "getpeername",
        "socketpair", "send",    "recv",       "sendto",  "recvfrom", "shutdown",    "setsockopt",
        "sendmsg",    "recvmsg", "getsockopt", "accept4", "recvmmsg", "sendmmsg",    "semop",
        "semget",     "semctl",  "semtimedop", "msgsnd",  "msgrcv",   "msgget",      "msgctl",
        "shmat",      "shmdt",   "shmget",     "shmctl"};
    unsigned checked = 0;

    (void)state;
    for (unsigned word = 1; word < OCI_ARCH_COUNT; word++) {
        struct filter_arch arch;

        if (filter_arch_find((enum oci_seccomp_arch)word, &arch) < 0 || arch.numbers == NULL ||
            arch.socketcall < 0)
            continue;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            struct filter_number number;
            char *name;

            assert_int_equal(resolve_name(&arch, names[i], &number), 0);
            assert_int_equal(number.multiplexer, i < 20 ? arch.socketcall : arch.ipc);
            if (number.direct < 0)
                continue;
            name = seccomp_syscall_resolve_num_arch(arch_token(&arch), number.direct);
            assert_non_null(name);
            assert_string_equal(name, names[i]);
            free(name);
            checked++;
        }
    }
    assert_true(checked > 100);
}

/* Far more than 255 instructions between a test and its target. */
static void long_programs_jump_far(void **state)
{
    struct fixture *fixture = *state;
    size_t allowed;
    struct oci_linux_seccomp *profile = engine_profile(&fixture->arena, &allowed);
    const char **names = profile->syscalls[1].names.items;
    struct random_source source = {4711};
    struct seccomp_data data = {0};
    struct filter_arch arch;

    filter_arch_native(&arch);
    profile->syscalls = oci_arena_alloc_array(&fixture->arena, allowed, sizeof(*profile->syscalls));
    profile->syscalls_count = allowed;
    profile->architectures_count = 0;
    for (size_t i = 0; i < allowed; i++) {
        profile->syscalls[i] =
            (struct oci_linux_seccomp_syscall){.names = {&names[i], 1, true},
                                               .action = OCI_SECCOMP_ERRNO,
                                               .args_count = 1,
                                               .errno_ret = {true, (uint32_t)i + 1}};
        profile->syscalls[i].args = oci_arena_new(&fixture->arena, struct oci_linux_seccomp_arg);
        profile->syscalls[i].args[0] =
            (struct oci_linux_seccomp_arg)ARG(0, OCI_SECCOMP_GE, random_value(&source), 0);
    }
    assert_int_equal(seccomp_build(profile, &fixture->options, &fixture->arena, &fixture->program,
                                   &fixture->error),
                     0);
    assert_true(fixture->program.count > 1000);
    assert_true(bpf_check(fixture->program.instructions, fixture->program.count));
    data.arch = arch.audit;
    for (data.nr = -1; data.nr < 600; data.nr++)
        for (unsigned i = 0; i < 30; i++) {
            uint32_t meant;

            data.args[0] = random_value(&source) + random_below(&source, 3) - 1;
            assert_true(reference_decide(profile, &data, &meant));
            assert_int_equal(
                bpf_run(fixture->program.instructions, fixture->program.count, &data, NULL), meant);
        }
}

static void programs_beyond_the_limit_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct oci_linux_seccomp_arg *args;

    args = oci_arena_alloc_array(&fixture->arena, 2000, sizeof(*args));
    for (uint32_t i = 0; i < 2000; i++)
        args[i] = (struct oci_linux_seccomp_arg)ARG(i % 6, OCI_SECCOMP_EQ, i, 0);
    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("ioctl"),
                                                    .action = OCI_SECCOMP_ALLOW,
                                                    .args = args,
                                                    .args_count = 2000});
    build_fails(fixture, ERROR_SECCOMP_COMPILE, "/linux/seccomp", "4096");
}

static void an_engine_profile_is_short(void **state)
{
    struct fixture *fixture = *state;
    unsigned steps, worst = 0;
    struct filter_arch arch;
    size_t allowed;
    struct oci_linux_seccomp *profile = engine_profile(&fixture->arena, &allowed);

    filter_arch_native(&arch);
    assert_int_equal(
        seccomp_build(profile, NULL, &fixture->arena, &fixture->program, &fixture->error), 0);
    assert_true(allowed > 300);
    assert_true(fixture->program.count < 450);
    for (int number = 0; number < 600; number++) {
        bpf_run(fixture->program.instructions, fixture->program.count,
                &(struct seccomp_data){.nr = number, .arch = arch.audit}, &steps);
        worst = steps > worst ? steps : worst;
    }
    assert_true(worst < 24);
}

static void a_small_profile_compiles_to_this(void **state)
{
    static const char listing[] = "0 ld 4\n"
                                  "1 jeq 0xc000003e 2 17\n"
                                  "2 ld 0\n"
                                  "3 jge 0xe8 13 4\n"
                                  "4 jge 0x2 5 12\n"
                                  "5 jge 0xe7 12 6\n"
                                  "6 jeq 0x87 7 16\n"
                                  "7 ld 20\n"
                                  "8 jeq 0x0 9 16\n"
                                  "9 ld 16\n"
                                  "10 jeq 0x0 12 11\n"
                                  "11 jeq 0x8 12 16\n"
                                  "12 ret 0x7fff0000\n"
                                  "13 jge 0x40000000 15 14\n"
                                  "14 ret 0x50026\n"
                                  "15 jge 0xffffffff 16 17\n"
                                  "16 ret 0x50001\n"
                                  "17 ret 0x0\n";
    struct oci_linux_seccomp_arg args[] = {ARG(0, OCI_SECCOMP_EQ, 0, 0),
                                           ARG(0, OCI_SECCOMP_EQ, 8, 0)};
    struct fixture *fixture = *state;
    struct filter_arch arch;
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    filter_arch_native(&arch);
    if (arch.audit != AUDIT_ARCH_X86_64)
        skip();
    fixture->options.keep_unknown_numbers = false;
    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("exit_group", "write", "read"),
                                                    .action = OCI_SECCOMP_ALLOW});
    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("personality"),
                                                    .action = OCI_SECCOMP_ALLOW,
                                                    .args = args,
                                                    .args_count = 2});
    build(fixture);
    out = open_memstream(&text, &size);
    bpf_print(out, fixture->program.instructions, fixture->program.count);
    fclose(out);
    assert_string_equal(text, listing);
    free(text);
}

/* What the interpreter does not know it does not judge. */
static void only_known_instructions_are_run(void **state)
{
    static const struct sock_filter programs[][2] = {
        {{.code = BPF_LD | BPF_MEM}, {.code = BPF_RET | BPF_K}},
        {{.code = BPF_LD | BPF_W | BPF_ABS, .k = sizeof(struct seccomp_data)},
         {.code = BPF_RET | BPF_K}},
        {{.code = BPF_RET | BPF_A}, {.code = BPF_RET | BPF_K}},
        {{.code = BPF_JMP | BPF_JA, .k = 1}, {.code = BPF_RET | BPF_K}},
        {{.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 200}, {.code = BPF_RET | BPF_K}},
        {{.code = BPF_LD | BPF_IMM}, {.code = BPF_LD | BPF_IMM}},
    };
    const struct seccomp_data data = {.nr = 1};
    uint32_t decision = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
        assert_int_equal(seccomp_run(programs[i], ARRAY_SIZE(programs[i]), &data, &decision, NULL),
                         -ENOTSUP);
    assert_int_equal(seccomp_run(programs[0], 0, &data, &decision, NULL), -ENOTSUP);
}

static void ready_made_filters_are_decoded(void **state)
{
    struct fixture *fixture = *state;

    /* ret 0x7fc00000 */
    assert_int_equal(
        seccomp_decode("BgAAAAAAwH8=", &fixture->arena, &fixture->program, &fixture->error), 0);
    assert_int_equal(fixture->program.count, 1);
    assert_true(fixture->program.uses_notify);
    assert_int_equal(fixture->program.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
    for (unsigned i = 0; i < 4; i++) {
        static const char *const wrong[] = {"", "BgAAAAAA", "BgAAAAAAwH8", "BgAA*AAAwH8="};

        error_clear(&fixture->error);
        assert_true(seccomp_decode(wrong[i], &fixture->arena, &fixture->program, &fixture->error) <
                    0);
        assert_int_equal(fixture->error.code, ERROR_SECCOMP_INVALID);
        assert_string_equal(fixture->error.pointer, "/annotations/run.oci.seccomp_bpf_data");
    }
}

/* A big-endian kernel has the high word of an argument first. */
static uint64_t swap_words(uint64_t value)
{
    return value << 32 | value >> 32;
}

/* The compiler does not ask what machine it runs on, so s390x can be had here. */
static void big_endian_machines_have_high_words_first(void **state)
{
    static const struct filter_condition condition = {
        .argument = 1, .operator_ = OCI_SECCOMP_GT, .mask = UINT64_MAX, .value = 0x100000005};
    const uint16_t id = (uint16_t)filter_name_find("ioctl");
    struct filter_rule rule = {.action = SECCOMP_RET_ALLOW,
                               .ids = &id,
                               .ids_count = 1,
                               .conditions = &condition,
                               .conditions_count = 1};
    struct filter_arch arch;
    struct filter_profile profile = {.default_action = SECCOMP_RET_TRAP,
                                     .unknown_is_enosys = true,
                                     .archs = &arch,
                                     .archs_count = 1,
                                     .rules = &rule,
                                     .rules_count = 1};
    struct seccomp_data data = {.arch = AUDIT_ARCH_S390X, .nr = 54};
    struct sock_filter buffer[64];
    struct fixture *fixture = *state;
    struct filter_writer writer;

    assert_int_equal(filter_arch_find(OCI_ARCH_S390X, &arch), 0);
    filter_writer_init(&writer, buffer, ARRAY_SIZE(buffer));
    assert_int_equal(filter_compile(&profile, &fixture->arena, &writer), 0);
    assert_true(bpf_check(filter_writer_start(&writer), writer.count));
    data.args[1] = swap_words(0x100000006);
    assert_int_equal(bpf_run(filter_writer_start(&writer), writer.count, &data, NULL),
                     SECCOMP_RET_ALLOW);
    data.args[1] = swap_words(0x100000005);
    assert_int_equal(bpf_run(filter_writer_start(&writer), writer.count, &data, NULL),
                     SECCOMP_RET_TRAP);
    data.args[1] = swap_words(0xffffffff);
    assert_int_equal(bpf_run(filter_writer_start(&writer), writer.count, &data, NULL),
                     SECCOMP_RET_TRAP);
    data.args[1] = swap_words(0x200000000);
    assert_int_equal(bpf_run(filter_writer_start(&writer), writer.count, &data, NULL),
                     SECCOMP_RET_ALLOW);
    data.nr = 53;
    assert_int_equal(bpf_run(filter_writer_start(&writer), writer.count, &data, NULL),
                     SECCOMP_RET_TRAP);
    /* s390 passes numbers that its kernel does not know as 0 */
    data.nr = 0;
    assert_int_equal(bpf_run(filter_writer_start(&writer), writer.count, &data, NULL), 0x00050026);
    data.nr = 55;
    assert_int_equal(bpf_run(filter_writer_start(&writer), writer.count, &data, NULL), 0x00050026);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_table_holds_what_libseccomp_knows),
        TEST(multiplexed_calls_have_their_direct_numbers),
        TEST(long_programs_jump_far),
        TEST(big_endian_machines_have_high_words_first),
        TEST(programs_beyond_the_limit_are_refused),
        TEST(an_engine_profile_is_short),
        TEST(a_small_profile_compiles_to_this),
        TEST(only_known_instructions_are_run),
        TEST(ready_made_filters_are_decoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
