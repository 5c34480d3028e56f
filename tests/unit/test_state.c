/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State directory, journal, status document, lifecycle. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "state/directory.h"
#include "state/journal.h"
#include "state/lifecycle.h"
#include "state/status.h"

struct fixture {
    char path[64];
    int root;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error error = {0};

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/dray-test-state-XXXXXX");
    if (mkdtemp(fixture->path) == NULL)
        return -1;
    fixture->root = state_open_root(fixture->path, false, &error);
    *state = fixture;
    return fixture->root < 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    close_fd(fixture->root);
    rmdir(fixture->path);
    free(fixture);
    return 0;
}

static void ids_are_file_names_of_few_characters(void **state)
{
    static const char *const good[] = {"a", "0", "_", "+", "a.b-c+d_E9", "a..b"};
    static const char *const bad[] = {"",  ".",   "..",  ".a",  "-a",   "a/b", "../a", "a b",
                                      "é", "a\n", "a%n", "a:b", "a\\b", "/",   "a*"};
    char id[STATE_ID_MAX + 2];
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_int_equal(state_check_id(good[i], &error), 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        error_clear(&error);
        assert_int_not_equal(state_check_id(bad[i], &error), 0);
        assert_int_equal(error.code, ERROR_ID_INVALID);
    }
    memset(id, 'a', sizeof(id));
    id[STATE_ID_MAX] = '\0';
    assert_int_equal(state_check_id(id, &error), 0);
    id[STATE_ID_MAX] = 'a';
    id[STATE_ID_MAX + 1] = '\0';
    assert_int_not_equal(state_check_id(id, &error), 0);
}

static void an_id_is_claimed_once(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    int directory = state_claim(fixture->root, "one", &error);

    assert_true(directory >= 0);
    assert_true(state_claim(fixture->root, "one", &error) < 0);
    assert_int_equal(error.code, ERROR_ID_IN_USE);
    /* also what a killed writer left is removed */
    assert_int_equal(file_replace_at(directory, "status.123.new", "x", 1, 0600), 0);
    error_clear(&error);
    assert_int_equal(state_remove(fixture->root, "one", directory, &error), 0);
    close(directory);
    directory = state_claim(fixture->root, "one", &error);
    assert_true(directory >= 0);
    assert_int_equal(state_remove(fixture->root, "one", directory, &error), 0);
    close(directory);
}

static int count_id(void *data, const char *id)
{
    size_t *lengths = data;

    lengths[0]++;
    lengths[1] += strlen(id);
    return 0;
}

/* Longer than a file name can be; such ids may share their beginning. */
static void the_longest_ids_have_a_place(void **state)
{
    struct fixture *fixture = *state;
    static const size_t lengths[] = {240, 241, 255, 256, 480, 481, STATE_ID_MAX};
    int directories[ARRAY_SIZE(lengths)];
    size_t found[2] = {0}, total = 0;
    struct error error = {0};
    char id[STATE_ID_MAX + 1];

    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        memset(id, 'x', lengths[i]);
        id[lengths[i]] = '\0';
        directories[i] = state_claim(fixture->root, id, &error);
        assert_true(directories[i] >= 0);
        total += lengths[i];
    }
    assert_int_equal(state_for_each(fixture->root, count_id, found, &error), 0);
    assert_int_equal(found[0], ARRAY_SIZE(lengths));
    assert_int_equal(found[1], total);
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        int again;

        memset(id, 'x', lengths[i]);
        id[lengths[i]] = '\0';
        again = state_open(fixture->root, id, false, &error);
        assert_true(again >= 0);
        close(again);
        assert_int_equal(state_remove(fixture->root, id, directories[i], &error), 0);
        close(directories[i]);
    }
    /* the root is empty again: tear_down() removes it */
    found[0] = 0;
    assert_int_equal(state_for_each(fixture->root, count_id, found, &error), 0);
    assert_int_equal(found[0], 0);
    assert_int_equal(rmdir(fixture->path), 0);
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    close(fixture->root);
    fixture->root = state_open_root(fixture->path, false, &error);
    assert_true(fixture->root >= 0);
}

static void a_root_that_others_can_write_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};

    assert_int_equal(chmod(fixture->path, 0777), 0);
    assert_true(state_open_root(fixture->path, false, &error) < 0);
    assert_int_equal(error.code, ERROR_STATE_ROOT);
    assert_int_equal(chmod(fixture->path, 0700), 0);
    error_clear(&error);
    assert_int_equal(state_open_root("/nonexistent/dray", false, &error), -ENOENT);
    assert_int_equal(error.code, ERROR_NONE);
}

static void a_journal_is_read_back(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct journal journal;
    int directory = state_claim(fixture->root, "j", &error);
    int fd = journal_open(directory, true, &error);

    assert_true(fd >= 0);
    assert_int_equal(journal_append(fd, JOURNAL_CGROUP, "first", 5, &error), 0);
    assert_int_equal(journal_append(fd, JOURNAL_HOOKS, NULL, 0, &error), 0);
    assert_int_equal(journal_append(fd, JOURNAL_CGROUP, "second", 6, &error), 0);
    assert_int_equal(journal_read(directory, &arena, &journal, &error), 0);
    assert_int_equal(journal.count, 3);
    assert_int_equal(journal_find(&journal, JOURNAL_CGROUP)->length, 6);
    assert_memory_equal(journal_find(&journal, JOURNAL_CGROUP)->payload, "second", 6);
    assert_int_equal(journal_find(&journal, JOURNAL_HOOKS)->length, 0);
    assert_null(journal_find(&journal, JOURNAL_PROCESS));
    close(fd);
    state_remove(fixture->root, "j", directory, &error);
    close(directory);
}

/* A writer killed half-way: whatever is cut off, the records before it are whole. */
static void a_journal_may_end_anywhere(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct journal journal;
    int directory = state_claim(fixture->root, "j", &error);
    int fd = journal_open(directory, true, &error);

    journal_append(fd, JOURNAL_CGROUP, "first", 5, &error);
    journal_append(fd, JOURNAL_PROCESS, "12345678", 8, &error);
    for (off_t length = 29; length >= 0; length--) {
        assert_int_equal(ftruncate(fd, length), 0);
        assert_int_equal(journal_read(directory, &arena, &journal, &error), 0);
        assert_int_equal(journal.count, length == 29 ? 2 : length >= 13 ? 1 : 0);
    }
    close(fd);
    state_remove(fixture->root, "j", directory, &error);
    close(directory);
}

/* As far as it can be the doing of a container, which got at the directory of its socket. */
static void whatever_is_in_a_directory_is_removed(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    int directory = state_claim(fixture->root, "r", &error);
    char path[256] = STATE_NOTIFY;
    int fd;

    for (int i = 0; i < 40; i++) {
        assert_int_equal(mkdirat(directory, path, 0700), 0);
        strcat(path, "/d");
    }
    fd = openat(directory, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlinkat("/etc", directory, STATE_NOTIFY "/l"), 0);
    assert_int_equal(mkdirat(directory, STATE_JOURNAL, 0700), 0);
    assert_int_equal(state_remove(fixture->root, "r", directory, &error), 0);
    close(directory);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static void a_status_is_read_back(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct error error = {0};
    struct oci_string_pair pairs[] = {{"a/b", "x\"y"}, {"empty", ""}};
    struct status status = {
        .version = STATUS_VERSION,
        .oci_version = "1.3.0",
        .id = "s",
        .pid = 4711,
        .start_time = UINT64_MAX,
        .bundle = "/b",
        .rootfs = "/b/rootfs",
        .created = "2026-01-01T00:00:00Z",
        .owner = "root",
        .annotations = {.items = pairs, .count = 2},
        .namespaces = UINT64_C(1) << 40,
        .has_poststop_hooks = true,
    };
    struct status *read;
    int directory = state_claim(fixture->root, "s", &error);
    int fd = journal_open(directory, true, &error);
    struct journal journal;
    const char *text;

    journal_append(fd, JOURNAL_CGROUP, "cgroup", 6, &error);
    assert_int_equal(journal_read(directory, &arena, &journal, &error), 0);
    assert_int_equal(status_read(&journal, &arena, &read, &error), -ENOENT);
    assert_int_equal(error.code, ERROR_NONE);
    assert_int_equal(status_write(fd, &status, &arena, &error), 0);
    assert_int_equal(journal_read(directory, &arena, &journal, &error), 0);
    assert_int_equal(status_read(&journal, &arena, &read, &error), 0);
    close(fd);
    assert_int_equal(read->pid, 4711);
    assert_true(read->start_time == UINT64_MAX);
    assert_true(read->namespaces == UINT64_C(1) << 40);
    assert_true(read->has_poststop_hooks);
    assert_false(read->has_poststart_hooks);
    assert_string_equal(read->annotations.items[0].value, "x\"y");
    text = status_state_document(read, "running", true, &arena);
    assert_string_equal(text, "{\"ociVersion\":\"1.3.0\",\"id\":\"s\",\"pid\":4711,"
                              "\"status\":\"running\",\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\","
                              "\"created\":\"2026-01-01T00:00:00Z\","
                              "\"annotations\":{\"a/b\":\"x\\\"y\",\"empty\":\"\"},"
                              "\"owner\":\"root\"}");
    state_remove(fixture->root, "s", directory, &error);
    close(directory);
}

static void a_damaged_status_is_an_error(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{\"version\":1}", "{\"version\":\"1\"}"};
    static const char newer[] =
        "{\"version\":2,\"ociVersion\":\"1.3.0\",\"id\":\"d\",\"pid\":1,\"startTime\":1,"
        "\"bundle\":\"\",\"rootfs\":\"\",\"created\":\"\",\"owner\":\"\",\"namespaces\":0}";
    struct fixture *fixture = *state;
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct error error = {0};
    struct status *status;
    int directory = state_claim(fixture->root, "d", &error);
    int fd = journal_open(directory, true, &error);
    struct journal journal;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        error_clear(&error);
        journal_append(fd, JOURNAL_STATUS, texts[i], strlen(texts[i]), &error);
        assert_int_equal(journal_read(directory, &arena, &journal, &error), 0);
        assert_int_equal(status_read(&journal, &arena, &status, &error), -EINVAL);
        assert_int_equal(error.code, ERROR_STATE_DAMAGED);
    }
    error_clear(&error);
    journal_append(fd, JOURNAL_STATUS, newer, strlen(newer), &error);
    assert_int_equal(journal_read(directory, &arena, &journal, &error), 0);
    assert_int_equal(status_read(&journal, &arena, &status, &error), -EINVAL);
    assert_int_equal(error.code, ERROR_STATE_VERSION);
    close(fd);
    state_remove(fixture->root, "d", directory, &error);
    close(directory);
}

static void the_lifecycle_is_the_specs(void **state)
{
    static const enum lifecycle all[] = {LIFECYCLE_CREATING, LIFECYCLE_CREATED, LIFECYCLE_RUNNING,
                                         LIFECYCLE_PAUSED,   LIFECYCLE_STOPPED, LIFECYCLE_BROKEN};
    static const char allowed[LIFECYCLE_COMMANDS][7] = {
        [LIFECYCLE_START] = ".y....",      [LIFECYCLE_EXEC] = ".yy...",
        [LIFECYCLE_KILL] = ".yyy..",       [LIFECYCLE_PAUSE] = ".yy...",
        [LIFECYCLE_RESUME] = "...y..",     [LIFECYCLE_DELETE] = ".y..y.",
        [LIFECYCLE_EVENTS] = ".yyy..",     [LIFECYCLE_UPDATE] = ".yyy..",
        [LIFECYCLE_CHECKPOINT] = "..yy..", [LIFECYCLE_MOUNTS] = ".yy...",
    };
    struct error error = {0};

    (void)state;
    for (int command = 0; command < LIFECYCLE_COMMANDS; command++) {
        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
            int r;

            error_clear(&error);
            r = lifecycle_check((enum lifecycle_command)command, all[i], "id", &error);
            assert_int_equal(r == 0, allowed[command][i] == 'y');
            assert_int_equal(error.code == ERROR_NONE, r == 0);
        }
    }
    error_clear(&error);
    lifecycle_check(LIFECYCLE_KILL, LIFECYCLE_STOPPED, "id", &error);
    assert_non_null(strstr(error.message, "container not running"));
    assert_string_equal(lifecycle_name(LIFECYCLE_BROKEN), "stopped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_file_names_of_few_characters),
        cmocka_unit_test(an_id_is_claimed_once),
        cmocka_unit_test(the_longest_ids_have_a_place),
        cmocka_unit_test(a_root_that_others_can_write_is_refused),
        cmocka_unit_test(a_journal_is_read_back),
        cmocka_unit_test(a_journal_may_end_anywhere),
        cmocka_unit_test(whatever_is_in_a_directory_is_removed),
        cmocka_unit_test(a_status_is_read_back),
        cmocka_unit_test(a_damaged_status_is_an_error),
        cmocka_unit_test(the_lifecycle_is_the_specs),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
