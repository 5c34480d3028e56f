/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The seccomp compiler: actions, operators, flags and messages. */
#include <errno.h>
#include <linux/audit.h>

#include "seccomp_fixture.h"
#include "seccomp_reference.h"
#include "security/seccomp_arch.h"

/* The decision on a call of the native architecture. */
static uint32_t decide(struct fixture *fixture, const char *name, uint64_t first, uint64_t second)
{
    struct filter_number number;
    struct filter_arch arch;

    filter_arch_native(&arch);
    assert_int_equal(resolve_name(&arch, name, &number), 0);
    return bpf_run(
        fixture->program.instructions, fixture->program.count,
        &(struct seccomp_data){.nr = number.direct, .arch = arch.audit, .args = {first, second}},
        NULL);
}

static uint32_t decide_number(struct fixture *fixture, uint32_t audit, uint32_t number)
{
    return bpf_run(fixture->program.instructions, fixture->program.count,
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
    assert_int_equal(resolve_name(&arch, "openat2", &number), 0);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
