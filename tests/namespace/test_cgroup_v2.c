/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cgroups on a host with cgroup2 alone, made out of this one by a mount of its own. */
#include "cgroup_fixture.h"

#include <linux/sched.h>
#include <sys/syscall.h>

#include "io/syscalls.h"

/* A child that begins in the cgroup and waits. */
static pid_t clone_into(struct box *box)
{
    int directory = cgroup_directory_v2(&box->cgroup, &box->error);
    struct clone_request request = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
    pid_t pid;

    CHECK_BOX(box, directory >= 0);
    request.cgroup = (uint64_t)directory;
    pid = (pid_t)syscall(SYS_clone3, &request, sizeof(request));
    CHECK_SAYING(pid >= 0, "clone3: %s", strerror(errno));
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

TEST(clone_into_kill_and_remove)
{
    struct box box = {0};
    struct cgroup later;
    pid_t pid;

    become_v2_host();
    box_make(&box, "v2");
    CHECK(box.host.cgroups.layout == HOST_CGROUP_V2);
    CHECK(box_exists(&box, ""));
    CHECK(cgroup_is_populated(&box.cgroup) == 0);
    pid = clone_into(&box);
    CHECK(cgroup_is_populated(&box.cgroup) == 1);
    /* another command works from the journal's record */
    CHECK(cgroup_open_record(&later, &box.journal, box.journal.size) == 0);
    CHECK(cgroup_remove(&later, 20, &box.error) == -EBUSY);
    error_clear(&box.error);
    CHECK_BOX(&box, cgroup_kill(&later, DEADLINE_MS, &box.error) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
    cgroup_done(&later);
    box_done(&box);
    CHECK(!box_exists(&box, ""));
}

TEST(freezing_waits_for_the_event)
{
    struct box box = {0}, below = {0};
    pid_t pid;

    become_v2_host();
    box_make(&box, "v2-freeze");
    pid = box_spawn(&box);
    CHECK(cgroup_is_frozen(&box.cgroup) == 0);
    CHECK_BOX(&box, cgroup_freeze(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    CHECK(cgroup_is_frozen(&box.cgroup) == 1);
    box_plan(&below, "v2-freeze/below");
    CHECK(box_try_make(&below) < 0);
    CHECK_SAYING(below.error.code == ERROR_CGROUP_IN_USE &&
                     strstr(below.error.message, "is frozen") != NULL,
                 "%s", below.error.message);
    CHECK(cgroup_remove(&below.cgroup, 0, &below.error) == 0);
    CHECK_BOX(&box, cgroup_thaw(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    CHECK(cgroup_is_frozen(&box.cgroup) == 0);
    CHECK_BOX(&box, cgroup_freeze(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    CHECK_BOX(&box, cgroup_kill(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
    box_done(&box);
}

TEST(sub_cgroups_are_listed_killed_and_removed)
{
    struct box box = {0};
    char path[PATH_MAX], line[32];
    pid_t *pids, first, second;
    size_t count;
    int fd;

    become_v2_host();
    box_make(&box, "v2-sub");
    first = clone_into(&box);
    second = clone_into(&box);
    snprintf(path, sizeof(path), "/sys/fs/cgroup%s/a", box.path);
    CHECK(mkdir(path, 0755) == 0);
    snprintf(path, sizeof(path), "/sys/fs/cgroup%s/a/b", box.path);
    CHECK(mkdir(path, 0755) == 0);
    snprintf(path, sizeof(path), "/sys/fs/cgroup%s/a/b/cgroup.procs", box.path);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    snprintf(line, sizeof(line), "%d", second);
    CHECK(write(fd, line, strlen(line)) > 0);
    close(fd);
    CHECK_BOX(&box, cgroup_pids(&box.cgroup, &pids, &count, &box.error) == 0);
    CHECK(count == 2 && pids[0] == first && pids[1] == second);
    free(pids);
    CHECK_BOX(&box, cgroup_signal_all(&box.cgroup, SIGTERM, &box.error) == 0);
    CHECK(waitpid(first, NULL, 0) == first && waitpid(second, NULL, 0) == second);
    second = clone_into(&box);
    CHECK_BOX(&box, cgroup_kill(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    box_done(&box); /* the child is a zombie still */
    CHECK(waitpid(second, NULL, 0) == second);
}

/* A controller that cgroup2 has beside the host's v1 hierarchies, to be enabled and used. */
static void need_hugetlb(struct box *box)
{
    become_v2_host();
    CHECK_BOX(box, host_probe(&box->host, &box->error) == 0);
    if ((box->host.cgroups.unified_controllers & 1u << HOST_CGROUP_HUGETLB) == 0)
        SKIP("cgroup2 has no controller hugetlb on this host");
}

TEST(controllers_are_enabled_on_the_way_down)
{
    struct oci_linux_hugepage_limit limits[] = {{"2MB", 4 << 20}};
    struct box box = {.resources = {.hugepage_limits = limits, .hugepage_limits_count = 1}};

    need_hugetlb(&box);
    box_make(&box, "v2-enable/a/b");
    CHECK(strstr(box_read(&box, "", "cgroup.controllers"), "hugetlb") != NULL);
    CHECK_BOX(&box, cgroup_apply(&box.cgroup, box.plan, box.plan->cgroup.writes, &box.error) == 0);
    CHECK(strcmp(box_read(&box, "", "hugetlb.2MB.max"), "4194304\n") == 0);
    CHECK(strcmp(box_read(&box, "", "hugetlb.2MB.rsvd.max"), "4194304\n") == 0);
    box_done(&box);
}

TEST(processes_in_the_way_are_named)
{
    struct oci_linux_hugepage_limit limits[] = {{"2MB", 4 << 20}};
    struct box outer = {0};
    struct box inner = {.resources = {.hugepage_limits = limits, .hugepage_limits_count = 1}};
    pid_t pid;

    need_hugetlb(&inner);
    box_make(&outer, "v2-internal");
    pid = clone_into(&outer);
    box_plan(&inner, "v2-internal/x");
    CHECK(box_try_make(&inner) < 0);
    CHECK_SAYING(inner.error.code == ERROR_CGROUP_CONTROLLER &&
                     strstr(inner.error.message, "has processes itself") != NULL &&
                     strstr(inner.error.message, "hugetlb") != NULL &&
                     strstr(inner.error.message, outer.path) != NULL,
                 "%s", inner.error.message);
    error_clear(&inner.error);
    box_done(&inner);
    CHECK_BOX(&outer, cgroup_kill(&outer.cgroup, DEADLINE_MS, &outer.error) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
    box_done(&outer);
}

TEST(a_delegated_cgroup_belongs_to_its_user)
{
    struct oci_linux_namespace namespaces[] = {{.type = OCI_NAMESPACE_CGROUP}};
    struct oci_mount mount = {.source = "cgroup", .destination = "/sys/fs/cgroup"};
    struct oci_user user = {.uid = 4711};
    struct oci_process process = {.user = &user};
    struct box box = {.config = {.namespaces = namespaces, .namespaces_count = 1},
                      .spec = {.mounts = &mount, .mounts_count = 1, .process = &process}};
    static const struct {
        const char *file;
        uid_t owner;
    } files[] = {{"", 4711},
                 {"/cgroup.procs", 4711},
                 {"/cgroup.threads", 4711},
                 {"/cgroup.subtree_control", 4711},
                 {"/cgroup.max.depth", 0},
                 {"/cgroup.freeze", 0}};

    become_v2_host();
    box_make(&box, "v2-delegate");
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        char path[PATH_MAX];
        struct stat status;

        snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s", box.path, files[i].file);
        CHECK_SAYING(stat(path, &status) == 0 && status.st_uid == files[i].owner, "%.500s", path);
    }
    box_done(&box);
}

TEST(unified_keys_are_written)
{
    struct oci_string_pair pairs[] = {{"cgroup.max.descendants", "7"}, {"nothing.like", "1"}};
    struct box box = {.resources = {.unified = {pairs, 1, true}}};
    struct box unknown = {.resources = {.unified = {pairs + 1, 1, true}}};

    become_v2_host();
    box_make(&box, "v2-unified");
    CHECK_BOX(&box, cgroup_apply(&box.cgroup, box.plan, box.plan->cgroup.writes, &box.error) == 0);
    CHECK(strcmp(box_read(&box, "", "cgroup.max.descendants"), "7\n") == 0);
    box_done(&box);
    box_make(&unknown, "v2-unknown");
    CHECK(cgroup_apply(&unknown.cgroup, unknown.plan, unknown.plan->cgroup.writes, &unknown.error) <
          0);
    CHECK_SAYING(unknown.error.code == ERROR_CGROUP_CONTROLLER, "%s", unknown.error.message);
    CHECK(strcmp(unknown.error.pointer, "/linux/resources/unified/nothing.like") == 0);
    error_clear(&unknown.error);
    box_done(&unknown);
}

/* Opens and makes devices from inside; 0 or the number of the first that went wrong. */
static int try_devices(struct box *box)
{
    int status, procs[CGROUP_HIERARCHIES];
    size_t count;
    pid_t pid;

    CHECK_BOX(box, cgroup_procs_descriptors(&box->cgroup, procs, &count, &box->error) == 0);
    pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < count; i++)
            if (write(procs[i], "0", 1) != 1)
                _exit(1);
        if (open("kmsg", O_RDONLY | O_NONBLOCK) >= 0 || errno != EPERM)
            _exit(2);
        if (open("null", O_RDWR) < 0)
            _exit(3);
        unlink("any");
        if (mknod("any", S_IFCHR | 0600, 99 << 8 | 7) < 0)
            _exit(4);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST(device_rules_hold)
{
    struct oci_linux_device_rule rules[] = {{.allow = false, .access = "rwm"}};
    struct box box = {.resources = {.devices = rules, .devices_count = 1}};
    struct oci_linux_device_rule all[] = {{.allow = true, .access = "rwm"}};
    struct box again = {.resources = {.devices = all, .devices_count = 1}};
    int tried;

    become_v2_host();
    if (mknod("kmsg", S_IFCHR | 0600, 1 << 8 | 11) < 0 ||
        mknod("null", S_IFCHR | 0600, 1 << 8 | 3) < 0)
        SKIP("cannot make device nodes: %s", strerror(errno));
    box_make(&box, "v2-devices");
    CHECK_BOX(&box, cgroup_apply_devices(&box.cgroup, box.plan, &box.error) == 0);
    tried = try_devices(&box);
    CHECK_SAYING(tried == 0, "the child ended with %d", tried);
    /* an empty cgroup that is there may have programs of an earlier container: they are replaced */
    box_make(&again, "v2-devices");
    CHECK(!cgroup_is_ours(&again.cgroup));
    CHECK_BOX(&again, cgroup_apply_devices(&again.cgroup, again.plan, &again.error) == 0);
    tried = try_devices(&again);
    CHECK_SAYING(tried == 2, "the child ended with %d", tried);
    CHECK_BOX(&box, cgroup_apply_devices(&again.cgroup, box.plan, &box.error) == 0);
    tried = try_devices(&again);
    CHECK_SAYING(tried == 0, "the child ended with %d", tried);
    CHECK(cgroup_remove(&again.cgroup, 0, &again.error) == 0);
    CHECK(box_exists(&box, ""));
    box_done(&box);
}

TEST(thousands_of_device_rules_pass_the_verifier)
{
    enum { COUNT = 4000 };
    static struct oci_linux_device_rule rules[COUNT];
    static const char *const access[] = {"r", "rw", "rwm", "w", "m"};
    struct box box = {.resources = {.devices = rules, .devices_count = COUNT}};

    become_v2_host();
    for (int i = 0; i < COUNT; i++)
        rules[i] = (struct oci_linux_device_rule){
            .allow = true,
            .type = i % 2 != 0 ? OCI_DEVICE_RULE_BLOCK : OCI_DEVICE_RULE_CHARACTER,
            .major = {i % 3 != 0, i % 4000},
            .minor = {true, i * 7},
            .access = access[i % 5],
        };
    box_make(&box, "v2-verifier");
    CHECK_BOX(&box, cgroup_apply_devices(&box.cgroup, box.plan, &box.error) == 0);
    box_done(&box);
}

int main(void)
{
    return box_main();
}
