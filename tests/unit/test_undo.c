/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replay of journals: sound, damaged, cut short, of a newer dray, of a process that is another. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/process.h"
#include "state/directory.h"
#include "state/journal.h"
#include "state/status.h"
#include "steps/undo.h"

#define ID          "one"
#define NEWER_KIND  99
#define FAR_FUTURE  UINT64_C(0x7fffffffffff)
#define RECORD_SIZE (sizeof(struct journal_header) + sizeof(struct process_identity))

struct fixture {
    char path[64];
    struct runtime runtime;
    struct error error;
    int root;
    int directory;
    int journal;
    pid_t child; /* lives until it is killed */
    char warning[1024];
};

static void keep_warning(void *data, enum log_level level, const char *message)
{
    struct fixture *f = data;

    (void)level;
    snprintf(f->warning, sizeof(f->warning), "%s", message);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    snprintf(f->path, sizeof(f->path), "/tmp/dray-test-undo-XXXXXX");
    if (mkdtemp(f->path) == NULL)
        return -1;
    f->runtime = (struct runtime){
        .root = f->path, .log_level = LOG_LEVEL_WARNING, .log = keep_warning, .log_data = f};
    f->root = state_open_root(f->path, false, &f->error);
    f->directory = state_claim(f->root, ID, &f->error);
    f->journal = journal_open(f->directory, true, &f->error);
    f->child = fork();
    if (f->child == 0) {
        pause();
        _exit(0);
    }
    return f->journal < 0 || f->child < 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    kill(f->child, SIGKILL);
    waitpid(f->child, NULL, 0);
    state_remove(f->root, ID, f->directory, &f->error);
    close(f->journal);
    close(f->directory);
    close(f->root);
    assert_int_equal(rmdir(f->path), 0);
    free(f);
    return 0;
}

static struct process_identity identity_of(pid_t pid)
{
    struct process_status status;

    assert_int_equal(process_read_status(pid, &status), 0);
    return (struct process_identity){.pid = pid, .start_time = status.start_time};
}

static void append(struct fixture *f, enum journal_kind kind, const void *payload, size_t length)
{
    assert_int_equal(journal_append(f->journal, kind, payload, length, &f->error), 0);
}

static void append_process(struct fixture *f, struct process_identity identity)
{
    append(f, JOURNAL_PROCESS, &identity, sizeof(identity));
}

static int undo(struct fixture *f, bool kill_processes)
{
    const struct undo_request request = {
        .root = f->root, .directory = f->directory, .id = ID, .kill = kill_processes};

    error_clear(&f->error);
    return undo_container(&f->runtime, &request, &f->error);
}

static bool is_there(const struct fixture *f)
{
    return faccessat(f->root, ID, F_OK, 0) == 0;
}

/* Also reaps the child when it is dead. */
static bool child_lives(const struct fixture *f)
{
    const struct process_identity identity = identity_of(f->child);

    return process_is_alive(&identity);
}

static bool child_was_killed(const struct fixture *f)
{
    struct process_status status;

    /* undone in the process that is its parent, it may be reaped already */
    return process_read_status(f->child, &status) == -ESRCH || status.state == 'Z';
}

static void an_empty_journal_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(undo(f, true), 0);
    assert_false(is_there(f));
    /* and again, as engines do it */
    assert_int_equal(undo(f, true), 0);
}

static void no_journal_at_all_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(unlinkat(f->directory, STATE_JOURNAL, 0), 0);
    assert_int_equal(undo(f, true), 0);
    assert_false(is_there(f));
}

static void its_process_is_killed(void **state)
{
    struct fixture *f = *state;

    append_process(f, identity_of(f->child));
    assert_int_equal(undo(f, true), 0);
    assert_true(child_was_killed(f));
    assert_false(is_there(f));
}

static void a_living_process_is_an_error_unless_it_may_be_killed(void **state)
{
    struct fixture *f = *state;

    append_process(f, identity_of(f->child));
    assert_true(undo(f, false) < 0);
    assert_int_equal(f->error.code, ERROR_CONTAINER_STATUS);
    assert_true(child_lives(f));
    assert_true(is_there(f));
    assert_int_equal(undo(f, true), 0);
    assert_true(child_was_killed(f));
}

static void another_process_with_its_pid_lives_on(void **state)
{
    struct fixture *f = *state;
    struct process_identity earlier = identity_of(f->child), later = earlier;

    earlier.start_time--;
    later.start_time = FAR_FUTURE;
    append_process(f, earlier);
    append_process(f, later);
    append_process(f, (struct process_identity){.pid = f->child});
    assert_int_equal(undo(f, true), 0);
    assert_true(child_lives(f));
    assert_false(is_there(f));
}

static void nobody_is_killed_by_an_odd_pid(void **state)
{
    static const int32_t odd[] = {0, -1, INT32_MIN, INT32_MAX};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
        append_process(f, (struct process_identity){.pid = odd[i], .start_time = 1});
    assert_int_equal(undo(f, true), 0);
    assert_true(child_lives(f));
    assert_false(is_there(f));
}

static void the_number_of_a_session_is_no_process(void **state)
{
    struct fixture *f = *state;
    pid_t leader = fork();

    if (leader == 0) {
        setsid();
        if (fork() == 0)
            pause();
        _exit(0);
    }
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    append_process(f, (struct process_identity){.pid = leader, .start_time = 1});
    assert_int_equal(undo(f, true), 0);
    assert_false(is_there(f));
    /* who is still in the session was left alone */
    assert_int_equal(kill(-leader, SIGKILL), 0);
}

static void a_zombie_is_dead(void **state)
{
    struct fixture *f = *state;
    siginfo_t info;

    append_process(f, identity_of(f->child));
    kill(f->child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)f->child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(undo(f, false), 0);
    assert_false(is_there(f));
}

/* A writer killed half-way: what it was about to do never began. */
static void a_record_that_is_cut_short_is_left_out(void **state)
{
    struct fixture *f = *state;

    append_process(f, identity_of(f->child));
    for (off_t length = (off_t)RECORD_SIZE - 1; length > 0; length -= 3) {
        struct error ignored = {0};

        assert_int_equal(ftruncate(f->journal, length), 0);
        assert_int_equal(undo(f, true), 0);
        assert_true(child_lives(f));
        /* as it was */
        close(f->journal);
        close(f->directory);
        f->directory = state_claim(f->root, ID, &ignored);
        f->journal = journal_open(f->directory, true, &ignored);
        append_process(f, identity_of(f->child));
    }
}

static void a_record_that_did_not_fit_does_not_spoil_the_next(void **state)
{
    struct fixture *f = *state;
    struct stat before, after;

    assert_int_equal(fstat(f->journal, &before), 0);
    /* the beginning of one, cut off again as journal_append() does it, then a sound one */
    assert_int_equal(write(f->journal, "\3\0\0", 3), 3);
    assert_int_equal(ftruncate(f->journal, before.st_size), 0);
    append_process(f, identity_of(f->child));
    assert_int_equal(fstat(f->journal, &after), 0);
    assert_int_equal(after.st_size - before.st_size, RECORD_SIZE);
    assert_int_equal(undo(f, true), 0);
    assert_true(child_was_killed(f));
}

static void a_damaged_record_keeps_the_rest_in_reach(void **state)
{
    struct fixture *f = *state;

    append(f, JOURNAL_PROCESS, "short", 5);
    append_process(f, identity_of(f->child));
    assert_true(undo(f, true) < 0);
    assert_int_equal(f->error.code, ERROR_STATE_DAMAGED);
    /* what could be undone has been */
    assert_true(child_was_killed(f));
    assert_true(is_there(f));
    /* and it stays an error */
    assert_true(undo(f, true) < 0);
    assert_true(is_there(f));
}

static void a_damaged_cgroup_is_no_licence_to_forget_it(void **state)
{
    struct fixture *f = *state;

    append(f, JOURNAL_CGROUP, "not a record of a cgroup", 24);
    append_process(f, identity_of(f->child));
    assert_true(undo(f, true) < 0);
    assert_int_equal(f->error.code, ERROR_STATE_DAMAGED);
    assert_true(child_was_killed(f));
    assert_true(is_there(f));
}

static void a_newer_record_is_not_forgotten(void **state)
{
    struct fixture *f = *state;

    append(f, (enum journal_kind)NEWER_KIND, "what", 4);
    append_process(f, identity_of(f->child));
    assert_true(undo(f, true) < 0);
    assert_int_equal(f->error.code, ERROR_STATE_VERSION);
    assert_non_null(strstr(f->error.message, "99"));
    assert_true(child_was_killed(f));
    assert_true(is_there(f));
}

static void a_length_beyond_the_end_ends_the_journal(void **state)
{
    const struct journal_header header = {.kind = JOURNAL_CGROUP, .length = UINT32_MAX};
    struct fixture *f = *state;

    append_process(f, identity_of(f->child));
    assert_int_equal(write(f->journal, &header, sizeof(header)), sizeof(header));
    assert_int_equal(write(f->journal, "rubbish", 7), 7);
    assert_int_equal(undo(f, true), 0);
    assert_true(child_was_killed(f));
    assert_false(is_there(f));
}

static void rubbish_does_no_harm(void **state)
{
    unsigned char rubbish[257];
    struct fixture *f = *state;
    unsigned seed = 1;

    for (unsigned round = 0; round < 200; round++) {
        assert_int_equal(ftruncate(f->journal, 0), 0);
        for (size_t i = 0; i < sizeof(rubbish); i++)
            rubbish[i] = (unsigned char)(rand_r(&seed) >> 8) & (i % 4 != 0 ? 3 : 255);
        assert_int_equal(write(f->journal, rubbish, sizeof(rubbish)), sizeof(rubbish));
        undo(f, true);
        assert_true(child_lives(f));
        if (is_there(f))
            continue;
        close(f->journal);
        close(f->directory);
        f->directory = state_claim(f->root, ID, &f->error);
        f->journal = journal_open(f->directory, true, &f->error);
    }
}

/* poststop hooks */

static void save_config(struct fixture *f, const char *script)
{
    char text[1024];
    int length =
        snprintf(text, sizeof(text),
                 "{\"ociVersion\":\"1.3.0\",\"hooks\":{\"poststop\":[{\"path\":\"/bin/sh\","
                 "\"args\":[\"sh\",\"-c\",\"%s\"]}]}}",
                 script);

    assert_int_equal(file_replace_at(f->directory, STATE_CONFIG, text, (size_t)length, 0600), 0);
}

static void owed_hooks_run_once(void **state)
{
    struct fixture *f = *state;
    char script[256], mark[128];
    struct stat status;

    snprintf(mark, sizeof(mark), "%s/mark", f->path);
    snprintf(script, sizeof(script), "cat >> %s", mark);
    save_config(f, script);
    append(f, JOURNAL_HOOKS, "/", 1);
    assert_int_equal(undo(f, true), 0);
    assert_int_equal(undo(f, true), 0);
    assert_int_equal(stat(mark, &status), 0);
    assert_in_range(status.st_size, 20, 200);
    unlink(mark);
}

static void hooks_that_are_not_owed_do_not_run(void **state)
{
    struct fixture *f = *state;
    char script[256], mark[128];

    snprintf(mark, sizeof(mark), "%s/mark", f->path);
    snprintf(script, sizeof(script), "cat >> %s", mark);
    save_config(f, script);
    assert_int_equal(undo(f, true), 0);
    assert_int_equal(access(mark, F_OK), -1);
}

static void hooks_wait_until_all_else_is_undone(void **state)
{
    struct fixture *f = *state;
    char script[256], mark[128];

    snprintf(mark, sizeof(mark), "%s/mark", f->path);
    snprintf(script, sizeof(script), "cat >> %s", mark);
    save_config(f, script);
    append(f, JOURNAL_HOOKS, "/", 1);
    append_process(f, identity_of(f->child));
    assert_true(undo(f, false) < 0);
    assert_int_equal(access(mark, F_OK), -1);
    assert_int_equal(undo(f, true), 0);
    assert_int_equal(unlink(mark), 0);
}

static void a_failing_hook_keeps_nothing(void **state)
{
    struct fixture *f = *state;

    save_config(f, "exit 3");
    append(f, JOURNAL_HOOKS, "/", 1);
    assert_int_equal(undo(f, true), 0);
    assert_false(is_there(f));
    assert_non_null(strstr(f->warning, "poststop hook 0"));
}

static void a_lost_configuration_keeps_nothing(void **state)
{
    struct fixture *f = *state;

    append(f, JOURNAL_HOOKS, "/", 1);
    assert_int_equal(undo(f, true), 0);
    assert_false(is_there(f));
    assert_non_null(strstr(f->warning, "STATE_DAMAGED"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_empty_journal_leaves_nothing),
        CASE(no_journal_at_all_leaves_nothing),
        CASE(its_process_is_killed),
        CASE(a_living_process_is_an_error_unless_it_may_be_killed),
        CASE(another_process_with_its_pid_lives_on),
        CASE(nobody_is_killed_by_an_odd_pid),
        CASE(the_number_of_a_session_is_no_process),
        CASE(a_zombie_is_dead),
        CASE(a_record_that_is_cut_short_is_left_out),
        CASE(a_record_that_did_not_fit_does_not_spoil_the_next),
        CASE(a_damaged_record_keeps_the_rest_in_reach),
        CASE(a_damaged_cgroup_is_no_licence_to_forget_it),
        CASE(a_newer_record_is_not_forgotten),
        CASE(a_length_beyond_the_end_ends_the_journal),
        CASE(rubbish_does_no_harm),
        CASE(owed_hooks_run_once),
        CASE(hooks_that_are_not_owed_do_not_run),
        CASE(hooks_wait_until_all_else_is_undone),
        CASE(a_failing_hook_keeps_nothing),
        CASE(a_lost_configuration_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
