/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Engines classify what we say by the words in it: only faults of the container's own program may
 * hold these, whatever the error code, the errno value and the foreign text.
 */
#include "cmocka_all.h"

#include <dray/dray.h>
#include <regex.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/log_line.h"

#define ERRNO_LAST 133

/* Podman: the program is missing (127), cannot be executed (126), or a security label failed. */
static const char *const expressions[] = {
    "permission denied|operation not permitted",
    "executable file not found in|no such file or directory|open executable",
    "/proc/[a-z0-9].+/attr.*",
    /* containerd and Docker: a container that is gone counts as success of kill and delete */
    "process already finished|no such process|does not exist|container not running",
};

static regex_t compiled[ARRAY_SIZE(expressions)];

static int compile(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
        if (regcomp(&compiled[i], expressions[i], REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
            return -1;
    }
    return 0;
}

static int forget(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expressions); i++)
        regfree(&compiled[i]);
    return 0;
}

static void assert_unclassified(const char *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (regexec(&compiled[i], text, 0, NULL, 0) == 0)
            fail_msg("\"%s\" matches \"%s\"", text, expressions[i]);
    }
}

/* The three forms in which an error leaves the program. */
static void check(const struct error *error)
{
    static const struct timespec now = {.tv_sec = 1};
    char message[2048], text[2048];
    const struct log_entry entry = {
        .level = DRAY_LOG_ERROR,
        .message = message,
        .text = text,
        .code = error_code_name(error->code),
        .pointer = error->pointer,
        .detail = error->detail,
    };
    _cleanup_buffer_ struct buffer people = {0};
    _cleanup_buffer_ struct buffer line = {0};

    error_format_message(error, message, sizeof(message));
    error_format_text(error, text, sizeof(text));
    assert_unclassified(message, 0, ARRAY_SIZE(expressions)); /* the "msg" of JSON */
    log_line_people(&people, &entry);
    assert_unclassified(people.text, 0, 2);
    log_line_text(&line, &entry, &now);
    assert_unclassified(line.text, 0, 2);
}

static void no_code_and_no_errno_is_misread(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < ERROR_CODE_COUNT; code++) {
        for (int number = 0; number <= ERRNO_LAST; number++) {
            struct error error = {0};

            error_set(&error, (enum error_code)code, number, "cannot mount \"a\" on \"/b\"");
            error_set_pointer(&error, "/mounts/9");
            check(&error);
        }
    }
}

static void foreign_text_is_not_misread(void **state)
{
    static const char *const pieces[] = {
        "permission",
        " denied",
        "no",
        " such file or directory",
        "operation",
        "\n",
        " ",
        "\"",
        " not permitted",
        "executable",
        "\x1b[0m",
        " file not found",
        " in",
        "open",
        " executable",
        "\xff",
        "\\",
        " denied",
        "PERMISSION DENIED",
        "Operation",
    };
    uint32_t number = 7;

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        _cleanup_buffer_ struct buffer foreign = {0};
        struct error error = {0};

        for (size_t i = 0; i < 8; i++) {
            number = number * 1664525 + 1013904223;
            buffer_add_text(&foreign, pieces[(number >> 16) % ARRAY_SIZE(pieces)]);
        }
        error_set(&error, ERROR_HOOK_FAILED, 0, "hook prestart 0 exited with 1");
        error_set_detail(&error, foreign.text, foreign.length);
        check(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_code_and_no_errno_is_misread),
        cmocka_unit_test(foreign_text_is_not_misread),
    };

    return cmocka_run_group_tests_name("phrases of engines", tests, compile, forget);
}
