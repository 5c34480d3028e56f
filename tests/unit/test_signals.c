/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by name and by number. */
#include "cmocka_all.h"

#include <dray/dray.h>
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"

static void names_and_numbers(void **state)
{
    static const struct {
        const char *word;
        int number;
    } known[] = {
        {"TERM", SIGTERM},
        {"SIGTERM", SIGTERM},
        {"term", SIGTERM},
        {"sigKill", SIGKILL},
        {"KILL", SIGKILL},
        {"9", 9},
        {"0", 0},
        {"28", SIGWINCH},
        {"WINCH", SIGWINCH},
        {"64", 64},
        {"HUP", SIGHUP},
        {"CLD", SIGCHLD},
        {"RTMIN", 34},
        {"RTMIN+3", 37},
        {"SIGRTMIN+30", 64},
        {"RTMAX", 64},
        {"RTMAX-30", 34},
        {"sigrtmax-1", 63},
        {"IOT", SIGABRT},
        {"POLL", SIGIO},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        assert_int_equal(dray_signal_number(known[i].word), known[i].number);
}

static void everything_else_is_refused(void **state)
{
    static const char *const unknown[] = {
        "",
        "SIG",
        "SIGSIGTERM",
        "TERMX",
        "-1",
        "65",
        "9 ",
        " 9",
        "0x9",
        "RTMIN-1",
        "RTMAX+1",
        "RTMIN+31",
        "RTMAX-31",
        "RTMIN+",
        "RTMIN3",
        "RT",
        "99999999999999999999",
        "RTMIN+99999999999",
        "RTMIN+-1",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        assert_int_equal(dray_signal_number(unknown[i]), -EINVAL);
    assert_int_equal(dray_signal_number(NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_numbers),
        cmocka_unit_test(everything_else_is_refused),
    };

    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
