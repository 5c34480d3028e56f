/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The saved configuration and the copy of the journal in it. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "ocispec/ocispec.h"
#include "state/directory.h"
#include "state/saved_config.h"

struct fixture {
    char path[64];
    int directory;
    int journal;
    struct oci_arena arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error error = {0};

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/dray-test-config-XXXXXX");
    if (mkdtemp(fixture->path) == NULL)
        return -1;
    fixture->directory = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fixture->journal = journal_open(fixture->directory, true, &error);
    *state = fixture;
    return fixture->journal < 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    unlinkat(fixture->directory, STATE_JOURNAL, 0);
    unlinkat(fixture->directory, STATE_CONFIG, 0);
    close_fd(fixture->journal);
    close_fd(fixture->directory);
    oci_arena_done(&fixture->arena);
    rmdir(fixture->path);
    free(fixture);
    return 0;
}

static char *read_config(struct fixture *fixture, size_t *length)
{
    char *text = NULL;

    assert_int_equal(file_read_all_at(fixture->directory, STATE_CONFIG, OCI_SIZE_LIMIT,
                                      &fixture->arena, &text, length),
                     0);
    return text;
}

static int keep(struct fixture *fixture, const char *text, const char *owes_hooks, bool again)
{
    const struct saved_config config = {.text = text,
                                        .length = strlen(text),
                                        .journal = fixture->journal,
                                        .owes_hooks = owes_hooks};

    return saved_config_make(fixture->directory, &config, again, &fixture->arena);
}

static void the_journal_is_read_from_the_copy(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct journal copy;
    char large[6000];
    size_t length;

    memset(large, 0xa5, sizeof(large));
    journal_append(fixture->journal, JOURNAL_CGROUP, "\0cg\xff", 4, &error);
    assert_int_equal(keep(fixture, "{\"ociVersion\":\"1.0.0\"} \n", "/b", false), 0);
    assert_string_equal(read_config(fixture, &length),
                        "{\"ociVersion\":\"1.0.0\",\"dray.journal\":"
                        "\"0200000004000000006367ff05000000020000002f62\"}");
    assert_int_equal(saved_config_read_journal(fixture->directory, &fixture->arena, &copy), 0);
    assert_int_equal(copy.count, 2);
    assert_memory_equal(journal_find(&copy, JOURNAL_CGROUP)->payload, "\0cg\xff", 4);
    assert_memory_equal(journal_find(&copy, JOURNAL_HOOKS)->payload, "/b", 2);

    /* more than is read at once, and a file that is there already */
    journal_append(fixture->journal, JOURNAL_PROCESS, large, sizeof(large), &error);
    assert_int_equal(keep(fixture, "{\"a\":{}}", NULL, false), -EEXIST);
    assert_int_equal(keep(fixture, "{\"a\":{}}", NULL, true), 0);
    assert_int_equal(saved_config_read_journal(fixture->directory, &fixture->arena, &copy), 0);
    assert_int_equal(copy.count, 2);
    assert_int_equal(journal_find(&copy, JOURNAL_PROCESS)->length, sizeof(large));
    assert_memory_equal(journal_find(&copy, JOURNAL_PROCESS)->payload, large, sizeof(large));
}

static void a_changed_configuration_keeps_the_copy(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct journal copy;
    size_t length;
    char *before;

    journal_append(fixture->journal, JOURNAL_PROCESS, "1234", 4, &error);
    assert_int_equal(keep(fixture, "{\"a\":1}", NULL, false), 0);
    before = read_config(fixture, &length);
    assert_int_equal(
        saved_config_change(fixture->directory, before, length, "{\"b\":2}", 7, &fixture->arena),
        0);
    assert_string_equal(read_config(fixture, &length),
                        "{\"b\":2,\"dray.journal\":\"030000000400000031323334\"}");
    assert_int_equal(saved_config_read_journal(fixture->directory, &fixture->arena, &copy), 0);
    assert_int_equal(copy.count, 1);
    /* one without a copy, of an older dray, gets none */
    assert_int_equal(
        saved_config_change(fixture->directory, "{\"a\":1}", 7, "{\"b\":2}", 7, &fixture->arena),
        0);
    assert_string_equal(read_config(fixture, &length), "{\"b\":2}");
}

static void what_is_no_copy_is_not_taken_for_one(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "\"}",
        "{\"a\":\"03\"}",
        "{\"a\":1,\"dray.journal\":\"0g\"}",
        "{\"a\":1,\"dray.journal\":\"03\"} ",
        "{\"a\":1,\"dray.journal\" : \"03\"}",
        ",\"dray.journal\":\"",
        "{\"dray.journal\":\"03\"}",
    };
    static const char odd[] = "{\"a\":1,\"dray.journal\":\"030\"}";
    struct fixture *fixture = *state;
    struct journal copy;

    assert_int_equal(saved_config_read_journal(fixture->directory, &fixture->arena, &copy),
                     -ENOENT);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_int_equal(
            file_replace_at(fixture->directory, STATE_CONFIG, texts[i], strlen(texts[i]), 0600), 0);
        assert_int_equal(saved_config_read_journal(fixture->directory, &fixture->arena, &copy),
                         -ENOENT);
    }
    /* what is not a whole record is none */
    assert_int_equal(file_replace_at(fixture->directory, STATE_CONFIG, odd, sizeof(odd) - 1, 0600),
                     0);
    assert_int_equal(saved_config_read_journal(fixture->directory, &fixture->arena, &copy), 0);
    assert_int_equal(copy.count, 0);
}

/* Somebody made a container from the saved configuration of another. */
static void a_foreign_copy_is_not_kept_twice(void **state)
{
    static const char foreign[] = "{\"dray.journal\":\"0300000004000000\",\"a\":1}";
    struct fixture *fixture = *state;
    struct error error = {0};
    struct journal copy;
    size_t length;

    journal_append(fixture->journal, JOURNAL_PROCESS, "1234", 4, &error);
    assert_int_equal(keep(fixture, foreign, NULL, false), 0);
    assert_string_equal(read_config(fixture, &length), foreign);
    assert_int_equal(saved_config_read_journal(fixture->directory, &fixture->arena, &copy),
                     -ENOENT);
    /* at the end it is replaced by our own */
    assert_int_equal(keep(fixture, "{\"a\":1,\"dray.journal\":\"ffff\"}", NULL, true), 0);
    assert_string_equal(read_config(fixture, &length),
                        "{\"a\":1,\"dray.journal\":\"030000000400000031323334\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_journal_is_read_from_the_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_configuration_keeps_the_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_copy_is_not_taken_for_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_copy_is_not_kept_twice, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
