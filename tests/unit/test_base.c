/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers and the error object. */
#include "cmocka_all.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/number.h"

static void numbers_are_strict(void **state)
{
    static const char *const bad[] = {"",   "-1",  "+1",  " 1",  "1 ",  "0x1",
                                      "1.", "1e3", "one", "1:2", "--1", "99999999999999999999"};
    uint32_t number = 7;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_not_equal(parse_u32(bad[i], &number), 0);
    assert_int_equal(number, 7);
    assert_int_equal(parse_u32("4294967295", &number), 0);
    assert_int_equal(number, UINT32_MAX);
    assert_int_equal(parse_u32("4294967296", &number), -ERANGE);
    assert_int_equal(parse_u32("18446744073709551616", &number), -ERANGE);
}

static void signed_numbers_reach_their_limits(void **state)
{
    int64_t number;
    int32_t small;

    (void)state;
    assert_int_equal(parse_i64("-9223372036854775808", &number), 0);
    assert_true(number == INT64_MIN);
    assert_int_equal(parse_i64("9223372036854775808", &number), -ERANGE);
    assert_int_equal(parse_i64("-9223372036854775809", &number), -ERANGE);
    assert_int_equal(parse_i32("-2147483648", &small), 0);
    assert_int_equal(small, INT32_MIN);
    assert_int_equal(parse_i32("2147483648", &small), -ERANGE);
}

static void digits_are_formatted(void **state)
{
    char digits[21];

    (void)state;
    assert_int_equal(format_u64(digits, 0), 1);
    assert_string_equal(digits, "0");
    assert_int_equal(format_u64(digits, UINT64_MAX), 20);
    assert_string_equal(digits, "18446744073709551615");
}

static void the_first_error_stays(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(error_set(&error, ERROR_MOUNT_FAILED, EBUSY, "first %d", 1), -EBUSY);
    assert_int_equal(error_set(&error, ERROR_SYSTEM, EIO, "second"), -EIO);
    assert_int_equal(error.code, ERROR_MOUNT_FAILED);
    assert_string_equal(error.message, "first 1");
}

static void errors_name_their_place(void **state)
{
    struct error error = {0};
    char text[1024];

    (void)state;
    error_set(&error, ERROR_PIVOT_FAILED, EINVAL, "cannot mount \"a\nb\"");
    error_set_pointer(&error, "/mounts/%u", 9);
    error.line = 214;
    error.column = 17;
    error_format_text(&error, text, sizeof(text));
    assert_string_equal(text, "error[PIVOT_FAILED] cannot mount \"a\\x0ab\": EINVAL; "
                              "config.json:214:17 (/mounts/9); hint: --no-pivot helps when the "
                              "root of the host is an initial ramdisk");
}

static void a_short_buffer_is_never_overrun(void **state)
{
    struct error error = {0};
    char text[16];

    (void)state;
    error_set(&error, ERROR_SYSTEM, 0, "%0200d", 7);
    for (size_t size = 0; size <= sizeof(text); size++) {
        memset(text, 'x', sizeof(text));
        assert_true(error_format_message(&error, text, size) == 200);
        if (size > 0)
            assert_int_equal(strlen(text), size - 1);
        for (size_t i = size; i < sizeof(text); i++)
            assert_int_equal(text[i], 'x');
    }
}

/* What Podman and Docker look for in our text; only faults of the program may say it. */
static void no_message_holds_a_reserved_phrase(void **state)
{
    static const char *const phrases[] = {"permission denied", "operation not permitted",
                                          "no such file or directory", "executable file not found",
                                          "open executable"};
    char text[2048];

    (void)state;
    for (uint32_t code = 1; code < ERROR_CODE_COUNT; code++) {
        for (int number = 0; number < 140; number++) {
            struct error error = {0};

            error_set(&error, code, number, "cannot do it");
            error_format_text(&error, text, sizeof(text));
            for (char *c = text; *c != '\0'; c++)
                *c = (char)tolower((unsigned char)*c);
            for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
                assert_null(strstr(text, phrases[i]));
        }
    }
}

static void a_hostile_error_is_tamed(void **state)
{
    struct error error;
    char text[4096];

    (void)state;
    memset(&error, 0xff, sizeof(error));
    error_sanitize(&error);
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_int_equal(error.sys_errno, 0);
    assert_true(error_format_text(&error, text, sizeof(text)) < sizeof(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(signed_numbers_reach_their_limits),
        cmocka_unit_test(digits_are_formatted),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(errors_name_their_place),
        cmocka_unit_test(a_short_buffer_is_never_overrun),
        cmocka_unit_test(no_message_holds_a_reserved_phrase),
        cmocka_unit_test(a_hostile_error_is_tamed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
