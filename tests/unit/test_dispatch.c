/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line from its arguments to the library's options, the output and the exit status. */
#include "config.h"

#include "cmocka_all.h"

#include <dray/dray.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/dispatch.h"
#include "fake_library.h"

#define WORDS_MAX 20

/* One call of the program, with its two outputs kept. */
struct call {
    int status;
    char out[16384];
    char err[4096];
};

static void read_back(int fd, char *text, size_t size)
{
    ssize_t length = pread(fd, text, size - 1, 0);

    assert_true(length >= 0);
    text[length] = '\0';
}

static void call_dray(struct call *call, const char *const words[WORDS_MAX])
{
    _cleanup_close_ int out = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    _cleanup_close_ int err = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    _cleanup_close_ int old_out = dup(STDOUT_FILENO);
    _cleanup_close_ int old_err = dup(STDERR_FILENO);
    char *argv[WORDS_MAX + 2] = {(char *)"dray"};

    assert_true(out >= 0 && err >= 0 && old_out >= 0 && old_err >= 0);
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    fflush(stdout);
    fake_calls[0] = '\0';
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    call->status = dispatch(argv);
    dup2(old_out, STDOUT_FILENO);
    dup2(old_err, STDERR_FILENO);
    read_back(out, call->out, sizeof(call->out));
    read_back(err, call->err, sizeof(call->err));
}

#define NEW "new root=- manager=0 rootless=0 level=0;"

static void engines_calls_reach_the_library(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        int status;
        const char *calls;
    } cases[] = {
        {{"--root", "/r", "create", "--bundle", "/b", "--pid-file", "/b/init.pid", "id"},
         0,
         "new root=/r manager=0 rootless=0 level=0;"
         "create id bundle=/b config=- console=- pid=/b/init.pid fds=0;"},
        {{"--cgroup-manager=disabled", "create", "-b=/b", "--no-pivot", "--no-new-keyring",
          "--preserve-fds=2", "--console-socket", "/s", "-f", "c.json", "--no-subreaper", "id"},
         0,
         "new root=- manager=2 rootless=0 level=0;"
         "create id bundle=/b config=c.json console=/s pid=- fds=2 no-pivot no-keyring;"},
        {{"--systemd-cgroup", "--rootless=true", "start", "id"},
         0,
         "new root=- manager=1 rootless=1 level=0;start id;"},
        {{"run", "-d", "--keep", "id"},
         9,
         NEW "run detach keep: create id bundle=- config=- console=- pid=- fds=0;"},
        {{"kill", "--all", "id", "9"}, 0, NEW "kill id 9 all;"},
        {{"kill", "id", "9", "-a"}, 0, NEW "kill id 9 all;"},
        {{"kill", "id"}, 0, NEW "kill id 15;"},
        {{"kill", "id", "SIGWINCH"}, 0, NEW "kill id 28;"},
        {{"kill", "-r", "^web", "HUP"}, 0, NEW "list;kill web1 1;"},
        {{"kill", "--regex", "web1|gone", "HUP"}, 1, NEW "list;kill web1 1;kill gone2 1;"},
        {{"kill", "id", "NOPE"}, 1, ""},
        {{"delete", "--force", "id"}, 0, NEW "delete id force;"},
        {{"delete", "id"}, 0, NEW "delete id;"},
        {{"delete", "gone"}, 1, NEW "delete gone;"},
        {{"exec", "--process", "/p", "--detach", "--pid-file", "/f", "--tty", "--console-socket",
          "/s", "--preserve-fds", "1", "id"},
         3,
         NEW "exec id process=/p cwd=- user=- apparmor=- label=- tty detach console=/s pid=/f "
             "fds=1;"},
        {{"exec", "-e", "A=1", "-u", "1:2", "-g", "5", "-c", "CAP_KILL", "--cwd=/x", "id", "ls",
          "-d", "--", "x"},
         3,
         NEW "exec id process=- cwd=/x user=1:2 apparmor=- label=- arg=ls arg=-d arg=-- arg=x "
             "env=A=1 cap=CAP_KILL gid=5 console=- pid=- fds=0;"},
        {{"exec", "--apparmor=p", "--process-label=l", "--no-new-privs", "--ignore-paused",
          "--cgroup", "a", "--cgroup=cpu:b", "id", "--", "ls"},
         3,
         NEW "exec id process=- cwd=- user=- apparmor=p label=l nnp paused arg=ls cgroup=a "
             "cgroup=cpu:b console=- pid=- fds=0;"},
        {{"exec", "gone", "ls"},
         255,
         NEW "exec gone process=- cwd=- user=- apparmor=- label=- arg=ls console=- pid=- fds=0;"},
        {{"exec", "id"}, 255, ""},
        {{"exec", "-p", "/p", "id", "ls"}, 255, ""},
        {{"exec", "--what", "id"}, 255, ""},
        {{"exec", "--pidfd-socket", "/s", "id", "ls"},
         3,
         NEW "exec id process=- cwd=- user=- apparmor=- label=- arg=ls console=- pid=- fds=0; "
             "pidfd=/s;"},
        {{"create", "--pidfd-socket", "/s", "id"},
         0,
         NEW "create id bundle=- config=- console=- pid=- fds=0; pidfd=/s;"},
        {{"pause", "id"}, 0, NEW "pause id;"},
        {{"mounts", "add", "id", "file"}, 0, NEW "mounts add id file;"},
        {{"mounts", "remove", "id", "file"}, 0, NEW "mounts remove id file;"},
        {{"mounts", "remove", "gone", "file"}, 1, NEW "mounts remove gone file;"},
        {{"mounts", "list", "id", "file"}, 1, ""},
        {{"mounts", "add", "id"}, 1, ""},
        {{"mounts", "add", "id", "file", "more"}, 1, ""},
        {{"resume", "id"}, 0, NEW "resume id;"},
        {{"ps", "-f", "json", "stopped"}, 0, NEW "processes stopped;"},
        {{"ps", "stopped"}, 0, NEW "processes stopped;"},
        {{"--debug", "start", "id"}, 0, "new root=- manager=0 rootless=0 level=2;start id;"},
        {{NULL}, 1, ""},
        {{"start"}, 1, ""},
        {{"start", "a", "b"}, 1, ""},
        {{"start", "--force", "a"}, 1, ""},
        {{"launch", "a"}, 1, ""},
        {{"--roof", "/r", "start", "a"}, 1, ""},
        {{"--log-format", "xml", "start", "a"}, 1, ""},
        {{"--log", "carrier:pigeon", "start", "a"}, 1, ""},
        {{"--log", "/nonexistent/d/log", "start", "a"}, 1, ""},
        {{"update", "id"}, 0, NEW "update id {} l3=- mb=-;"},
        {{"update", "--memory", "1k", "id", "--pids-limit=-1", "--cpuset-cpus", "0\"1"},
         0,
         NEW "update id {\"memory\":{\"limit\":1024},\"cpu\":{\"cpus\":\"0\\\"1\"},"
             "\"pids\":{\"limit\":-1}} l3=- mb=-;"},
        {{"update", "--l3-cache-schema", "L3:0=f", "--mem-bw-schema=MB:0=20", "id"},
         0,
         NEW "update id {} l3=L3:0=f mb=MB:0=20;"},
        {{"update", "--memory", "1x", "id"}, 1, ""},
        {{"update", "--memory", "16777216T", "id"}, 1, ""},
        {{"update", "--blkio-weight", "65536", "id"}, 1, ""},
        {{"update", "--resources", "/nonexistent", "id"}, 1, ""},
        {{"update"}, 1, ""},
        {{"events", "id"}, 0, NEW "events id once=0 interval=0;"},
        {{"events", "--stats", "id"}, 0, NEW "events id once=1 interval=0;"},
        {{"events", "--interval", "500ms", "id"}, 0, NEW "events id once=0 interval=500;"},
        {{"events", "--interval", "1m30s", "id"}, 0, NEW "events id once=0 interval=90000;"},
        {{"events", "--interval", "1.25s", "id"}, 0, NEW "events id once=0 interval=1250;"},
        {{"events", "--interval", "24h", "id"}, 0, NEW "events id once=0 interval=86400000;"},
        {{"events", "--interval", "25h", "id"}, 1, ""},
        {{"events", "--interval", "5", "id"}, 1, ""},
        {{"events", "--interval", "0s", "id"}, 1, ""},
        {{"events", "--interval", "-1s", "id"}, 1, ""},
        {{"events", "--interval", "", "id"}, 1, ""},
        {{"events"}, 1, ""},
        {{"checkpoint", "id"},
         0,
         NEW "checkpoint id parent=- server=- fd=-1 run=0 pre=0 flight=0 remap=0 image=- work=- "
             "cgroups=0 lock=0 tcp=0 unix=0 shell=0 locks=0 lazy=0 dedup=0 empty=0;"},
        {{"checkpoint", "--leave-running", "--image-path", "i", "--work-path=w",
          "--tcp-established", "--ext-unix-sk", "--shell-job", "--file-locks",
          "--manage-cgroups-mode", "full", "--empty-ns=network", "--leave-running", "id"},
         0,
         NEW "checkpoint id parent=- server=- fd=-1 run=1 pre=0 flight=0 remap=0 image=i work=w "
             "cgroups=1 lock=0 tcp=1 unix=1 shell=1 locks=1 lazy=0 dedup=0 empty=1;"},
        {{"checkpoint", "--pre-dump", "--parent-path", "../p", "--page-server", "host:1",
          "--status-fd", "7", "--lazy-pages", "--auto-dedup", "--tcp-skip-in-flight",
          "--link-remap", "--network-lock=skip", "--manage-cgroups-mode=ignore", "id"},
         0,
         NEW "checkpoint id parent=../p server=host:1 fd=7 run=0 pre=1 flight=1 remap=1 image=- "
             "work=- cgroups=3 lock=3 tcp=0 unix=0 shell=0 locks=0 lazy=1 dedup=1 empty=0;"},
        {{"checkpoint"}, 1, ""},
        {{"checkpoint", "--status-fd", "one", "id"}, 1, ""},
        {{"checkpoint", "--manage-cgroups-mode", "hard", "id"}, 1, ""},
        {{"checkpoint", "--network-lock", "wall", "id"}, 1, ""},
        {{"checkpoint", "--empty-ns", "pid", "id"}, 1, ""},
        {{"restore", "--detach", "--bundle", "b", "--pid-file=p", "--console-socket", "c",
          "--image-path", "i", "--work-path", "w", "-no-subreaper", "--no-pivot",
          "--no-new-keyring", "--tcp-close", "--lsm-profile=selinux:x", "--lsm-mount-context=y",
          "--keep", "id"},
         9,
         NEW "restore id bundle=b pid=p console=c detach=1 keep=1 close=1 lsm=selinux:x context=y "
             "image=i work=w cgroups=0 lock=0 tcp=0 unix=0 shell=0 locks=0 lazy=0 dedup=0 "
             "empty=0;"},
        {{"restore", "--empty-ns=user", "id"}, 1, ""},
        {{"restore"}, 1, ""},
        {{"restore", "--lsm-mount-context"}, 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct call call;

        call_dray(&call, cases[i].words);
        assert_string_equal(fake_calls, cases[i].calls);
        assert_int_equal(call.status, cases[i].status);
        /* A fault is one line that begins with our name, or two with the detail. */
        if (strncmp(call.err, "dray: ", 6) != 0)
            assert_string_equal(call.err, "");
    }
}

static void outputs_have_their_form(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *out;
    } cases[] = {
        {{"state", "id"}, "{\n  \"id\": \"a\",\n  \"annotations\": {}\n}\n"},
        {{"list", "-f", "json"},
         "[{\"ociVersion\":\"1.3.0\",\"id\":\"web1\",\"pid\":5,\"status\":\"running\","
         "\"bundle\":\"/b\",\"created\":\"2026-01-02T03:04:05Z\",\"owner\":\"root\"},"
         "{\"id\":\"gone2\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/c\"}]\n"},
        {{"list", "-q"}, "web1\ngone2\n"},
        {{"list"},
         "ID          PID         STATUS      BUNDLE      CREATED                OWNER\n"
         "web1        5           running     /b          2026-01-02T03:04:05Z   root\n"
         "gone2       0           stopped     /c                                 \n"},
        {{"ps", "-f", "json", "stopped"}, "[]\n"},
        {{"ps", "stopped"}, ""},
        {{"features"}, "{\n    \"ociVersionMin\": \"1.0.0\"\n}\n"},
        {{"--usage"}, "usage: dray [GLOBAL-OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n"},
        {{"start", "--usage"}, "usage: dray start ID\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct call call;

        call_dray(&call, cases[i].words);
        assert_int_equal(call.status, 0);
        assert_string_equal(call.out, cases[i].out);
        assert_string_equal(call.err, "");
    }
}

static void the_version_has_three_lines(void **state)
{
    static const char *const spellings[] = {"--version", "-v", "-V", "-version"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
        const char *words[WORDS_MAX] = {spellings[i]};
        char version[64], commit[128], spec[64], rest[64];
        struct call call;

        call_dray(&call, words);
        assert_int_equal(call.status, 0);
        assert_int_equal(sscanf(call.out, "dray version %63s\ncommit: %127s\nspec: %63s\n%63s",
                                version, commit, spec, rest),
                         3);
        assert_string_equal(spec, "1.3.0");
    }
}

static void every_command_has_help(void **state)
{
    static const char *const commands[] = {
        "create",   "start",  "run",    "exec",       "state",   "kill",
        "delete",   "list",   "ps",     "pause",      "resume",  "spec",
        "features", "update", "events", "checkpoint", "restore", "mounts",
    };
    struct call all;

    (void)state;
    call_dray(&all, (const char *[WORDS_MAX]){"--help"});
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const char *const calls_for_help[][WORDS_MAX] = {
            {commands[i], "--help"},
            {commands[i], "-h"},
            {"help", commands[i]},
        };
        char start[64];

        assert_non_null(strstr(all.out, commands[i]));
        snprintf(start, sizeof(start), "usage: dray %s", commands[i]);
        for (size_t j = 0; j < ARRAY_SIZE(calls_for_help); j++) {
            struct call call;

            call_dray(&call, calls_for_help[j]);
            assert_int_equal(call.status, 0);
            assert_memory_equal(call.out, start, strlen(start));
        }
    }
}

static void faults_reach_log_or_stderr(void **state)
{
    char path[] = "/tmp/dray-test-log-XXXXXX";
    _cleanup_close_ int fd = mkstemp(path);
    char text[4096];
    struct call call;

    (void)state;
    call_dray(&call, (const char *[WORDS_MAX]){"start", "gone"});
    assert_string_equal(call.err,
                        "dray: error[CONTAINER_NOT_FOUND] container \"gone\" does not exist; hint: "
                        "dray list shows the containers of this --root\n"
                        "dray: detail: Permission-denied\n");
    call_dray(&call,
              (const char *[WORDS_MAX]){"--log", path, "--log-format=json", "start", "gone"});
    assert_int_equal(call.status, 1);
    assert_memory_equal(call.err, "dray: error[CONTAINER_NOT_FOUND]", 32);
    read_back(fd, text, sizeof(text));
    assert_memory_equal(
        text, "{\"level\":\"error\",\"msg\":\"container \\\"gone\\\" does not exist\",", 59);
    assert_ptr_equal(strchr(text, '\n') + 1, text + strlen(text));
    call_dray(&call, (const char *[WORDS_MAX]){"--log", path, "--log-format=json", "--bad"});
    assert_string_equal(call.err, "");
    unlink(path);
}

static void warnings_are_seen_when_asked_for(void **state)
{
    struct call call;

    (void)state;
    call_dray(&call, (const char *[WORDS_MAX]){"start", "id"});
    assert_string_equal(call.err, "");
    call_dray(&call, (const char *[WORDS_MAX]){"--log-level=warning", "start", "id"});
    assert_string_equal(call.err, "dray: level=warning msg=\"a warning\"\n");
    call_dray(&call, (const char *[WORDS_MAX]){"--debug", "start", "id"});
    assert_non_null(strstr(call.err, "level=debug"));
    call_dray(&call, (const char *[WORDS_MAX]){"--debug", "--log-format=json", "start", "id"});
    assert_non_null(strstr(call.err, "\"level\":\"debug\""));
}

static void spec_never_overwrites(void **state)
{
    char directory[] = "/tmp/dray-test-spec-XXXXXX";
    char path[64], text[64];
    struct call call;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/config.json", directory);
    for (int turn = 0; turn < 2; turn++) {
        _cleanup_close_ int fd = -1;

        call_dray(&call, (const char *[WORDS_MAX]){"spec", "--rootless", "-b", directory});
        assert_int_equal(call.status, turn);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        read_back(fd, text, sizeof(text));
        assert_string_equal(text, "{\n    \"a\": 1\n}\n");
    }
    unlink(path);
    call_dray(&call, (const char *[WORDS_MAX]){"spec", "-f", "other.json", "-b", directory});
    assert_int_equal(call.status, 0);
    snprintf(path, sizeof(path), "%s/other.json", directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void output_that_is_lost_is_an_error(void **state)
{
    _cleanup_close_ int old_out = dup(STDOUT_FILENO);
    _cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    char *argv[] = {(char *)"dray", (char *)"state", (char *)"id", NULL};
    int status;

    (void)state;
    fflush(stdout);
    dup2(full, STDOUT_FILENO);
    status = dispatch(argv);
    dup2(old_out, STDOUT_FILENO);
    assert_int_equal(status, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines_calls_reach_the_library),
        cmocka_unit_test(outputs_have_their_form),
        cmocka_unit_test(the_version_has_three_lines),
        cmocka_unit_test(every_command_has_help),
        cmocka_unit_test(faults_reach_log_or_stderr),
        cmocka_unit_test(warnings_are_seen_when_asked_for),
        cmocka_unit_test(spec_never_overwrites),
        cmocka_unit_test(output_that_is_lost_is_an_error),
    };

    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
