/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our compiler against libseccomp: for random profiles both programs are run in an interpreter over
 * all system call numbers and sampled arguments, and must decide alike.
 */
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"

#include "base/cleanup.h"
#include "bpf_program.h"
#include "seccomp_library.h"
#include "seccomp_random.h"
#include "seccomp_reference.h"
#include "security/seccomp_arch.h"
#include "security/seccomp_build.h"
#include "security/seccomp_profile.h"

#define NUMBERS     600
#define SAMPLES     24
#define RANDOM_SEED 0x5eccu

struct pair {
    const struct oci_linux_seccomp *profile;
    struct seccomp_program ours;
    struct seccomp_program theirs;
    bool keep_unknown_numbers;
    uint64_t decisions;
    uint64_t disputed; /* see is_disputed() */
};

static const uint32_t audits[] = {AUDIT_ARCH_X86_64,  AUDIT_ARCH_I386,     AUDIT_ARCH_AARCH64,
                                  AUDIT_ARCH_ARM,     AUDIT_ARCH_RISCV64,  AUDIT_ARCH_MIPSEL,
                                  AUDIT_ARCH_PPC64LE, AUDIT_ARCH_MIPSEL64, AUDIT_ARCH_MIPSEL64N32,
                                  AUDIT_ARCH_S390X};

static void print_profile(const struct oci_linux_seccomp *profile)
{
    fprintf(stderr, "default %s %u, architectures",
            oci_seccomp_action_name(profile->default_action), profile->default_errno_ret.value);
    for (size_t i = 0; i < profile->architectures_count; i++)
        fprintf(stderr, " %s", oci_seccomp_arch_name(profile->architectures[i]));
    for (size_t i = 0; i < profile->syscalls_count; i++) {
        const struct oci_linux_seccomp_syscall *rule = &profile->syscalls[i];

        fprintf(stderr, "\n  %s %u:", oci_seccomp_action_name(rule->action), rule->errno_ret.value);
        for (size_t j = 0; j < rule->names.count; j++)
            fprintf(stderr, " %s", rule->names.items[j]);
        for (size_t j = 0; j < rule->args_count; j++)
            fprintf(stderr, " [%u %s 0x%llx 0x%llx]", rule->args[j].index,
                    oci_seccomp_operator_name(rule->args[j].op),
                    (unsigned long long)rule->args[j].value,
                    (unsigned long long)rule->args[j].value_two);
    }
    fprintf(stderr, "\n");
}

static void report(const struct pair *pair, const struct seccomp_data *data, const char *who)
{
    uint32_t meant;

    print_profile(pair->profile);
    fprintf(stderr, "arch %x nr %d args", data->arch, data->nr);
    for (size_t i = 0; i < 6; i++)
        fprintf(stderr, " 0x%llx", (unsigned long long)data->args[i]);
    (void)reference_decide(pair->profile, data, &meant);
    fprintf(stderr, ": ours 0x%x, libseccomp 0x%x, meant 0x%x\nours:\n",
            bpf_run(pair->ours.instructions, pair->ours.count, data, NULL),
            pair->theirs.count > 0
                ? bpf_run(pair->theirs.instructions, pair->theirs.count, data, NULL)
                : 0,
            meant);
    bpf_print(stderr, pair->ours.instructions, pair->ours.count);
    fprintf(stderr, "libseccomp:\n");
    bpf_print(stderr, pair->theirs.instructions, pair->theirs.count);
    fail_msg("the filter differs from %s", who);
}

/*
 * libseccomp 2.6 picks another one of several rules that match the same call with different actions
 * than 2.5 does.  Ours stays with 2.5, which is what the profile means as written.
 */
static bool is_disputed(const struct pair *pair, const struct seccomp_data *data, uint32_t ours)
{
    const struct scmp_version *version = seccomp_version();
    uint32_t meant;

    if (version == NULL || version->major < 2 || (version->major == 2 && version->minor < 6))
        return false;
    (void)reference_decide(pair->profile, data, &meant);
    return ours == meant;
}

static void compare(struct pair *pair, const struct seccomp_data *data)
{
    uint32_t ours = bpf_run(pair->ours.instructions, pair->ours.count, data, NULL);
    uint32_t meant;

    pair->decisions++;
    if (pair->keep_unknown_numbers && reference_decide(pair->profile, data, &meant) &&
        ours != meant)
        report(pair, data, "the profile");
    if (pair->theirs.count == 0 ||
        ours == bpf_run(pair->theirs.instructions, pair->theirs.count, data, NULL))
        return;
    if (!is_disputed(pair, data, ours))
        report(pair, data, "libseccomp's");
    pair->disputed++;
}

/* The values of a rule's conditions, those beside them, and those with another high word. */
static uint64_t sample_value(const struct oci_linux_seccomp *profile, struct random_source *source)
{
    const struct oci_linux_seccomp_syscall *rule =
        &profile->syscalls[random_below(source, (uint32_t)profile->syscalls_count)];
    uint64_t value = random_value(source);

    if (rule->args_count > 0 && random_below(source, 8) != 0) {
        const struct oci_linux_seccomp_arg *arg =
            &rule->args[random_below(source, (uint32_t)rule->args_count)];

        value = random_below(source, 3) == 0 ? arg->value_two : arg->value;
    }
    switch (random_below(source, 6)) {
    case 0:
        return value + 1;
    case 1:
        return value - 1;
    case 2:
        return value ^ 0x100000000;
    case 3:
        return value & UINT32_MAX;
    default:
        return value;
    }
}

static void compare_arguments(struct pair *pair, uint32_t audit, uint32_t number,
                              struct random_source *source)
{
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct seccomp_data data = {.nr = (int)number, .arch = audit};

        for (unsigned j = 0; j < 6; j++)
            data.args[j] = sample_value(pair->profile, source);
        if (random_below(source, 2) == 0)
            data.args[0] = 1 + random_below(source, 24); /* socketcall(2), ipc(2) */
        compare(pair, &data);
    }
}

static void compare_numbers(struct pair *pair, uint32_t audit, uint32_t base)
{
    for (uint32_t number = 0; number <= NUMBERS; number++)
        compare(pair, &(struct seccomp_data){.nr = (int)(base + number), .arch = audit});
}

/* The numbers that conditions are about, on every architecture. */
static void compare_conditions(struct pair *pair, struct random_source *source)
{
    for (size_t i = 0; i < pair->profile->syscalls_count; i++) {
        const struct oci_linux_seccomp_syscall *rule = &pair->profile->syscalls[i];

        for (size_t j = 0; rule->args_count > 0 && j < rule->names.count; j++) {
            for (enum oci_seccomp_arch word = OCI_ARCH_X86; word < OCI_ARCH_COUNT; word++) {
                struct filter_arch arch;
                struct filter_number number;

                if (filter_arch_find(word, &arch) < 0 || arch.numbers == NULL || arch.big_endian ||
                    resolve_name(&arch, rule->names.items[j], &number) < 0)
                    continue;
                if (number.direct >= 0)
                    compare_arguments(pair, arch.audit, arch.bit | (uint32_t)number.direct, source);
                if (number.multiplexer >= 0)
                    compare_arguments(pair, arch.audit, (uint32_t)number.multiplexer, source);
            }
        }
    }
}

static void compare_everything(struct pair *pair, struct random_source *source)
{
    static const uint32_t odd[] = {0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000,
                                   0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff,
                                   0xf0001,    0xf0002,    0xf0005,    0xf0006};

    for (size_t i = 0; i < ARRAY_SIZE(audits); i++) {
        bool mips = audits[i] == AUDIT_ARCH_MIPSEL || audits[i] == AUDIT_ARCH_MIPSEL64 ||
                    audits[i] == AUDIT_ARCH_MIPSEL64N32;

        if (i < 2 || random_below(source, 8) == 0)
            compare_numbers(pair, audits[i], mips ? 4000 + 1000 * random_below(source, 3) : 0);
        for (size_t j = 0; j < ARRAY_SIZE(odd); j++)
            compare(pair, &(struct seccomp_data){.nr = (int)odd[j], .arch = audits[i]});
    }
    compare_numbers(pair, AUDIT_ARCH_X86_64, FILTER_X32_BIT);
    if (pair->profile->syscalls_count > 0)
        compare_conditions(pair, source);
}

static void build(struct pair *pair, bool with_library, struct oci_arena *arena)
{
    struct seccomp_build_options options = {.keep_unknown_numbers = pair->keep_unknown_numbers};
    struct sock_filter buffer[BPF_MAXINSNS];
    struct filter_profile made;
    struct filter_writer writer;
    struct error error = {0};

    assert_int_equal(seccomp_build(pair->profile, &options, arena, &pair->ours, &error), 0);
    assert_true(bpf_check(pair->ours.instructions, pair->ours.count));
    filter_writer_init(&writer, buffer, BPF_MAXINSNS);
    assert_int_equal(filter_profile_make(pair->profile, &options, arena, &made, &error), 0);
    if (!with_library || library_compile(&made, &writer) < 0)
        return;
    pair->theirs.instructions = oci_arena_alloc_array(arena, writer.count, sizeof(*buffer));
    pair->theirs.count = writer.count;
    memcpy(pair->theirs.instructions, filter_writer_start(&writer), writer.count * sizeof(*buffer));
}

struct tally {
    unsigned profiles;
    unsigned compared; /* with libseccomp, too */
    uint64_t decisions;
    uint64_t disputed;
};

static struct tally compare_profiles(uint64_t seed, const struct random_shape *shape,
                                     unsigned count)
{
    struct random_source source = {seed};
    struct tally tally = {.profiles = count};

    for (unsigned i = 0; i < count; i++) {
        _cleanup_oci_arena_ struct oci_arena arena = {0};
        struct pair pair = {.profile = random_profile(&source, shape, &arena),
                            .keep_unknown_numbers = random_below(&source, 2) == 0};

        build(&pair, shape->conditions != CONDITIONS_FREE, &arena);
        compare_everything(&pair, &source);
        tally.compared += pair.theirs.count > 0;
        tally.decisions += pair.decisions;
        tally.disputed += pair.disputed;
    }
    print_message(
        "# %u profiles, %u of them by libseccomp too: alike in %llu decisions, %llu not\n",
        tally.profiles, tally.compared, (unsigned long long)(tally.decisions - tally.disputed),
        (unsigned long long)tally.disputed);
    assert_true(tally.disputed * 1000 <= tally.decisions);
    return tally;
}

static void single_rules_decide_as_libseccomp_does(void **state)
{
    static const struct random_shape shape = {
        .rules_max = 5, .names_max = 4, .conditions = CONDITIONS_ALONE};

    (void)state;
    assert_true(compare_profiles(RANDOM_SEED, &shape, 9000).compared > 8500);
}

static void overlapping_actions_decide_as_libseccomp_does(void **state)
{
    static const struct random_shape shape = {
        .rules_max = 6, .names_max = 2, .mixed_actions = true, .conditions = CONDITIONS_EQUAL};

    (void)state;
    assert_true(compare_profiles(RANDOM_SEED + 1, &shape, 4000).compared > 3500);
}

static void foreign_architectures_decide_as_libseccomp_does(void **state)
{
    static const struct random_shape shape = {
        .rules_max = 4, .names_max = 6, .foreign_archs = true, .conditions = CONDITIONS_EQUAL};

    (void)state;
    assert_true(compare_profiles(RANDOM_SEED + 2, &shape, 1500).compared > 1300);
}

/* libseccomp is left out: it gets such rules wrong, or never ends. */
static void any_profile_means_what_it_says(void **state)
{
    static const struct random_shape shape = {
        .rules_max = 8, .names_max = 3, .conditions = CONDITIONS_FREE, .foreign_archs = true};

    (void)state;
    compare_profiles(RANDOM_SEED + 3, &shape, 4000);
}

static void an_engine_profile_decides_as_libseccomp_does(void **state)
{
    struct random_source source = {RANDOM_SEED + 4};
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    size_t allowed;
    struct pair pair = {.profile = engine_profile(&arena, &allowed)};

    (void)state;
    build(&pair, true, &arena);
    assert_true(pair.theirs.count > 0);
    for (unsigned i = 0; i < 50; i++)
        compare_everything(&pair, &source);
    print_message("# %zu names: %zu instructions, libseccomp's have %zu\n", allowed,
                  pair.ours.count, pair.theirs.count);
    assert_true(allowed > 300);
    assert_true(pair.ours.count < 450);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_rules_decide_as_libseccomp_does),
        cmocka_unit_test(overlapping_actions_decide_as_libseccomp_does),
        cmocka_unit_test(foreign_architectures_decide_as_libseccomp_does),
        cmocka_unit_test(any_profile_means_what_it_says),
        cmocka_unit_test(an_engine_profile_decides_as_libseccomp_does),
    };

    alarm(300); /* libseccomp may not come back */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
