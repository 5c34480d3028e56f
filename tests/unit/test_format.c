/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formatted text: what libc's snprintf() makes of the same is right. */
#include "cmocka_all.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static void compare(const char *format, ...)
{
    static const size_t sizes[] = {0, 1, 2, 7, 300};

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        char expected[300], found[300];
        va_list list, again;
        int length;

        memset(expected, '#', sizeof(expected));
        memset(found, '#', sizeof(found));
        va_start(list, format);
        va_copy(again, list);
        length = vsnprintf(expected, sizes[i], format, list);
        assert_int_equal(format_text_list(found, sizes[i], format, again), length);
        va_end(again);
        va_end(list);
        assert_memory_equal(found, expected, sizeof(found));
    }
}

static void texts_are_those_of_libc(void **state)
{
    (void)state;
    compare("");
    compare("100 %% of it");
    compare("%s|%10s|%-10s|%.2s|%.*s|%*s|%-*s|%.0s", "abc", "abc", "abc", "abc", 1, "abc", 6, "abc",
            6, "abc", "abc");
    compare("%.3s", (const char[]){'a', 'b', 'c'}); /* without an end */
    compare("%c%3c%-3c.", 'x', 'y', 'z');
    compare("%*d.", -6, 5);
    compare("%p %20p", (void *)compare, (void *)compare);
}

/* Every combination of flags, width, precision, length and letter, with the edges of each type. */
static void numbers_are_those_of_libc(void **state)
{
    static const char *const flags[] = {"", "-", "0", "#", "0#", "-0", "-#"};
    static const char *const widths[] = {"", "1", "9", "25"};
    static const char *const precisions[] = {"", ".0", ".1", ".12", ".", ".24"};
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "j", "t"};
    static const uint64_t numbers[] = {0,          1,         7,         8,          9,
                                       UINT8_MAX,  INT8_MIN,  INT16_MIN, INT32_MIN,  INT32_MAX,
                                       UINT32_MAX, INT64_MAX, INT64_MIN, UINT64_MAX, 1234567};
    char format[64];

    (void)state;
    for (size_t i = 0; i < 7u * 4 * 6 * 8; i++) {
        for (const char *letter = "diuxXo"; *letter != '\0'; letter++) {
            const char *length = lengths[i % 8];

            if (strchr(flags[i / 192], '#') != NULL && strchr("diu", *letter) != NULL)
                continue; /* undefined */
            snprintf(format, sizeof(format), "a%%%s%s%s%s%cz", flags[i / 192], widths[i / 48 % 4],
                     precisions[i / 8 % 6], length, *letter);
            for (size_t j = 0; j < ARRAY_SIZE(numbers); j++) {
                if (length[0] == '\0' || length[0] == 'h')
                    compare(format, (int)numbers[j]);
                else
                    compare(format, numbers[j]);
            }
        }
    }
}

static void other_conversions_stay(void **state)
{
    const char *other = "%5.1f%";
    char text[32];

    (void)state;
    assert_int_equal(format_text(text, sizeof(text), "%s", "%f"), 2);
    assert_int_equal(format_text(text, sizeof(text), other), 6);
    assert_string_equal(text, "%5.1f%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_those_of_libc),
        cmocka_unit_test(numbers_are_those_of_libc),
        cmocka_unit_test(other_conversions_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
