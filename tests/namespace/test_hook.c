/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks as they run: stdin, environment, output, failure and timeout. */
#include "harness.h"

#include <limits.h>
#include <time.h>

#include "hook/hook.h"
#include "plan_by_hand.h"

static struct hook_context context = {
    .status = "creating", .pid = 42, .stdout_fd = -1, .stderr_fd = -1};

#define HEAD "{\"ociVersion\":\"1.3.0\",\"id\":\"one\",\"status\":\""
#define TAIL ",\"bundle\":\"/b\"}"

static struct plan *plan_with_state(void)
{
    struct plan *plan = new_plan();

    plan->hooks.state_head = plan_add_string(&builder, HEAD);
    plan->hooks.state_tail = plan_add_string(&builder, TAIL);
    return plan;
}

/* A plan with hooks that are shell scripts, up to a NULL. */
static struct plan *plan_scripts(enum plan_hook_kind kind, const char *const *scripts)
{
    struct plan *plan = plan_with_state();
    struct plan_hook *hooks;
    uint32_t count = 0;

    while (scripts[count] != NULL)
        count++;
    hooks = plan_add_array(&builder, sizeof(*hooks), count, &plan->hooks.kinds[kind]);
    for (uint32_t i = 0; i < count; i++) {
        hooks[i].path = plan_add_string(&builder, "/bin/sh");
        hooks[i].args = STRINGS("a shell", "-c", scripts[i]);
        hooks[i].origin.kind = (uint16_t)(ORIGIN_HOOK_PRESTART + kind);
        hooks[i].origin.index = i;
    }
    return plan;
}

#define PLAN(kind, ...) plan_scripts(PLAN_HOOK_##kind, (const char *const[]){__VA_ARGS__, NULL})

static struct plan_hook *hook_of(struct plan *plan, enum plan_hook_kind kind)
{
    return (struct plan_hook *)(void *)((char *)plan + plan->hooks.kinds[kind].offset);
}

/* Puts where the scratch directory is into the hook's environment, with what else it should see. */
static void give_environment(struct plan *plan, enum plan_hook_kind kind, const char *variable)
{
    char place[PATH_MAX + 8] = "OUT=";
    struct plan_hook *hook = hook_of(plan, kind);
    uint32_t count = plan->hooks.kinds[kind].count;

    CHECK(getcwd(place + 4, PATH_MAX) != NULL);
    for (uint32_t i = 0; i < count; i++) {
        hook[i].env = variable != NULL ? STRINGS(place, variable) : STRINGS(place);
        hook[i].env_set = true;
    }
}

static void check_file(const char *path, const char *wanted)
{
    static char text[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, text, sizeof(text) - 1);

    close(fd);
    CHECK_SAYING(length >= 0, "%s", path);
    text[length] = '\0';
    CHECK_SAYING(strcmp(text, wanted) == 0, "%.1000s", text);
}

TEST(the_state_is_on_stdin)
{
    struct plan *plan = PLAN(CREATE_RUNTIME, "cat > $OUT/state");

    give_environment(plan, PLAN_HOOK_CREATE_RUNTIME, NULL);
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
    check_file("state", HEAD "creating\",\"pid\":42" TAIL);
    context.status = "stopped";
    context.pid = 0;
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
    check_file("state", HEAD "stopped\"" TAIL);
}

TEST(they_run_in_order_with_their_arguments)
{
    struct plan *plan = PLAN(POSTSTART, "echo first:$0 >> $OUT/log", "echo second >> $OUT/log");

    give_environment(plan, PLAN_HOOK_POSTSTART, NULL);
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_POSTSTART, &context, &error));
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_POSTSTOP, &context, &error));
    check_file("log", "first:a shell\nsecond\n");
}

TEST(the_environment_is_exactly_the_given_one)
{
    struct plan *plan = PLAN(PRESTART, "tr '\\0' '\\n' < /proc/self/environ > $OUT/env");
    char fallback[PATH_MAX + 8] = "OUT=";
    char *const of_context[] = {fallback, NULL};

    CHECK(getcwd(fallback + 4, PATH_MAX) != NULL);
    CHECK(setenv("SECRET", "1", 1) == 0);
    give_environment(plan, PLAN_HOOK_PRESTART, "A=1");
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_PRESTART, &context, &error));
    {
        char wanted[PATH_MAX + 32];

        snprintf(wanted, sizeof(wanted), "%s\nA=1\n", fallback);
        check_file("env", wanted);
        /* without one of its own: that of the context */
        hook_of(plan, PLAN_HOOK_PRESTART)->env_set = false;
        context.default_environment = of_context;
        CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_PRESTART, &context, &error));
        snprintf(wanted, sizeof(wanted), "%s\n", fallback);
        check_file("env", wanted);
    }
}

TEST(a_large_state_does_not_block)
{
    /* writes more than a pipe holds before it reads anything */
    struct plan *plan =
        PLAN(CREATE_RUNTIME, "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; "
                             "wc -c > $OUT/count");
    static char tail[1000001];

    memset(tail, 'x', sizeof(tail) - 1);
    plan->hooks.state_tail = plan_add_string(&builder, tail);
    give_environment(plan, PLAN_HOOK_CREATE_RUNTIME, "PATH=/usr/bin:/bin");
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
    {
        char wanted[16];

        snprintf(wanted, sizeof(wanted), "%zu\n",
                 strlen(HEAD "creating\",\"pid\":42") + sizeof(tail) - 1);
        check_file("count", wanted);
    }
}

TEST(a_hook_may_ignore_its_stdin)
{
    struct plan *plan = PLAN(CREATE_RUNTIME, "exec <&-; exit 0");
    static char tail[1000001];

    memset(tail, 'x', sizeof(tail) - 1);
    plan->hooks.state_tail = plan_add_string(&builder, tail);
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
}

TEST(a_failure_names_kind_index_and_status)
{
    struct plan *plan =
        PLAN(CREATE_CONTAINER, "exit 0", "echo out; echo oh no >&2; exit 3", "touch $OUT/x");

    CHECK_ERROR(hook_run_all(plan, PLAN_HOOK_CREATE_CONTAINER, &context, &error), HOOK_FAILED,
                "createContainer hook 1 (\"/bin/sh\") ended with exit status 3");
    CHECK(strcmp(error.detail, "oh no\n") == 0);
    CHECK(strcmp(error.pointer, "/hooks/createContainer/1") == 0);
    CHECK(access("x", F_OK) < 0);
}

TEST(a_signal_is_told)
{
    CHECK_ERROR(hook_run_all(PLAN(START_CONTAINER, "kill -SEGV $$"), PLAN_HOOK_START_CONTAINER,
                             &context, &error),
                HOOK_FAILED, "startContainer hook 0 (\"/bin/sh\") was killed by signal 11");
}

TEST(only_the_end_of_stderr_is_kept)
{
    struct plan *plan = PLAN(PRESTART, "i=0; while [ $i -lt 2000 ]; do echo line $i >&2; "
                                       "i=$((i+1)); done; printf the-end >&2; exit 1");

    CHECK(hook_run_all(plan, PLAN_HOOK_PRESTART, &context, &error) < 0);
    CHECK(strlen(error.detail) == sizeof(error.detail) - 1);
    CHECK(strcmp(error.detail + strlen(error.detail) - 17, "line 1999\nthe-end") == 0);
}

TEST(a_program_that_cannot_be_executed)
{
    struct plan *plan = PLAN(CREATE_RUNTIME, "exit 0");

    hook_of(plan, PLAN_HOOK_CREATE_RUNTIME)->path = plan_add_string(&builder, "/nowhere");
    CHECK_ERROR(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error), HOOK_FAILED,
                "cannot execute the createRuntime hook 0 (\"/nowhere\")");
    CHECK(error.sys_errno == ENOENT);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

TEST(all_poststop_hooks_run)
{
    struct plan *plan = PLAN(POSTSTOP, "exit 1", "exit 2", "echo done > $OUT/log");

    give_environment(plan, PLAN_HOOK_POSTSTOP, NULL);
    CHECK_ERROR(hook_run_all(plan, PLAN_HOOK_POSTSTOP, &context, &error), HOOK_FAILED,
                "poststop hook 0 (\"/bin/sh\") ended with exit status 1");
    check_file("log", "done\n");
}

TEST(a_timeout_kills_the_hook_and_its_children)
{
    struct plan *plan =
        PLAN(CREATE_RUNTIME, "echo slow >&2; sleep 100 & echo $! > $OUT/child; sleep 100");
    struct timespec start, end;
    char text[16] = "";
    int fd;

    give_environment(plan, PLAN_HOOK_CREATE_RUNTIME, "PATH=/usr/bin:/bin");
    hook_of(plan, PLAN_HOOK_CREATE_RUNTIME)->timeout = 1;
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK_ERROR(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error), HOOK_TIMEOUT,
                "createRuntime hook 0 (\"/bin/sh\") did not end within 1 s and was killed");
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK(end.tv_sec - start.tv_sec <= 10);
    CHECK(strcmp(error.detail, "slow\n") == 0);
    fd = open("child", O_RDONLY | O_CLOEXEC);
    CHECK(read(fd, text, sizeof(text) - 1) > 0);
    /* killed with its group; init may not have reaped it yet */
    for (int i = 0; i < 100 && kill(atoi(text), 0) == 0; i++) {
        char path[32], stat[512] = "";
        int status;

        snprintf(path, sizeof(path), "/proc/%d/stat", atoi(text));
        status = open(path, O_RDONLY | O_CLOEXEC);
        if (status < 0 || read(status, stat, sizeof(stat) - 1) <= 0 || strstr(stat, ") Z ") != NULL)
            return;
        close(status);
        usleep(10000);
    }
    CHECK(kill(atoi(text), 0) < 0);
}

TEST(an_interrupt_kills_the_hook)
{
    struct plan *plan = PLAN(CREATE_RUNTIME, "echo started > $OUT/log; sleep 100", "exit 0");
    int never[2], now[2];

    give_environment(plan, PLAN_HOOK_CREATE_RUNTIME, "PATH=/usr/bin:/bin");
    CHECK(pipe2(never, O_CLOEXEC) == 0 && pipe2(now, O_CLOEXEC) == 0);
    close(now[1]); /* as a stage that has died */
    context.interruptible = true;
    context.interrupts[0] = never[0];
    context.interrupts[1] = now[0];
    CHECK(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error) == -EINTR);
    CHECK(error.code == ERROR_NONE);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    /* without an event it makes no difference */
    context.interrupts[1] = -1;
    plan = PLAN(CREATE_RUNTIME, "exit 0");
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
}

TEST(a_daemon_left_behind_does_not_hold_us_up)
{
    struct plan *plan = PLAN(CREATE_RUNTIME, "sleep 20 & exit 0");
    struct timespec start, end;

    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK(end.tv_sec - start.tv_sec < 10);
}

TEST(nothing_of_ours_is_open_or_blocked_in_a_hook)
{
    struct plan *plan =
        PLAN(CREATE_RUNTIME,
             "ls /proc/self/fd > $OUT/fds; "
             /* 32 and 33 are the C library's own: whoever runs the tests may ignore them */
             "for set in $(sed -n 's/^Sig\\(Blk\\|Ign\\):\t//p' /proc/self/status); do "
             "printf '%016x\\n' $((0x$set & ~0x180000000)); done > $OUT/signals");
    sigset_t all;

    CHECK(dup2(0, 9) == 9); /* not close-on-exec, as a careless caller leaks them */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    signal(SIGCHLD, SIG_IGN);
    give_environment(plan, PLAN_HOOK_CREATE_RUNTIME, "PATH=/usr/bin:/bin");
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
    check_file("fds", "0\n1\n2\n3\n"); /* 3: the directory that ls reads */
    check_file("signals", "0000000000000000\n0000000000000000\n");
    CHECK(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}

TEST(outputs_go_to_the_files_of_the_annotations)
{
    struct plan *plan = PLAN(CREATE_RUNTIME, "echo out; echo err >&2", "echo more");
    char path[PATH_MAX + 16];

    CHECK(getcwd(path, PATH_MAX) != NULL);
    strcat(path, "/out");
    plan->hooks.stdout_path = plan_add_string(&builder, path);
    CHECK_SUCCESS(hook_open_outputs(plan, &context.stdout_fd, &context.stderr_fd, &error));
    CHECK(context.stdout_fd >= 0 && context.stderr_fd == -1);
    CHECK_SUCCESS(hook_run_all(plan, PLAN_HOOK_CREATE_RUNTIME, &context, &error));
    check_file("out", "out\nmore\n");
    plan->hooks.stderr_path = plan_add_string(&builder, "/nowhere/err");
    CHECK(hook_open_outputs(plan, &context.stdout_fd, &context.stderr_fd, &error) == -ENOENT);
}

HARNESS_MAIN
