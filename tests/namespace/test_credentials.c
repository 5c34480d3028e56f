/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From root to the process's user: ids, groups and capability sets, as the kernel sees them. */
#include "harness.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "plan_by_hand.h"
#include "security/capabilities.h"
#include "security/credentials.h"

#define CHOWN CAPABILITY_BIT(CAP_CHOWN)
#define KILL  CAPABILITY_BIT(CAP_KILL)
#define RAW   CAPABILITY_BIT(CAP_NET_RAW)
#define ADMIN CAPABILITY_BIT(CAP_SYS_ADMIN)

/* The hexadecimal number behind @name in /proc/self/status. */
static uint64_t status_set(const char *name)
{
    char text[4096], *line;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, text, sizeof(text) - 1);

    close(fd);
    CHECK(length > 0);
    text[length] = '\0';
    line = strstr(text, name);
    CHECK_SAYING(line != NULL, "%s", name);
    return strtoull(line + strlen(name), NULL, 16);
}

#define CHECK_SETS(bounding, permitted, effective, inheritable, ambient) \
    do {                                                                 \
        CHECK(status_set("CapBnd:") == (bounding));                      \
        CHECK(status_set("CapPrm:") == (permitted));                     \
        CHECK(status_set("CapEff:") == (effective));                     \
        CHECK(status_set("CapInh:") == (inheritable));                   \
        CHECK(status_set("CapAmb:") == (ambient));                       \
    } while (0)

static struct plan *plan_for(uint32_t uid, uint32_t gid)
{
    struct plan *plan = new_plan();

    plan->process.uid = uid;
    plan->process.gid = gid;
    return plan;
}

static void add_filter(struct plan *plan)
{
    CHECK(plan_add_array(&builder, 8, 1, &plan->process.seccomp.instructions) != NULL);
}

static void check_ids(uint32_t uid, uint32_t gid)
{
    uid_t real, effective, saved;

    CHECK(getresuid(&real, &effective, &saved) == 0);
    CHECK(real == uid && effective == uid && saved == uid);
    CHECK(getresgid(&real, &effective, &saved) == 0);
    CHECK(real == gid && effective == gid && saved == gid);
}

TEST(a_user_without_capabilities)
{
    const gid_t callers[] = {0, 27};

    CHECK(setgroups(2, callers) == 0);
    CHECK_SUCCESS(credentials_drop(plan_for(1000, 1001), &error));
    check_ids(1000, 1001);
    CHECK(getgroups(0, NULL) == 0);
    CHECK_SETS(0, 0, 0, 0, 0);
    CHECK(setresuid(0, 0, 0) < 0 && errno == EPERM);
}

TEST(a_user_with_all_five_sets)
{
    struct plan *plan = plan_for(1000, 1000);
    uint32_t *groups = plan_add_array(&builder, sizeof(*groups), 2, &plan->process.groups);
    gid_t got[4];

    groups[0] = 5;
    groups[1] = 60000;
    plan->process.capabilities = (struct plan_capabilities){
        .bounding = CHOWN | KILL | RAW,
        .permitted = CHOWN | KILL,
        .effective = KILL,
        .inheritable = KILL,
        .ambient = KILL,
    };
    CHECK_SUCCESS(credentials_drop(plan, &error));
    check_ids(1000, 1000);
    CHECK(getgroups(4, got) == 2 && got[0] == 5 && got[1] == 60000);
    CHECK_SETS(CHOWN | KILL | RAW, CHOWN | KILL, KILL, KILL, KILL);
    CHECK_SUCCESS(credentials_finish(plan, &error));
    CHECK_SETS(CHOWN | KILL | RAW, CHOWN | KILL, KILL, KILL, KILL);
}

TEST(root_with_few_capabilities)
{
    struct plan *plan = plan_for(0, 0);

    plan->process.capabilities =
        (struct plan_capabilities){.bounding = CHOWN, .permitted = CHOWN, .effective = CHOWN};
    CHECK_SUCCESS(credentials_drop(plan, &error));
    CHECK_SETS(CHOWN, CHOWN, CHOWN, 0, 0);
}

TEST(inheritable_of_the_caller_does_not_stay)
{
    struct plan *plan = plan_for(1000, 1000);
    uint64_t effective, permitted;

    CHECK_SUCCESS(capabilities_get(&effective, &permitted, NULL, &error));
    CHECK_SUCCESS(capabilities_set(effective, permitted, RAW, &error));
    CHECK_SUCCESS(capabilities_set_ambient(RAW & permitted, &error));
    plan->process.capabilities = (struct plan_capabilities){.bounding = RAW, .permitted = RAW};
    CHECK_SUCCESS(credentials_drop(plan, &error));
    CHECK_SETS(RAW, RAW, 0, 0, 0);
}

TEST(sys_admin_stays_until_the_filter_is_loaded)
{
    struct plan *plan = plan_for(1000, 1000);

    add_filter(plan);
    plan->process.capabilities = (struct plan_capabilities){.bounding = KILL, .permitted = KILL};
    CHECK_SUCCESS(credentials_drop(plan, &error));
    CHECK_SETS(KILL, KILL | ADMIN, ADMIN, 0, 0);
    CHECK_SUCCESS(credentials_finish(plan, &error));
    CHECK_SETS(KILL, KILL, 0, 0, 0);
}

TEST(no_new_privileges_needs_no_sys_admin)
{
    struct plan *plan = plan_for(1000, 1000);

    add_filter(plan);
    plan->process.no_new_privileges = true;
    CHECK_SUCCESS(credentials_drop(plan, &error));
    CHECK_SETS(0, 0, 0, 0, 0);
    CHECK_SUCCESS(credentials_finish(plan, &error));
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    CHECK_SUCCESS(credentials_set_no_new_privileges(plan, &error));
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

TEST(groups_are_kept_when_asked)
{
    struct plan *plan = plan_for(1000, 1000);
    const gid_t callers[] = {27};

    CHECK(setgroups(1, callers) == 0);
    plan->process.keep_groups = true;
    CHECK_SUCCESS(credentials_drop(plan, &error));
    CHECK(getgroups(0, NULL) == 1);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    CHECK_SAYING(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s: %s", path,
                 strerror(errno));
    close(fd);
}

/* Becomes root of a user namespace with one id, where setgroups is denied. */
static void enter_user_namespace(void)
{
    CHECK(unshare(CLONE_NEWUSER) == 0);
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 0 1");
    write_file("/proc/self/gid_map", "0 0 1");
}

TEST(denied_groups_are_harmless_only_when_none_are_asked_for)
{
    struct plan *plan = plan_for(0, 0);

    enter_user_namespace();
    CHECK(credentials_drop(plan, &error) == -EPERM);
    CHECK(error.code == ERROR_CREDENTIALS_FAILED && strcmp(error.pointer, "/process/user") == 0);
    error_clear(&error);
    plan->process.groups_may_be_denied = true;
    CHECK_SUCCESS(credentials_drop(plan, &error));
}

TEST(an_unmapped_user_is_named)
{
    struct plan *plan = plan_for(7, 0);

    enter_user_namespace();
    plan->process.groups_may_be_denied = true;
    CHECK_ERROR(credentials_drop(plan, &error), CREDENTIALS_FAILED,
                "cannot become uid 7, which is not mapped in the user namespace");
}

HARNESS_MAIN
