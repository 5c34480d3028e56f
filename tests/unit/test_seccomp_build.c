/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The seccomp compiler: actions, operators, flags, limits, messages and the shape of programs. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

#include "base/cleanup.h"
#include "bpf_interpreter.h"
#include "seccomp_random.h"
#include "seccomp_reference.h"
#include "security/seccomp_arch.h"
#include "security/seccomp_build.h"
#include "security/seccomp_raw.h"

#define NAMES(...)                                                        \
    {                                                                     \
        .items = (const char *[]){__VA_ARGS__, NULL},                     \
        .count = ARRAY_SIZE(((const char *[]){__VA_ARGS__})), .set = true \
    }
#define ARG(number, operator_, a, b)                                         \
    {                                                                        \
        .index = (number), .op = (operator_), .value = (a), .value_two = (b) \
    }

struct fixture {
    struct oci_arena arena;
    struct oci_linux_seccomp_syscall rules[8];
    struct oci_linux_seccomp profile;
    struct seccomp_build_options options;
    struct seccomp_program program;
    struct error error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    oci_arena_init(&fixture->arena);
    fixture->profile.default_action = OCI_SECCOMP_ERRNO;
    fixture->profile.syscalls = fixture->rules;
    fixture->options.keep_unknown_numbers = true;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    oci_arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, struct oci_linux_seccomp_syscall rule)
{
    fixture->rules[fixture->profile.syscalls_count++] = rule;
}

static void build(struct fixture *fixture)
{
    int r = seccomp_build(&fixture->profile, &fixture->options, &fixture->arena, &fixture->program,
                          &fixture->error);

    if (r < 0)
        fail_msg("%s at %s", fixture->error.message, fixture->error.pointer);
    assert_true(bpf_check(fixture->program.instructions, fixture->program.count));
}

static void build_fails(struct fixture *fixture, enum error_code code, const char *pointer,
                        const char *words)
{
    struct seccomp_program untouched = {.count = 4711};

    error_clear(&fixture->error);
    assert_true(seccomp_build(&fixture->profile, &fixture->options, &fixture->arena, &untouched,
                              &fixture->error) < 0);
    assert_int_equal(fixture->error.code, code);
    assert_string_equal(fixture->error.pointer, pointer);
    assert_non_null(strstr(fixture->error.message, words));
    assert_int_equal(untouched.count, 4711);
}

/* The decision on a call of the native architecture. */
static uint32_t decide(struct fixture *fixture, const char *name, uint64_t first, uint64_t second)
{
    struct filter_number number;
    struct filter_arch arch;

    filter_arch_native(&arch);
    assert_int_equal(filter_arch_resolve(&arch, name, &number), 0);
    return bpf_run(
        fixture->program.instructions,
        &(struct seccomp_data){.nr = number.direct, .arch = arch.audit, .args = {first, second}},
        NULL);
}

static uint32_t decide_number(struct fixture *fixture, uint32_t audit, uint32_t number)
{
    return bpf_run(fixture->program.instructions,
                   &(struct seccomp_data){.nr = (int)number, .arch = audit}, NULL);
}

static void every_action_has_its_value(void **state)
{
    static const uint32_t values[OCI_SECCOMP_ACTION_COUNT] = {
        [OCI_SECCOMP_KILL] = 0x00000000,         [OCI_SECCOMP_KILL_THREAD] = 0x00000000,
        [OCI_SECCOMP_KILL_PROCESS] = 0x80000000, [OCI_SECCOMP_TRAP] = 0x00030000,
        [OCI_SECCOMP_ERRNO] = 0x00050001,        [OCI_SECCOMP_TRACE] = 0x7ff00001,
        [OCI_SECCOMP_ALLOW] = 0x7fff0000,        [OCI_SECCOMP_LOG] = 0x7ffc0000,
        [OCI_SECCOMP_NOTIFY] = 0x7fc00000};
    struct fixture *fixture = *state;

    fixture->profile.listener_path = "/run/agent";
    for (unsigned action = 1; action < OCI_SECCOMP_ACTION_COUNT; action++) {
        fixture->profile.default_action =
            action == OCI_SECCOMP_ALLOW ? OCI_SECCOMP_ERRNO : OCI_SECCOMP_ALLOW;
        fixture->profile.syscalls_count = 0;
        add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("getppid"),
                                                        .action = (enum oci_seccomp_action)action});
        build(fixture);
        assert_int_equal(decide(fixture, "getppid", 0, 0), values[action]);
        assert_int_equal(fixture->program.uses_notify, action == OCI_SECCOMP_NOTIFY);
        if (action == OCI_SECCOMP_NOTIFY)
            continue;
        fixture->profile.default_action = (enum oci_seccomp_action)action;
        fixture->profile.syscalls_count = 0;
        build(fixture);
        assert_int_equal(decide(fixture, "getpid", 0, 0), values[action]);
    }
}

static void error_numbers_have_limits(void **state)
{
    struct fixture *fixture = *state;
    struct oci_linux_seccomp_syscall *rule = &fixture->rules[0];

    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("getppid"),
                                                    .action = OCI_SECCOMP_ERRNO,
                                                    .errno_ret = {true, 4095}});
    build(fixture);
    assert_int_equal(decide(fixture, "getppid", 0, 0), 0x00050fff);
    rule->errno_ret.value = 4096;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/errnoRet", "4096");
    rule->action = OCI_SECCOMP_TRACE;
    rule->errno_ret.value = 65535;
    build(fixture);
    assert_int_equal(decide(fixture, "getppid", 0, 0), 0x7ff0ffff);
    rule->errno_ret.value = 65536;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/errnoRet", "65536");
    rule->action = OCI_SECCOMP_ALLOW;
    rule->errno_ret.value = 1;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/errnoRet",
                "SCMP_ACT_ALLOW takes no error number");
    rule->errno_ret.set = false;
    rule->action = OCI_SECCOMP_ACTION_NONE;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/action", "missing");
}

static void default_error_numbers_have_limits(void **state)
{
    struct fixture *fixture = *state;

    fixture->profile.default_errno_ret = (struct oci_optional_u32){true, 38};
    build(fixture);
    assert_int_equal(decide(fixture, "getppid", 0, 0), 0x00050026);
    fixture->profile.default_errno_ret.value = 4096;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/defaultErrnoRet", "4096");
    fixture->profile.default_action = OCI_SECCOMP_KILL;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/defaultErrnoRet",
                "SCMP_ACT_KILL takes no error number");
}

static bool holds(enum oci_seccomp_operator operator_, uint64_t argument, uint64_t a, uint64_t b)
{
    switch (operator_) {
    case OCI_SECCOMP_NE:
        return argument != a;
    case OCI_SECCOMP_LT:
        return argument < a;
    case OCI_SECCOMP_LE:
        return argument <= a;
    case OCI_SECCOMP_EQ:
        return argument == a;
    case OCI_SECCOMP_GE:
        return argument >= a;
    case OCI_SECCOMP_GT:
        return argument > a;
    default:
        return (argument & a) == (b & a);
    }
}

static void every_operator_compares_64_bits(void **state)
{
    static const uint64_t values[] = {0,           1,           0x7fffffff,         0x80000000,
                                      0xfffffffe,  0xffffffff,  0x100000000,        0x100000001,
                                      0x1ffffffff, 0x200000000, 0xffffffff00000000, UINT64_MAX};
    struct fixture *fixture = *state;

    for (unsigned op = 1; op < OCI_SECCOMP_OPERATOR_COUNT; op++)
        for (size_t a = 0; a < ARRAY_SIZE(values); a++)
            for (size_t b = 0; b < (op == OCI_SECCOMP_MASKED_EQ ? ARRAY_SIZE(values) : 1); b++) {
                enum oci_seccomp_operator operator_ = (enum oci_seccomp_operator)op;
                struct oci_linux_seccomp_arg arg = ARG(1, operator_, values[a], values[b]);

                fixture->profile.syscalls_count = 0;
                add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("ioctl"),
                                                                .action = OCI_SECCOMP_ALLOW,
                                                                .args = &arg,
                                                                .args_count = 1});
                build(fixture);
                for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                    assert_int_equal(decide(fixture, "ioctl", 7, values[i]),
                                     holds(operator_, values[i], values[a], values[b])
                                         ? SECCOMP_RET_ALLOW
                                         : 0x00050001);
            }
}

static void conditions_of_a_rule_must_all_hold(void **state)
{
    struct oci_linux_seccomp_arg args[] = {ARG(1, OCI_SECCOMP_GE, 10, 0),
                                           ARG(0, OCI_SECCOMP_EQ, 3, 0)};
    struct fixture *fixture = *state;

    add(fixture,
        (struct oci_linux_seccomp_syscall){
            .names = NAMES("ioctl"), .action = OCI_SECCOMP_ALLOW, .args = args, .args_count = 2});
    build(fixture);
    assert_int_equal(decide(fixture, "ioctl", 3, 10), SECCOMP_RET_ALLOW);
    assert_int_equal(decide(fixture, "ioctl", 3, 9), 0x00050001);
    assert_int_equal(decide(fixture, "ioctl", 4, 10), 0x00050001);
    args[0].index = 0; /* two on one argument: either suffices */
    build(fixture);
    assert_int_equal(decide(fixture, "ioctl", 3, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(decide(fixture, "ioctl", 11, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(decide(fixture, "ioctl", 4, 0), 0x00050001);
    args[1].index = 6;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/args/1/index",
                "6 is larger than 5");
    args[1].index = 5;
    args[1].op = OCI_SECCOMP_OPERATOR_NONE;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/args/1/op", "missing");
}

static void unconditional_rules_win_and_the_first_of_them(void **state)
{
    struct oci_linux_seccomp_arg arg = ARG(0, OCI_SECCOMP_EQ, 3, 0);
    struct fixture *fixture = *state;

    add(fixture,
        (struct oci_linux_seccomp_syscall){
            .names = NAMES("ioctl"), .action = OCI_SECCOMP_TRAP, .args = &arg, .args_count = 1});
    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("ioctl", "ioctl"),
                                                    .action = OCI_SECCOMP_ALLOW});
    add(fixture,
        (struct oci_linux_seccomp_syscall){.names = NAMES("ioctl"), .action = OCI_SECCOMP_LOG});
    build(fixture);
    assert_int_equal(decide(fixture, "ioctl", 3, 0), SECCOMP_RET_ALLOW);
}

/* What engines write: a refusal for one value, permission for all others. */
static void exceptions_come_before_what_they_except(void **state)
{
    struct oci_linux_seccomp_arg all = ARG(1, OCI_SECCOMP_LE, 0xffff, 0);
    struct oci_linux_seccomp_arg one = ARG(1, OCI_SECCOMP_EQ, 0x5412, 0);
    struct fixture *fixture = *state;

    add(fixture,
        (struct oci_linux_seccomp_syscall){
            .names = NAMES("ioctl"), .action = OCI_SECCOMP_ALLOW, .args = &all, .args_count = 1});
    add(fixture,
        (struct oci_linux_seccomp_syscall){
            .names = NAMES("ioctl"), .action = OCI_SECCOMP_TRAP, .args = &one, .args_count = 1});
    build(fixture);
    assert_int_equal(decide(fixture, "ioctl", 0, 0x5412), SECCOMP_RET_TRAP);
    assert_int_equal(decide(fixture, "ioctl", 0, 0x5413), SECCOMP_RET_ALLOW);
    assert_int_equal(decide(fixture, "ioctl", 0, 0x10000), 0x00050001);
}

static void notify_is_refused_where_it_would_hang(void **state)
{
    struct fixture *fixture = *state;

    fixture->profile.listener_path = "/run/agent";
    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("close", "write"),
                                                    .action = OCI_SECCOMP_NOTIFY});
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/names/1",
                "SCMP_ACT_NOTIFY cannot be used for the write system call");
    fixture->rules[0].names.count = 1;
    build(fixture);
    assert_true(fixture->program.uses_notify);
    fixture->profile.listener_path = NULL;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp", "listenerPath");
    fixture->options.has_receiver = true;
    build(fixture);
    fixture->profile.default_action = OCI_SECCOMP_NOTIFY;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/defaultAction",
                "cannot be the default action");
}

static void unknown_names_are_ignored_unless_asked(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("getppid", "frobnicate"),
                                                    .action = OCI_SECCOMP_ALLOW});
    build(fixture);
    assert_int_equal(decide(fixture, "getppid", 0, 0), SECCOMP_RET_ALLOW);
    fixture->options.fail_on_unknown_syscall = true;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/syscalls/0/names/1",
                "\"frobnicate\"");
}

static void flags_become_bits(void **state)
{
    enum oci_seccomp_flag flags[] = {OCI_SECCOMP_FLAG_LOG, OCI_SECCOMP_FLAG_TSYNC,
                                     OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV};
    struct fixture *fixture = *state;

    build(fixture); /* absent */
    assert_int_equal(fixture->program.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
    fixture->options.kernel_flags = SECCOMP_FILTER_FLAG_LOG;
    build(fixture);
    assert_int_equal(fixture->program.flags, 0);
    fixture->options.kernel_flags = 0;
    fixture->profile.flags = flags; /* there but empty */
    build(fixture);
    assert_int_equal(fixture->program.flags, 0);
    fixture->profile.flags_count = 3;
    build(fixture);
    assert_int_equal(fixture->program.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC);
    fixture->options.kernel_flags = SECCOMP_FILTER_FLAG_LOG;
    build_fails(fixture, ERROR_KERNEL_TOO_OLD, "/linux/seccomp/flags/1",
                "SECCOMP_FILTER_FLAG_TSYNC");
    fixture->options.kernel_flags = 0;
    fixture->profile.listener_path = "/run/agent";
    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("getppid"),
                                                    .action = OCI_SECCOMP_NOTIFY});
    build(fixture);
    assert_int_equal(fixture->program.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC |
                                                 SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
                                                 SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

static void new_numbers_get_enosys(void **state)
{
    struct fixture *fixture = *state;
    struct filter_number number;
    struct filter_arch arch;
    uint32_t newest;

    filter_arch_native(&arch);
    assert_int_equal(filter_arch_resolve(&arch, "openat2", &number), 0);
    newest = (uint32_t)number.direct;
    fixture->options.keep_unknown_numbers = false;
    add(fixture, (struct oci_linux_seccomp_syscall){.names = NAMES("getppid", "openat2"),
                                                    .action = OCI_SECCOMP_ALLOW});
    build(fixture);
    assert_int_equal(decide_number(fixture, arch.audit, newest), SECCOMP_RET_ALLOW);
    assert_int_equal(decide_number(fixture, arch.audit, newest - 1), 0x00050001);
    assert_int_equal(decide_number(fixture, arch.audit, newest + 1), 0x00050026);
    assert_int_equal(decide_number(fixture, arch.audit, 0x3fffffff), 0x00050026);
    fixture->profile.default_action = OCI_SECCOMP_KILL_PROCESS;
    build(fixture);
    assert_int_equal(decide_number(fixture, arch.audit, newest - 1), SECCOMP_RET_KILL_PROCESS);
    assert_int_equal(decide_number(fixture, arch.audit, newest + 1), 0x00050026);
    /* rules for the default action are none, but their names count */
    fixture->rules[0].action = OCI_SECCOMP_KILL_PROCESS;
    build(fixture);
    assert_int_equal(decide_number(fixture, arch.audit, newest), SECCOMP_RET_KILL_PROCESS);
    assert_int_equal(decide_number(fixture, arch.audit, newest + 1), 0x00050026);
    for (unsigned i = 0; i < 3; i++) {
        static const enum oci_seccomp_action allowing[] = {OCI_SECCOMP_ALLOW, OCI_SECCOMP_LOG,
                                                           OCI_SECCOMP_TRACE};

        fixture->profile.default_action = allowing[i];
        build(fixture);
        assert_int_not_equal(decide_number(fixture, arch.audit, newest + 1), 0x00050026);
    }
    /* nothing is known of a profile that names nothing */
    fixture->profile.default_action = OCI_SECCOMP_ERRNO;
    fixture->profile.syscalls_count = 0;
    build(fixture);
    assert_int_equal(decide_number(fixture, arch.audit, newest + 1), 0x00050001);
}

static void only_listed_architectures_may_call(void **state)
{
    enum oci_seccomp_arch archs[] = {OCI_ARCH_X86, OCI_ARCH_X32, OCI_ARCH_X86, OCI_ARCH_S390X};
    struct fixture *fixture = *state;
    struct filter_arch native;

    filter_arch_native(&native);
    if (native.audit != AUDIT_ARCH_X86_64)
        skip();
    add(fixture,
        (struct oci_linux_seccomp_syscall){.names = NAMES("read"), .action = OCI_SECCOMP_ALLOW});
    build(fixture);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_X86_64, 0x40000000),
                     SECCOMP_RET_KILL_THREAD);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_X86_64, UINT32_MAX), 0x00050001);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_I386, 3), SECCOMP_RET_KILL_THREAD);
    fixture->profile.architectures = archs;
    fixture->profile.architectures_count = ARRAY_SIZE(archs);
    build(fixture);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_X86_64, 0x40000000), SECCOMP_RET_ALLOW);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_I386, 3), SECCOMP_RET_ALLOW);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_I386, 4), 0x00050001);
    assert_int_equal(decide_number(fixture, AUDIT_ARCH_S390X, 3), SECCOMP_RET_KILL_THREAD);
    archs[1] = OCI_ARCH_COUNT;
    build_fails(fixture, ERROR_SECCOMP_INVALID, "/linux/seccomp/architectures/1", "architecture");
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

        if (filter_arch_find((enum oci_seccomp_arch)word, &arch) < 0 || arch.socketcall < 0)
            continue;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            struct filter_number number;
            char *name;

            assert_int_equal(filter_arch_resolve(&arch, names[i], &number), 0);
            assert_int_equal(number.multiplexer, i < 20 ? arch.socketcall : arch.ipc);
            if (number.direct < 0)
                continue;
            name = seccomp_syscall_resolve_num_arch(arch.token, number.direct);
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
            assert_int_equal(bpf_run(fixture->program.instructions, &data, NULL), meant);
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
        bpf_run(fixture->program.instructions,
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_action_has_its_value),
        TEST(error_numbers_have_limits),
        TEST(default_error_numbers_have_limits),
        TEST(every_operator_compares_64_bits),
        TEST(conditions_of_a_rule_must_all_hold),
        TEST(unconditional_rules_win_and_the_first_of_them),
        TEST(exceptions_come_before_what_they_except),
        TEST(notify_is_refused_where_it_would_hang),
        TEST(unknown_names_are_ignored_unless_asked),
        TEST(flags_become_bits),
        TEST(new_numbers_get_enosys),
        TEST(only_listed_architectures_may_call),
        TEST(multiplexed_calls_have_their_direct_numbers),
        TEST(long_programs_jump_far),
        TEST(programs_beyond_the_limit_are_refused),
        TEST(an_engine_profile_is_short),
        TEST(a_small_profile_compiles_to_this),
        TEST(ready_made_filters_are_decoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
