/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dray sets on the stage from outside, and labels and keyring that it sets itself. */
#include "harness.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "io/procfs.h"
#include "plan_by_hand.h"
#include "process/limits_on_pid.h"
#include "security/keyring.h"
#include "security/labels.h"

/* A child that lives as long as we do: it reads from a pipe of which the other end is ours. */
static pid_t start_child(void)
{
    int life[2];
    char byte;
    pid_t child;

    CHECK(pipe2(life, O_CLOEXEC) == 0);
    child = fork();
    if (child == 0) {
        close(life[1]);
        _exit(read(life[0], &byte, 1) < 0);
    }
    CHECK(child > 0);
    close(life[0]);
    return child;
}

static void add_limit(struct plan *plan, uint32_t resource, uint64_t soft, uint64_t hard)
{
    struct plan_rlimit *limit = plan_add_array(&builder, sizeof(*limit), 1, &plan->process.rlimits);

    *limit = (struct plan_rlimit){.resource = resource,
                                  .name = plan_add_string(&builder, "RLIMIT_TEST"),
                                  .soft = soft,
                                  .hard = hard,
                                  .origin = {.kind = ORIGIN_RLIMIT, .index = 3}};
}

static struct rlimit limit_of(pid_t pid)
{
    struct rlimit limit;

    CHECK(prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0);
    return limit;
}

TEST(limits_are_raised_but_not_yet_lowered)
{
    struct plan *plan = new_plan();
    pid_t child = start_child();
    struct rlimit limit = limit_of(child);

    limit.rlim_cur = 100;
    CHECK(prlimit(child, RLIMIT_NOFILE, &limit, NULL) == 0);
    add_limit(plan, RLIMIT_NOFILE, 10, 20);
    CHECK_SUCCESS(limits_raise_rlimits(plan, child, &error));
    CHECK(limit_of(child).rlim_cur == 100 && limit_of(child).rlim_max == limit.rlim_max);
    add_limit(plan, RLIMIT_NOFILE, 200, 300);
    CHECK_SUCCESS(limits_raise_rlimits(plan, child, &error));
    CHECK(limit_of(child).rlim_cur == 200 && limit_of(child).rlim_max == limit.rlim_max);
}

TEST(a_limit_above_the_callers_is_named_with_both_numbers)
{
    struct plan *plan = new_plan();
    struct rlimit limit = {.rlim_cur = 50, .rlim_max = 60};
    pid_t child;

    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    child = start_child();
    CHECK(prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0) == 0);
    CHECK(setresuid(1000, 1000, 1000) == 0);
    add_limit(plan, RLIMIT_NOFILE, 50, 61);
    /* the child is root's, ours is a user: not even reading it is allowed */
    CHECK(limits_raise_rlimits(plan, child, &error) == -EPERM);
    error_clear(&error);
    CHECK(limits_raise_rlimits(plan, getpid(), &error) == -EPERM);
    CHECK(strcmp(error.message, "cannot raise RLIMIT_TEST to 61: the caller's hard limit is 60") ==
          0);
    CHECK(strcmp(error.pointer, "/process/rlimits/3") == 0);
}

TEST(oom_score_adj_is_written)
{
    struct plan *plan = new_plan();
    pid_t child = start_child();
    char path[64], text[16] = "";
    int fd;

    CHECK_SUCCESS(limits_set_oom_score_adj(plan, child, &error));
    plan->process.oom_score_adj_set = true;
    plan->process.oom_score_adj = 777;
    CHECK_SUCCESS(limits_set_oom_score_adj(plan, child, &error));
    snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", child);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(read(fd, text, sizeof(text) - 1) > 0 && strcmp(text, "777\n") == 0);
    /* equal already: nothing is written, so nothing is refused */
    CHECK(setresuid(1000, 1000, 1000) == 0);
    CHECK_SUCCESS(limits_set_oom_score_adj(plan, child, &error));
    plan->process.oom_score_adj = -5;
    CHECK(limits_set_oom_score_adj(plan, child, &error) == -EACCES);
    CHECK(strcmp(error.pointer, "/process/oomScoreAdj") == 0);
}

TEST(affinity_is_reset_or_set)
{
    struct plan *plan = new_plan();
    pid_t child = start_child();
    cpu_set_t all, one, got;
    uint64_t *mask;

    CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
    if (CPU_COUNT(&all) < 2 || !CPU_ISSET(0, &all))
        SKIP("needs CPU 0 and another one");
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    CHECK(sched_setaffinity(child, sizeof(one), &one) == 0);
    CHECK_SUCCESS(limits_set_affinity(plan, child, &error));
    CHECK(sched_getaffinity(child, sizeof(got), &got) == 0 && CPU_COUNT(&got) >= CPU_COUNT(&all));

    mask = plan_add_array(&builder, sizeof(*mask), 1, &plan->process.affinity_initial);
    *mask = 1;
    CHECK_SUCCESS(limits_set_initial_affinity(plan, child, &error));
    CHECK(sched_getaffinity(child, sizeof(got), &got) == 0 && CPU_EQUAL(&got, &one));
    /* the initial one stays when there is no final one */
    CHECK_SUCCESS(limits_set_affinity(plan, child, &error));
    CHECK(sched_getaffinity(child, sizeof(got), &got) == 0 && CPU_EQUAL(&got, &one));
    mask = plan_add_array(&builder, sizeof(*mask), 1, &plan->process.affinity_final);
    *mask = (uint64_t)1 << 63;
    if (!CPU_ISSET(63, &all)) {
        CHECK(limits_set_affinity(plan, child, &error) == -EINVAL);
        CHECK(strcmp(error.pointer, "/process/execCPUAffinity") == 0);
    }
}

TEST(scheduler_and_io_priority_are_set)
{
    struct plan *plan = new_plan();
    pid_t child = start_child();

    plan->process.scheduler =
        (struct plan_scheduler){.set = true, .policy = SCHED_BATCH, .nice = 7};
    plan->process.io_priority_set = true;
    plan->process.io_priority = 3 << 13;
    CHECK_SUCCESS(limits_apply(plan, child, &error));
    CHECK(sched_getscheduler(child) == SCHED_BATCH);
    CHECK(getpriority(PRIO_PROCESS, (id_t)child) == 7);
    CHECK(syscall(SYS_ioprio_get, 1, child) == 3 << 13);
    plan->process.scheduler.policy = 77;
    CHECK(limits_apply(plan, child, &error) == -EINVAL);
    CHECK(strcmp(error.pointer, "/process/scheduler") == 0);
}

TEST(the_session_keyring_is_a_new_one_with_that_name)
{
    struct plan *plan = new_plan();
    long before, after;
    char text[128] = "";

    CHECK_SUCCESS(keyring_join(plan, &error));
    before = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1);
    if (before < 0)
        SKIP("no keyrings here: %s", strerror(errno));
    plan->process.new_keyring = true;
    plan->process.keyring_name = plan_add_string(&builder, "_ses.dray-test-limits");
    CHECK_SUCCESS(keyring_join(plan, &error));
    after = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    CHECK(after > 0 && after != before);
    CHECK(syscall(SYS_keyctl, KEYCTL_DESCRIBE, after, text, sizeof(text) - 1) > 0);
    CHECK_SAYING(strcmp(strrchr(text, ';') + 1, "_ses.dray-test-limits") == 0, "%s", text);
    /* type;uid;gid;permissions: the user's part allows to search */
    {
        const char *field = text;

        for (int i = 0; i < 3; i++)
            field = strchr(field, ';') + 1;
        CHECK((strtoul(field, NULL, 16) & 0x00080000) != 0);
    }
    /* an exec joins that one */
    plan->purpose = PLAN_EXEC;
    CHECK_SUCCESS(keyring_join(plan, &error));
    CHECK(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) == after);
}

TEST(a_label_that_cannot_be_written_is_an_error)
{
    struct plan *plan = new_plan();
    int proc = procfs_open(&error);

    CHECK_SAYING(proc >= 0, "%s", error.message);
    CHECK_SUCCESS(apparmor_set_exec_profile(plan, proc, &error));
    CHECK_SUCCESS(selinux_set_exec_label(plan, proc, &error));
    if (access("/sys/module/apparmor/parameters/enabled", F_OK) == 0)
        SKIP("AppArmor may be enabled here");
    plan->process.apparmor = plan_add_string(&builder, "profile");
    CHECK(apparmor_set_exec_profile(plan, proc, &error) < 0);
    CHECK(error.code == ERROR_APPARMOR_FAILED);
    CHECK(strcmp(error.pointer, "/process/apparmorProfile") == 0);
    error_clear(&error);
    plan->process.selinux = plan_add_string(&builder, "a:b:c:s0");
    CHECK(selinux_set_exec_label(plan, proc, &error) < 0);
    CHECK(error.code == ERROR_SELINUX_FAILED);
    error_clear(&error);
    CHECK(selinux_set_key_label(plan, proc, &error) < 0);
}

HARNESS_MAIN
