/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile to fill in and compile, for tests. */
#ifndef DRAY_TESTS_UNIT_SECCOMP_FIXTURE_H
#define DRAY_TESTS_UNIT_SECCOMP_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

#include "base/cleanup.h"
#include "bpf_program.h"
#include "security/seccomp_build.h"

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

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    oci_arena_init(&fixture->arena);
    fixture->profile.default_action = OCI_SECCOMP_ERRNO;
    fixture->profile.syscalls = fixture->rules;
    fixture->options.keep_unknown_numbers = true;
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;

    oci_arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static inline void add(struct fixture *fixture, struct oci_linux_seccomp_syscall rule)
{
    fixture->rules[fixture->profile.syscalls_count++] = rule;
}

static inline void build(struct fixture *fixture)
{
    int r = seccomp_build(&fixture->profile, &fixture->options, &fixture->arena, &fixture->program,
                          &fixture->error);

    if (r < 0)
        fail_msg("%s at %s", fixture->error.message, fixture->error.pointer);
    assert_true(bpf_check(fixture->program.instructions, fixture->program.count));
}

static inline void build_fails(struct fixture *fixture, enum error_code code, const char *pointer,
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
