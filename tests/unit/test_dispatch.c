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

#define WORDS_MAX 16

/* A library that writes down what it is asked for. */
struct dray {
    struct error error;
    char text[2048];
    char message[2048];
};

static char calls[4096];

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t length = strlen(calls);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(calls + length, sizeof(calls) - length, format, arguments);
    va_end(arguments);
}

static const char *word(const char *text)
{
    return text != NULL ? text : "-";
}

static void note_list(const char *name, const char *const *list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        note(" %s=%s", name, list[i]);
}

/* Containers whose id begins with "gone" do not exist. */
static int answer(struct dray *dray, const char *id)
{
    error_clear(&dray->error);
    if (strncmp(id, "gone", 4) != 0)
        return 0;
    error_set_detail(&dray->error, "Permission denied", 17);
    return error_set(&dray->error, ERROR_CONTAINER_NOT_FOUND, ENOENT,
                     "container \"%s\" does not exist", id);
}

int dray_new(const struct dray_options *options, struct dray **ret)
{
    note("new root=%s manager=%d rootless=%d level=%d;", word(options->root),
         (int)options->cgroup_manager, (int)options->rootless, (int)options->log_level);
    options->log(options->log_data, DRAY_LOG_WARNING, "a warning");
    *ret = calloc(1, sizeof(**ret));
    return *ret != NULL ? 0 : -ENOMEM;
}

void dray_free(struct dray *dray)
{
    free(dray);
}

const char *dray_error_text(struct dray *dray)
{
    error_format_text(&dray->error, dray->text, sizeof(dray->text));
    return dray->text;
}

const char *dray_error_message(struct dray *dray)
{
    error_format_message(&dray->error, dray->message, sizeof(dray->message));
    return dray->message;
}

const char *dray_error_detail(struct dray *dray)
{
    return dray->error.detail;
}

const char *dray_error_code(struct dray *dray)
{
    return error_code_name(dray->error.code);
}

const char *dray_error_errno(struct dray *dray)
{
    (void)dray;
    return "";
}

const char *dray_error_pointer(struct dray *dray)
{
    return dray->error.pointer;
}

int dray_create(struct dray *dray, const char *id, const struct dray_create_options *options)
{
    note("create %s bundle=%s config=%s console=%s pid=%s fds=%u%s%s;", id, word(options->bundle),
         word(options->config), word(options->console_socket), word(options->pid_file),
         options->preserve_fds, options->no_pivot ? " no-pivot" : "",
         options->no_new_keyring ? " no-keyring" : "");
    if (options->pidfd_socket != NULL)
        note(" pidfd=%s;", options->pidfd_socket);
    return answer(dray, id);
}

int dray_start(struct dray *dray, const char *id)
{
    note("start %s;", id);
    return answer(dray, id);
}

int dray_run(struct dray *dray, const char *id, const struct dray_run_options *options,
             int *ret_status)
{
    note("run%s%s: ", options->detach ? " detach" : "", options->keep ? " keep" : "");
    *ret_status = 9;
    return dray_create(dray, id, options->create);
}

int dray_state(struct dray *dray, const char *id, char **ret_json)
{
    note("state %s;", id);
    if (answer(dray, id) < 0)
        return -ENOENT;
    *ret_json = strdup("{\"id\":\"a\",\"annotations\":{}}");
    return 0;
}

int dray_list(struct dray *dray, char **ret_json)
{
    (void)dray;
    note("list;");
    *ret_json =
        strdup("[{\"ociVersion\":\"1.3.0\",\"id\":\"web1\",\"pid\":5,\"status\":\"running\","
               "\"bundle\":\"/b\",\"created\":\"2026-01-02T03:04:05Z\",\"owner\":\"root\"},"
               "{\"id\":\"gone2\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/c\"}]");
    return 0;
}

int dray_kill(struct dray *dray, const char *id, int signal_number, bool all)
{
    note("kill %s %d%s;", id, signal_number, all ? " all" : "");
    return answer(dray, id);
}

int dray_delete(struct dray *dray, const char *id, bool force)
{
    note("delete %s%s;", id, force ? " force" : "");
    return answer(dray, id);
}

int dray_exec(struct dray *dray, const char *id, const struct dray_exec_options *options,
              int *ret_status)
{
    note("exec %s process=%s cwd=%s user=%s apparmor=%s label=%s%s%s%s%s", id,
         word(options->process_file), word(options->cwd), word(options->user),
         word(options->apparmor), word(options->process_label),
         options->no_new_privileges ? " nnp" : "", options->tty ? " tty" : "",
         options->detach ? " detach" : "", options->ignore_paused ? " paused" : "");
    note_list("arg", options->args);
    note_list("env", options->env);
    note_list("cap", options->capabilities);
    note_list("cgroup", options->cgroups);
    for (size_t i = 0; i < options->additional_gids_count; i++)
        note(" gid=%u", options->additional_gids[i]);
    note(" console=%s pid=%s fds=%u;", word(options->console_socket), word(options->pid_file),
         options->preserve_fds);
    if (options->pidfd_socket != NULL)
        note(" pidfd=%s;", options->pidfd_socket);
    *ret_status = 3;
    return answer(dray, id);
}

int dray_pause(struct dray *dray, const char *id)
{
    note("pause %s;", id);
    return answer(dray, id);
}

int dray_resume(struct dray *dray, const char *id)
{
    note("resume %s;", id);
    return answer(dray, id);
}

int dray_update(struct dray *dray, const char *id, const struct dray_update_options *options)
{
    note("update %s %s l3=%s mb=%s;", id, word(options->resources), word(options->l3_cache_schema),
         word(options->mem_bw_schema));
    return answer(dray, id);
}

int dray_events(struct dray *dray, const char *id, const struct dray_events_options *options)
{
    note("events %s once=%d interval=%u;", id, options->once, options->interval_ms);
    options->deliver(options->data, "{}");
    return answer(dray, id);
}

int dray_processes(struct dray *dray, const char *id, pid_t **ret_pids, size_t *ret_count)
{
    note("processes %s;", id);
    if (answer(dray, id) < 0)
        return -ENOENT;
    *ret_count = strcmp(id, "stopped") == 0 ? 0 : 2;
    *ret_pids = calloc(2, sizeof(**ret_pids));
    (*ret_pids)[0] = getpid();
    (*ret_pids)[1] = 1;
    return 0;
}

int dray_features(struct dray *dray, char **ret_json)
{
    (void)dray;
    *ret_json = strdup("{\"ociVersionMin\":\"1.0.0\"}");
    return 0;
}

int dray_spec(struct dray *dray, bool rootless, char **ret_json)
{
    (void)dray;
    *ret_json = strdup(rootless ? "{\"a\":1}" : "{\"a\":0}");
    return 0;
}

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
    calls[0] = '\0';
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
        {{"restore", "--lsm-mount-context"}, 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct call call;

        call_dray(&call, cases[i].words);
        assert_string_equal(calls, cases[i].calls);
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
    assert_string_equal(call.err, "");
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
