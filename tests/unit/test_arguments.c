/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading options and positional arguments. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/arguments.h"

#define WORDS_MAX 12

static const char *const formats[] = {"table", "json", NULL};

static const struct option_row first_group[] = {
    {"bundle", 'b', TEXT(bundle), .value = "DIR"},
    {"detach", 'd', FLAG(detach)},
    {"tty", 't', FLAG(tty)},
    {"preserve-fds", 0, NUMBER(preserve_fds), .value = "N"},
    {"no-subreaper", 0, .kind = OPTION_IGNORED},
    {"systemd-cgroup", 0, SET(cgroup_manager, 7)},
    {0},
};

static const struct option_row second_group[] = {
    {"env", 'e', TEXTS(env), .value = "NAME=VALUE"},
    {"additional-gids", 'g', NUMBERS(additional_gids), .value = "GID"},
    {"format", 'f', WORD(format, formats), .value = "table|json"},
    {0},
};

static const struct option_row *const groups[OPTION_GROUPS] = {first_group, second_group};

struct reading {
    char *argv[WORDS_MAX + 1];
    struct arguments arguments;
    struct error error;
    int result;
};

static void read_words(struct reading *reading, enum argument_order order,
                       const char *const words[WORDS_MAX])
{
    memset(reading, 0, sizeof(*reading));
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        reading->argv[i] = (char *)(uintptr_t)words[i];
    reading->result = arguments_read("create", groups, order, reading->argv, 0, &reading->arguments,
                                     &reading->error);
}

/* What was understood, as one line. */
static void describe(const struct arguments *arguments, char *out, size_t size)
{
    size_t length = (size_t)snprintf(
        out, size, "b=%s%s%s n=%u m=%d f=%d%s", arguments->bundle ? arguments->bundle : "",
        arguments->detach ? " detach" : "", arguments->tty ? " tty" : "", arguments->preserve_fds,
        arguments->cgroup_manager, arguments->format, arguments->help ? " help" : "");

    for (size_t i = 0; i < arguments->env.count; i++)
        length += (size_t)snprintf(out + length, size - length, " e=%s", arguments->env.items[i]);
    for (size_t i = 0; i < arguments->additional_gids.count; i++)
        length += (size_t)snprintf(out + length, size - length, " g=%u",
                                   arguments->additional_gids.items[i]);
    for (int i = 0; i < arguments->word_count; i++)
        length += (size_t)snprintf(out + length, size - length, " [%s]", arguments->words[i]);
}

static void what_engines_send_is_understood(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        enum argument_order order;
        const char *expected;
    } cases[] = {
        {{"--bundle", "/b", "id"}, ORDER_ANY, "b=/b n=0 m=0 f=0 [id]"},
        {{"--bundle=/b", "id"}, ORDER_ANY, "b=/b n=0 m=0 f=0 [id]"},
        {{"-b", "/b", "id"}, ORDER_ANY, "b=/b n=0 m=0 f=0 [id]"},
        {{"-b=/b", "id"}, ORDER_ANY, "b=/b n=0 m=0 f=0 [id]"},
        {{"-b/b", "id"}, ORDER_ANY, "b=/b n=0 m=0 f=0 [id]"},
        {{"-bundle", "/b", "id"}, ORDER_ANY, "b=/b n=0 m=0 f=0 [id]"},
        {{"-bundle=/b", "id"}, ORDER_ANY, "b=/b n=0 m=0 f=0 [id]"},
        {{"--bundle=", "id"}, ORDER_ANY, "b= n=0 m=0 f=0 [id]"},
        {{"--bundle=a=b"}, ORDER_ANY, "b=a=b n=0 m=0 f=0"},
        {{"--bundle", "-d"}, ORDER_ANY, "b=-d n=0 m=0 f=0"},
        {{"--bundle", "a", "--bundle", "b"}, ORDER_ANY, "b=b n=0 m=0 f=0"},
        {{"-dt", "id"}, ORDER_ANY, "b= detach tty n=0 m=0 f=0 [id]"},
        {{"-dtb", "x", "id"}, ORDER_ANY, "b=x detach tty n=0 m=0 f=0 [id]"},
        {{"-dtb=x", "id"}, ORDER_ANY, "b=x detach tty n=0 m=0 f=0 [id]"},
        {{"-no-subreaper", "id"}, ORDER_ANY, "b= n=0 m=0 f=0 [id]"},
        {{"--detach=true", "--tty=false"}, ORDER_ANY, "b= detach n=0 m=0 f=0"},
        {{"--systemd-cgroup"}, ORDER_ANY, "b= n=0 m=7 f=0"},
        {{"--systemd-cgroup=false"}, ORDER_ANY, "b= n=0 m=0 f=0"},
        {{"--preserve-fds=3"}, ORDER_ANY, "b= n=3 m=0 f=0"},
        {{"--format", "json"}, ORDER_ANY, "b= n=0 m=0 f=1"},
        {{"-f=json"}, ORDER_ANY, "b= n=0 m=0 f=1"},
        {{"-e", "A=1", "-eB=2", "-e=C=3", "--env=D"},
         ORDER_ANY,
         "b= n=0 m=0 f=0 e=A=1 e=B=2 e=C=3 e=D"},
        {{"-g", "1", "--additional-gids=4294967295"}, ORDER_ANY, "b= n=0 m=0 f=0 g=1 g=4294967295"},
        {{"id", "-d", "9", "--tty"}, ORDER_ANY, "b= detach tty n=0 m=0 f=0 [id] [9]"},
        {{"id", "--", "-d", "--"}, ORDER_ANY, "b= n=0 m=0 f=0 [id] [-d] [--]"},
        {{"--", "-id"}, ORDER_ANY, "b= n=0 m=0 f=0 [-id]"},
        {{"-", "id"}, ORDER_ANY, "b= n=0 m=0 f=0 [-] [id]"},
        {{"-d", "id", "ls", "-d", "--", "-x"},
         ORDER_FIRST_ENDS,
         "b= detach n=0 m=0 f=0 [id] [ls] [-d] [--] [-x]"},
        {{"id", "--", "ls", "--"}, ORDER_FIRST_ENDS, "b= n=0 m=0 f=0 [id] [ls] [--]"},
        {{"--", "id", "--", "ls"}, ORDER_FIRST_ENDS, "b= n=0 m=0 f=0 [id] [--] [ls]"},
        {{"-d", "create", "-t", "x"}, ORDER_STOP, "b= detach n=0 m=0 f=0 [create] [-t] [x]"},
        {{"--", "-t"}, ORDER_STOP, "b= n=0 m=0 f=0 [-t]"},
        {{"-h"}, ORDER_ANY, "b= n=0 m=0 f=0 help"},
        {{"-?"}, ORDER_ANY, "b= n=0 m=0 f=0 help"},
        {{"--help"}, ORDER_FIRST_ENDS, "b= n=0 m=0 f=0 help"},
        {{NULL}, ORDER_ANY, "b= n=0 m=0 f=0"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct reading reading;
        char line[256];

        read_words(&reading, cases[i].order, cases[i].words);
        assert_int_equal(reading.result, 0);
        describe(&reading.arguments, line, sizeof(line));
        assert_string_equal(line, cases[i].expected);
        assert_null(reading.arguments.words[reading.arguments.word_count]);
        arguments_done(&reading.arguments);
    }
}

static void faults_name_the_option(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *message;
    } cases[] = {
        {{"--bundle"}, "create: flag needs an argument: --bundle"},
        {{"-b"}, "create: flag needs an argument: --bundle"},
        {{"id", "-db"}, "create: flag needs an argument: --bundle"},
        {{"--bundl", "x"}, "create: unknown option \"--bundl\""},
        {{"--bundles=x"}, "create: unknown option \"--bundles=x\""},
        {{"--b", "x"}, "create: unknown option \"--b\""},
        {{"-x"}, "create: unknown option \"-x\""},
        {{"-dx"}, "create: unknown option \"-dx\""},
        {{"-9"}, "create: unknown option \"-9\""},
        {{"---detach"}, "create: unknown option \"---detach\""},
        {{"--=x"}, "create: unknown option \"--=x\""},
        {{"--detach=maybe"}, "create: invalid value \"maybe\" for flag --detach: true or false"},
        {{"--format=xml"}, "create: invalid value \"xml\" for flag --format: one of table json"},
        {{"--preserve-fds=-1"},
         "create: invalid value \"-1\" for flag --preserve-fds: not a number from 0 to 4294967295"},
        {{"-g", "4294967296"},
         "create: invalid value \"4294967296\" for flag --additional-gids: "
         "not a number from 0 to 4294967295"},
        {{"--no-subreaper=1"},
         "create: invalid value \"1\" for flag --no-subreaper: true or false"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct reading reading;

        read_words(&reading, ORDER_ANY, cases[i].words);
        assert_int_equal(reading.result, -EINVAL);
        assert_int_equal(reading.error.code, ERROR_USAGE);
        assert_string_equal(reading.error.message, cases[i].message);
        arguments_done(&reading.arguments);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_engines_send_is_understood),
        cmocka_unit_test(faults_name_the_option),
    };

    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
