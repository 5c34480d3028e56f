/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Log lines, and what commands print. */
#include "cmocka_all.h"

#include <dray/dray.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/log.h"
#include "cli/output.h"
#include "cli/ps_table.h"

static const struct timespec moment = {.tv_sec = 1700000000, .tv_nsec = 12000345};

static void json_lines_are_one_object(void **state)
{
    _cleanup_buffer_ struct buffer line = {0};
    const struct log_entry entry = {
        .level = DRAY_LOG_ERROR,
        .message = "cannot \"x\"\n\x01 \xff\xc3\xa9\xed\xa0\x80",
        .code = "MOUNT_FAILED",
        .errno_name = "ENOENT",
        .pointer = "/mounts/9",
        .detail = "",
    };

    (void)state;
    log_line_json(&line, &entry, &moment);
    assert_string_equal(
        line.text, "{\"level\":\"error\",\"msg\":\"cannot \\\"x\\\"\\n\\u0001 "
                   "\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
                   "\"time\":\"2023-11-14T22:13:20.012000345Z\","
                   "\"code\":\"MOUNT_FAILED\",\"errno\":\"ENOENT\",\"pointer\":\"/mounts/9\"}\n");
}

static void text_lines_say_the_level(void **state)
{
    _cleanup_buffer_ struct buffer line = {0};
    const struct log_entry entry = {.level = DRAY_LOG_DEBUG, .message = "create"};

    (void)state;
    log_line_text(&line, &entry, &moment);
    assert_string_equal(line.text,
                        "time=\"2023-11-14T22:13:20.012000345Z\" level=debug msg=\"create\"\n");
}

/* Against gmtime_r(3), on every day of five centuries. */
static void times_are_those_of_the_calendar(void **state)
{
    (void)state;
    for (time_t day = 0; day < 200000; day++) {
        for (int side = 0; side < 2; side++) {
            const struct timespec at = {.tv_sec = day * 86400 + (side != 0 ? 86399 : 0)};
            const struct log_entry entry = {.level = DRAY_LOG_DEBUG, .message = ""};
            _cleanup_buffer_ struct buffer line = {0};
            char expected[64];
            struct tm date;

            assert_non_null(gmtime_r(&at.tv_sec, &date));
            strftime(expected, sizeof(expected), "time=\"%Y-%m-%dT%H:%M:%S.000000000Z\"", &date);
            log_line_text(&line, &entry, &at);
            assert_memory_equal(line.text, expected, strlen(expected));
        }
    }
}

static void people_get_the_detail_on_its_own_line(void **state)
{
    _cleanup_buffer_ struct buffer line = {0};
    const struct log_entry entry = {
        .level = DRAY_LOG_ERROR,
        .message = "hook failed",
        .text = "error[HOOK_FAILED] hook failed",
        .detail = "sh: x: Permission denied\nsecond",
    };

    (void)state;
    log_line_people(&line, &entry);
    assert_string_equal(line.text, "dray: error[HOOK_FAILED] hook failed\n"
                                   "dray: detail: sh: x: Permission-denied\\x0asecond\n");
}

static void phrases_of_engines_are_broken_up(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"denied", "denied"},
        {"permission denied", "permission-denied"},
        {" denied PERMISSION DENIED!", " denied PERMISSION-DENIED!"},
        {"a: No such file or directory; b: Operation not permitted",
         "a: No-such file or directory; b: Operation-not permitted"},
        {"executable file not found in $PATH", "executable-file not found in $PATH"},
        {"open executable", "open-executable"},
        {"permission denied denied permission denied",
         "permission-denied denied permission-denied"},
        {"xpermission denied", "xpermission-denied"},
        {"\x1b[31m", "\\x1b[31m"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_buffer_ struct buffer line = {0};

        log_line_foreign(&line, cases[i].text);
        assert_string_equal(line.text != NULL ? line.text : "", cases[i].expected);
    }
}

/* Whatever the bytes, no line break and no phrase comes through. */
static void foreign_text_is_never_taken_for_ours(void **state)
{
    static const char *const pieces[] = {"permission", " denied", "no", " such file or directory",
                                         "operation",  "\n",      " ",  " not permitted",
                                         "executable", "\x7f",    "o",  " file not found"};
    uint32_t number = 1;

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        _cleanup_buffer_ struct buffer text = {0};
        _cleanup_buffer_ struct buffer line = {0};

        for (size_t i = 0; i < 6; i++) {
            number = number * 1664525 + 1013904223;
            buffer_add_text(&text, pieces[(number >> 16) % ARRAY_SIZE(pieces)]);
        }
        log_line_foreign(&line, text.text);
        for (size_t i = 0; i < 3; i++) {
            static const char *const words[] = {"permission", "operation", "executable"};
            static const char *const rests[] = {" denied", " not permitted", " file not found"};
            char phrase[64] = "";

            strcat(strcat(phrase, words[i]), rests[i]);
            assert_null(strstr(line.text, phrase));
        }
        assert_null(strstr(line.text, "no such file"));
        assert_null(strpbrk(line.text, "\n\x7f"));
    }
}

static void log_types_are_checked(void **state)
{
    struct error error = {0};
    struct log log = LOG_STDERR;

    (void)state;
    assert_int_equal(log_open(&log, NULL, &error), 0);
    assert_int_equal(log_open(&log, "carrier:pigeon", &error), -EINVAL);
    assert_int_equal(error.code, ERROR_USAGE);
    error_clear(&error);
    assert_int_equal(log_open(&log, "/nonexistent/directory/log", &error), -ENOENT);
    assert_int_equal(log.fd, -1);
}

static void a_log_file_holds_one_object_per_error(void **state)
{
    char path[] = "/tmp/dray-test-log-XXXXXX";
    _cleanup_close_ int fd = mkstemp(path);
    struct log log = LOG_STDERR;
    struct error error = {0};
    char target[64] = "file:";
    char text[4096] = "";

    (void)state;
    assert_true(fd >= 0);
    log.format = LOG_FORMAT_JSON;
    assert_int_equal(log_open(&log, strcat(target, path), &error), 0);
    error_set(&error, ERROR_HOOK_FAILED, 0, "first");
    error_set_detail(&error, "tail", 4);
    log_message(&log, DRAY_LOG_WARNING, "not seen at this level");
    log_error(&log, &error);
    log_close(&log);
    assert_true(read(fd, text, sizeof(text) - 1) > 0);
    assert_memory_equal(text, "{\"level\":\"error\",\"msg\":\"first\",\"time\":\"", 39);
    assert_non_null(strstr(text, "Z\",\"code\":\"HOOK_FAILED\",\"detail\":\"tail\"}\n"));
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
    unlink(path);
}

static void json_is_indented(void **state)
{
    static const struct {
        const char *json;
        const char *expected;
    } cases[] = {
        {"{}", "{}\n"},
        {"[ ]", "[]\n"},
        {"{\"a\":1,\"b\":[true,\"x,{\\\"\"],\"c\":{}}",
         "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    \"x,{\\\"\"\n  ],\n  \"c\": {}\n}\n"},
        {"{\n\t\"a\" : null\n}\n", "{\n  \"a\": null\n}\n"},
    };
    _cleanup_buffer_ struct buffer line = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_buffer_ struct buffer text = {0};

        output_add_json(&text, cases[i].json, 2);
        assert_string_equal(text.text, cases[i].expected);
    }
    output_add_json(&line, "[ {\n\"a b\" : [1 ,2] } ]\n", 0);
    assert_string_equal(line.text, "[{\"a b\":[1,2]}]\n");
}

static void tables_have_columns(void **state)
{
    static const char *const cells[] = {"ID", "PID", "a-rather-long-id", "1"};
    _cleanup_buffer_ struct buffer text = {0};

    (void)state;
    output_add_table(&text, cells, 2, 2);
    assert_string_equal(text.text, "ID                 PID\n"
                                   "a-rather-long-id   1\n");
}

static void ps_lines_are_chosen_by_pid(void **state)
{
    static const char output[] = "UID          PID    PPID CMD\n"
                                 "root          12       1 init 34\n"
                                 "root          34      12 sh\n"
                                 "root         340      12 sleep\n"
                                 "short\n"
                                 "root           7       1 last";
    pid_t pids[] = {340, 7, 12};
    _cleanup_buffer_ struct buffer text = {0};
    struct error error = {0};

    (void)state;
    assert_int_equal(ps_table_filter(&text, output, pids, ARRAY_SIZE(pids), &error), 0);
    assert_string_equal(text.text, "UID          PID    PPID CMD\n"
                                   "root          12       1 init 34\n"
                                   "root         340      12 sleep\n"
                                   "root           7       1 last\n");
    assert_int_equal(ps_table_filter(&text, "CMD\nsh\n", pids, 3, &error), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines_are_one_object),
        cmocka_unit_test(text_lines_say_the_level),
        cmocka_unit_test(times_are_those_of_the_calendar),
        cmocka_unit_test(people_get_the_detail_on_its_own_line),
        cmocka_unit_test(phrases_of_engines_are_broken_up),
        cmocka_unit_test(foreign_text_is_never_taken_for_ours),
        cmocka_unit_test(log_types_are_checked),
        cmocka_unit_test(a_log_file_holds_one_object_per_error),
        cmocka_unit_test(json_is_indented),
        cmocka_unit_test(tables_have_columns),
        cmocka_unit_test(ps_lines_are_chosen_by_pid),
    };

    return cmocka_run_group_tests_name("log lines and output", tests, NULL, NULL);
}
