/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cgroups on the host as it is: making, limits, joining, freezing, killing, removing. */
#include "cgroup_fixture.h"

#include <sys/syscall.h>

/* Where the host has a controller: the mount's directory with a slash in front, or NULL. */
static const char *mount_of(const struct box *box, enum host_cgroup_controller controller)
{
    static char mount[64];

    if ((box->host.cgroups.controllers & 1u << controller) == 0)
        return NULL;
    snprintf(mount, sizeof(mount), "/%s", box->host.cgroups.directories[controller]);
    return mount;
}

TEST(directories_come_and_go)
{
    struct box box = {0};

    box_make(&box, "plain");
    for (unsigned i = 0; i < HOST_CGROUP_CONTROLLERS; i++)
        if (mount_of(&box, i) != NULL)
            CHECK_SAYING(box_exists(&box, mount_of(&box, i)), "%s", mount_of(&box, i));
    CHECK(cgroup_is_ours(&box.cgroup));
    CHECK(cgroup_is_populated(&box.cgroup) == 0);
    CHECK(cgroup_is_frozen(&box.cgroup) == 0);
    CHECK(box.journalled == 2);
    CHECK(box.journal.stage == CGROUP_MADE && box.journal.created == box.journal.hierarchies);
    box_done(&box);
    for (unsigned i = 0; i < HOST_CGROUP_CONTROLLERS; i++)
        if (mount_of(&box, i) != NULL)
            CHECK_SAYING(!box_exists(&box, mount_of(&box, i)), "%s", mount_of(&box, i));
    /* nothing there any more is no error */
    CHECK(cgroup_open_record(&box.cgroup, &box.journal, box.journal.size) == 0);
    CHECK_BOX(&box, cgroup_remove(&box.cgroup, DEADLINE_MS, &box.error) == 0);
}

TEST(leading_directories_go_too_if_they_are_ours)
{
    struct box outer = {0}, inner = {0};
    char name[128], first[256];

    box_make(&outer, "lead/a/b");
    CHECK(outer.journalled == 3);
    snprintf(first, sizeof(first), "/%s-lead", box_prefix);
    box_make(&inner, "lead/a/c");
    CHECK(inner.journalled == 2);
    box_done(&outer);
    strcpy(outer.path, first);
    CHECK(box_exists(&outer, "/memory") || mount_of(&outer, HOST_CGROUP_MEMORY) == NULL);
    box_done(&inner); /* found "lead/a": it stays, as whoever made it may still want it */
    CHECK(box_exists(&outer, "/memory") || mount_of(&outer, HOST_CGROUP_MEMORY) == NULL);
    snprintf(name, sizeof(name), "lead2/x");
    memset(&outer, 0, sizeof(outer));
    box_make(&outer, name);
    box_done(&outer);
    snprintf(outer.path, sizeof(outer.path), "/%s-lead2", box_prefix);
    CHECK(!box_exists(&outer, "/memory"));
}

TEST(limits_are_written)
{
    struct oci_linux_memory memory = {.limit = {true, 64 << 20}, .reservation = {true, 32 << 20}};
    struct oci_linux_cpu cpu = {.shares = {true, 512},
                                .quota = {true, 50000},
                                .period = {true, 100000},
                                .cpus = "0",
                                .mems = "0"};
    struct oci_linux_pids pids = {.limit = {true, 42}};
    struct box box = {.resources = {.memory = &memory, .cpu = &cpu, .pids = &pids}};

    CHECK_BOX(&box, host_probe(&box.host, &box.error) == 0);
    if (mount_of(&box, HOST_CGROUP_MEMORY) == NULL || mount_of(&box, HOST_CGROUP_CPU) == NULL ||
        mount_of(&box, HOST_CGROUP_PIDS) == NULL || mount_of(&box, HOST_CGROUP_CPUSET) == NULL)
        SKIP("this host lacks one of the v1 controllers cpu, cpuset, memory and pids");
    box_make(&box, "limits");
    CHECK_BOX(&box, cgroup_apply(&box.cgroup, box.plan, box.plan->cgroup.writes, &box.error) == 0);
    CHECK(strcmp(box_read(&box, "/memory", "memory.limit_in_bytes"), "67108864\n") == 0);
    CHECK(strcmp(box_read(&box, "/memory", "memory.soft_limit_in_bytes"), "33554432\n") == 0);
    CHECK(strcmp(box_read(&box, "/cpu", "cpu.shares"), "512\n") == 0);
    CHECK(strcmp(box_read(&box, "/cpu", "cpu.cfs_quota_us"), "50000\n") == 0);
    CHECK(strcmp(box_read(&box, "/pids", "pids.max"), "42\n") == 0);
    CHECK(strcmp(box_read(&box, "/cpuset", "cpuset.cpus"), "0\n") == 0);
    box_done(&box);
}

/* Plans and writes an update. */
static int update(struct box *box, const struct oci_linux_resources *resources)
{
    struct plan_array writes;
    int r;

    error_clear(&box->error);
    r = plan_cgroup_resources(resources, &box->host.cgroups, PLAN_CGROUP_UPDATE, &box->builder,
                              &writes);
    return r < 0 ? r : cgroup_apply(&box->cgroup, box->plan, writes, &box->error);
}

TEST(bounded_limits_grow_and_shrink)
{
    struct oci_linux_memory memory = {.limit = {true, 64 << 20}, .swap = {true, 64 << 20}};
    struct oci_linux_cpu cpu = {
        .quota = {true, 50000}, .period = {true, 100000}, .burst = {true, 20000}};
    struct oci_linux_resources resources = {.memory = &memory, .cpu = &cpu};
    struct box box = {0};

    box_plan(&box, "grow");
    if (mount_of(&box, HOST_CGROUP_MEMORY) == NULL || mount_of(&box, HOST_CGROUP_CPU) == NULL)
        SKIP("this host lacks one of the v1 controllers cpu and memory");
    CHECK_BOX(&box, box_try_make(&box) == 0);
    CHECK_BOX(&box, update(&box, &resources) == 0);
    memory = (struct oci_linux_memory){.limit = {true, 128 << 20}, .swap = {true, 256 << 20}};
    cpu = (struct oci_linux_cpu){
        .quota = {true, 10000}, .period = {true, 20000}, .burst = {true, 5000}};
    CHECK_BOX(&box, update(&box, &resources) == 0);
    CHECK(strcmp(box_read(&box, "/memory", "memory.memsw.limit_in_bytes"), "268435456\n") == 0);
    CHECK(strcmp(box_read(&box, "/cpu", "cpu.cfs_burst_us"), "5000\n") == 0);
    memory = (struct oci_linux_memory){.limit = {true, 32 << 20}, .swap = {true, 32 << 20}};
    CHECK_BOX(&box, update(&box, &resources) == 0);
    CHECK(strcmp(box_read(&box, "/memory", "memory.limit_in_bytes"), "33554432\n") == 0);
    memory = (struct oci_linux_memory){.limit = {true, -1}};
    CHECK_BOX(&box, update(&box, &resources) == 0);
    CHECK(strtoull(box_read(&box, "/memory", "memory.memsw.limit_in_bytes"), NULL, 10) > 1ull
                                                                                             << 50);
    box_done(&box);
}

TEST(a_limit_below_the_usage_names_both)
{
    struct oci_linux_memory memory = {.limit = {true, 4096}};
    struct oci_linux_resources resources = {.memory = &memory};
    struct box box = {0};
    pid_t pid;

    box_plan(&box, "usage");
    if (mount_of(&box, HOST_CGROUP_MEMORY) == NULL)
        SKIP("this host lacks the v1 controller memory");
    CHECK_BOX(&box, box_try_make(&box) == 0);
    pid = box_spawn(&box);
    if (strcmp(box_read(&box, "/memory", "memory.usage_in_bytes"), "0\n") == 0)
        SKIP("nothing is charged yet");
    if (update(&box, &resources) == 0)
        SKIP("the kernel could reclaim everything");
    CHECK_SAYING(strstr(box.error.message, "the memory limit 4096 is below the current usage ") !=
                     NULL,
                 "%s", box.error.message);
    CHECK_SAYING(strcmp(box.error.pointer, "/memory/limit") == 0, "%s", box.error.pointer);
    error_clear(&box.error);
    CHECK_BOX(&box, cgroup_kill(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    waitpid(pid, NULL, 0);
    box_done(&box);
}

TEST(real_time_budgets_reach_the_directories_above)
{
    struct oci_linux_cpu cpu = {.realtime_runtime = {true, 2000},
                                .realtime_period = {true, 500000}};
    struct box box = {.resources = {.cpu = &cpu}};

    box_plan(&box, "realtime/a/b");
    if (mount_of(&box, HOST_CGROUP_CPU) == NULL ||
        access("/sys/fs/cgroup/cpu/cpu.rt_runtime_us", F_OK) < 0)
        SKIP("this host has no real-time budgets (CONFIG_RT_GROUP_SCHED)");
    CHECK_BOX(&box, box_try_make(&box) == 0);
    CHECK_BOX(&box, cgroup_apply(&box.cgroup, box.plan, box.plan->cgroup.writes, &box.error) == 0);
    CHECK(strcmp(box_read(&box, "/cpu", "cpu.rt_runtime_us"), "2000\n") == 0);
    CHECK(strcmp(box_read(&box, "/cpu", "cpu.rt_period_us"), "500000\n") == 0);
    box_done(&box);
}

/* Numbers of some block device, or false. */
static bool find_disk(long long *ret_major, long long *ret_minor)
{
    FILE *file = fopen("/proc/partitions", "re");
    bool found = false;
    char line[256];

    while (!found && file != NULL && fgets(line, sizeof(line), file) != NULL)
        found = sscanf(line, "%lld %lld", ret_major, ret_minor) == 2;
    if (file != NULL)
        fclose(file);
    return found;
}

TEST(disks_are_throttled)
{
    struct oci_linux_throttle_device device = {.rate = {true, 1048576}};
    struct oci_linux_block_io block_io = {.throttle_write_bps_device = &device,
                                          .throttle_write_bps_device_count = 1};
    struct box box = {.resources = {.block_io = &block_io}};
    long long major, minor;
    char wanted[64];

    if (!find_disk(&major, &minor))
        SKIP("no block device in /proc/partitions");
    device.major = major;
    device.minor = minor;
    CHECK_BOX(&box, host_probe(&box.host, &box.error) == 0);
    if (mount_of(&box, HOST_CGROUP_BLKIO) == NULL)
        SKIP("this host lacks the v1 controller blkio");
    box_make(&box, "throttle");
    CHECK_BOX(&box, cgroup_apply(&box.cgroup, box.plan, box.plan->cgroup.writes, &box.error) == 0);
    snprintf(wanted, sizeof(wanted), "%lld:%lld 1048576\n", major, minor);
    CHECK(strcmp(box_read(&box, "/blkio", "blkio.throttle.write_bps_device"), wanted) == 0);
    box_done(&box);
}

TEST(hybrid_hosts_use_both)
{
    struct oci_linux_hugepage_limit limits[] = {{"2MB", 6 << 20}};
    struct box box = {.resources = {.hugepage_limits = limits, .hugepage_limits_count = 1}};

    CHECK_BOX(&box, host_probe(&box.host, &box.error) == 0);
    if (box.host.cgroups.layout != HOST_CGROUP_HYBRID ||
        (box.host.cgroups.unified_controllers & 1u << HOST_CGROUP_HUGETLB) == 0)
        SKIP("no hybrid host with hugetlb on cgroup2");
    box_make(&box, "hybrid/x");
    CHECK_BOX(&box, cgroup_apply(&box.cgroup, box.plan, box.plan->cgroup.writes, &box.error) == 0);
    CHECK(strcmp(box_read(&box, "/unified", "hugetlb.2MB.max"), "6291456\n") == 0);
    box_done(&box);
}

TEST(a_refused_value_is_named)
{
    struct oci_linux_cpu cpu = {.cpus = "4000"};
    struct box box = {.resources = {.cpu = &cpu}};

    box_plan(&box, "refused");
    if (mount_of(&box, HOST_CGROUP_CPUSET) == NULL)
        SKIP("this host lacks the v1 controller cpuset");
    CHECK_BOX(&box, box_try_make(&box) == 0);
    CHECK(cgroup_apply(&box.cgroup, box.plan, box.plan->cgroup.writes, &box.error) < 0);
    CHECK_SAYING(strstr(box.error.message, "cannot write \"4000\" to \"cpuset.cpus\" of the "
                                           "controller \"cpuset\"") != NULL,
                 "%s", box.error.message);
    CHECK(strcmp(box.error.pointer, "/linux/resources/cpu/cpus") == 0);
    CHECK(box.error.code == ERROR_CGROUP_WRITE);
    error_clear(&box.error);
    box_done(&box);
}

TEST(processes_join_everywhere)
{
    struct box box = {0};
    struct cgroup actual;
    char proc[64], text[4096];
    pid_t *pids = NULL, pid;
    size_t count;
    int lines = 0, ours = 0;
    FILE *file;

    box_make(&box, "join");
    pid = box_spawn(&box);
    CHECK(cgroup_is_populated(&box.cgroup) == 1);
    CHECK_BOX(&box, cgroup_pids(&box.cgroup, &pids, &count, &box.error) == 0);
    CHECK(count == 1 && pids[0] == pid);
    free(pids);
    snprintf(proc, sizeof(proc), "/proc/%d/cgroup", pid);
    file = fopen(proc, "re");
    CHECK(file != NULL);
    while (fgets(text, sizeof(text), file) != NULL) {
        lines++;
        ours += strstr(text, box.path) != NULL;
    }
    fclose(file);
    CHECK_SAYING(lines == ours, "%d of %d hierarchies", ours, lines);
    CHECK_BOX(&box, cgroup_open_process(&actual, pid, &box.journal, &box.error) == 0);
    CHECK(!cgroup_is_ours(&actual));
    CHECK(cgroup_is_populated(&actual) == 1);
    cgroup_done(&actual);
    /* not to be removed while it is in use */
    CHECK(cgroup_remove(&box.cgroup, 0, &box.error) == -EBUSY);
    CHECK_SAYING(strstr(box.error.message, "processes are left in it") != NULL, "%s",
                 box.error.message);
    error_clear(&box.error);
    CHECK_BOX(&box, cgroup_kill(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
    CHECK(cgroup_is_populated(&box.cgroup) == 0);
    CHECK(cgroup_signal_all(&box.cgroup, SIGTERM, &box.error) == -ESRCH);
    box_done(&box);
}

TEST(used_and_frozen_cgroups_are_refused)
{
    struct box first = {0}, second = {0}, below = {0};
    pid_t pid;

    box_make(&first, "used");
    pid = box_spawn(&first);
    box_plan(&second, "used");
    CHECK(box_try_make(&second) < 0);
    CHECK_SAYING(second.error.code == ERROR_CGROUP_IN_USE, "%s", second.error.message);
    CHECK(strstr(second.error.message, first.path) != NULL);
    /* the undo of the refused one takes nothing from the first */
    CHECK(second.journal.stage == CGROUP_MADE && second.journal.created == 0);
    CHECK(cgroup_open_record(&second.cgroup, &second.journal, second.journal.size) == 0);
    CHECK(cgroup_kill(&second.cgroup, DEADLINE_MS, &second.error) == -EPERM ||
          second.error.code == ERROR_CGROUP_IN_USE);
    CHECK(cgroup_remove(&second.cgroup, DEADLINE_MS, &second.error) == 0);
    CHECK(kill(pid, 0) == 0);
    CHECK_BOX(&first, cgroup_freeze(&first.cgroup, DEADLINE_MS, &first.error) == 0);
    box_plan(&below, "used/below");
    CHECK(box_try_make(&below) < 0);
    CHECK_SAYING(strstr(below.error.message, "is frozen") != NULL, "%s", below.error.message);
    CHECK(cgroup_remove(&below.cgroup, DEADLINE_MS, &below.error) == 0);
    CHECK_BOX(&first, cgroup_kill(&first.cgroup, DEADLINE_MS, &first.error) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
    box_done(&first);
}

/* CPU time that the process has used, in clock ticks. */
static unsigned long ticks_of(pid_t pid)
{
    char path[64], text[1024];
    unsigned long user, system;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "re");
    CHECK(file != NULL && fgets(text, sizeof(text), file) != NULL);
    fclose(file);
    CHECK(sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                 &user, &system) == 2);
    return user + system;
}

TEST(freezing_stops_and_thawing_goes_on)
{
    struct box box = {0};
    unsigned long before;
    pid_t pid;

    box_make(&box, "freeze");
    pid = box_spawn(&box);
    CHECK_BOX(&box, cgroup_freeze(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    CHECK(cgroup_is_frozen(&box.cgroup) == 1);
    CHECK_BOX(&box, cgroup_freeze(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    before = ticks_of(pid);
    CHECK(kill(pid, SIGTERM) == 0);
    poll(NULL, 0, 50);
    CHECK(kill(pid, 0) == 0 && waitpid(pid, NULL, WNOHANG) == 0);
    CHECK(ticks_of(pid) == before);
    CHECK_BOX(&box, cgroup_thaw(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    CHECK(cgroup_is_frozen(&box.cgroup) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid); /* by the SIGTERM */
    box_done(&box);
}

#define BOMB_FORKS 500 /* others on the machine need processes too */

TEST(a_fork_bomb_and_sub_cgroups_die)
{
    struct box box = {0};
    char path[PATH_MAX];
    int procs[CGROUP_HIERARCHIES];
    size_t count;
    pid_t bomb;
    /* a bomb that nobody stops ends by itself */
    unsigned *forks =
        mmap(NULL, sizeof(*forks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK(forks != MAP_FAILED);
    box_make(&box, "bomb");
    CHECK_BOX(&box, cgroup_procs_descriptors(&box.cgroup, procs, &count, &box.error) == 0);
    bomb = fork();
    CHECK(bomb >= 0);
    if (bomb == 0) {
        alarm(20);
        for (size_t i = 0; i < count; i++)
            if (write(procs[i], "0", 1) != 1)
                _exit(1);
        for (int i = 0; i < 3; i++) {
            /* each lives a moment and leaves a child behind */
            pid_t pid = __atomic_add_fetch(forks, 1, __ATOMIC_RELAXED) < BOMB_FORKS ? fork() : -1;

            if (pid == 0)
                alarm(20);
            if (pid == 0 && i == 2)
                i = -1;
            if (pid > 0 && i == 2)
                _exit(0);
            if (i == -1)
                poll(NULL, 0, 1);
        }
        for (;;)
            pause();
    }
    for (unsigned i = 0; i < HOST_CGROUP_CONTROLLERS; i++) {
        if (mount_of(&box, i) == NULL)
            continue;
        snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s/sub", mount_of(&box, i), box.path);
        CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
    }
    if (mount_of(&box, HOST_CGROUP_FREEZER) != NULL) {
        char line[32];
        FILE *file;
        pid_t inner = fork();

        if (inner == 0) {
            alarm(20);
            for (;;)
                pause();
        }
        snprintf(path, sizeof(path), "/sys/fs/cgroup/freezer%s/sub/cgroup.procs", box.path);
        file = fopen(path, "we");
        CHECK(file != NULL);
        snprintf(line, sizeof(line), "%d", inner);
        CHECK(fputs(line, file) >= 0);
        CHECK(fclose(file) == 0);
    }
    poll(NULL, 0, 30);
    CHECK_BOX(&box, cgroup_kill(&box.cgroup, DEADLINE_MS, &box.error) == 0);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    CHECK(cgroup_is_populated(&box.cgroup) == 0);
    box_done(&box);
}

TEST(signals_reach_all)
{
    struct box box = {0};
    pid_t a, b;
    int status;

    box_make(&box, "signal");
    a = box_spawn(&box);
    b = box_spawn(&box);
    CHECK_BOX(&box, cgroup_signal_all(&box.cgroup, 0, &box.error) == 0);
    CHECK_BOX(&box, cgroup_signal_all(&box.cgroup, SIGUSR1, &box.error) == 0);
    CHECK(waitpid(a, &status, 0) == a && WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    CHECK(waitpid(b, &status, 0) == b && WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    box_done(&box);
}

TEST(sub_cgroups_are_entered_by_components)
{
    static const char *const bad[] = {
        "", "/", "/sub", "..", "sub/..", "../x", "sub/../..", "gone", "sub/cgroup.procs"};
    struct box box = {0}, sibling = {0};
    char path[PATH_MAX];

    box_make(&box, "enter");
    box_make(&sibling, "enter2");
    for (unsigned i = 0; i < HOST_CGROUP_CONTROLLERS; i++) {
        if (mount_of(&box, i) == NULL)
            continue;
        snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s/sub", mount_of(&box, i), box.path);
        CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
    }
    if (box.host.cgroups.layout != HOST_CGROUP_V1) {
        snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s/sub",
                 box.host.cgroups.layout == HOST_CGROUP_V2 ? "" : "/unified", box.path);
        CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        error_clear(&box.error);
        CHECK_SAYING(cgroup_enter_sub(&box.cgroup, bad[i], 0, &box.error) < 0, "\"%s\"", bad[i]);
        CHECK(box.error.code == ERROR_CGROUP_PATH);
    }
    error_clear(&box.error);
    CHECK(cgroup_open_record(&box.cgroup, &box.journal, box.journal.size) == 0);
    CHECK_BOX(&box, cgroup_enter_sub(&box.cgroup, "sub", 0, &box.error) == 0);
    CHECK(strstr(box.cgroup.record.text + box.cgroup.record.paths[0], "/sub") != NULL ||
          box.host.cgroups.controllers == 0);
    cgroup_done(&box.cgroup);
    CHECK(cgroup_open_record(&box.cgroup, &box.journal, box.journal.size) == 0);
    box_done(&box);
    box_done(&sibling);
}

TEST(device_rules_hold)
{
    struct oci_linux_device_rule rules[] = {{.allow = false, .access = "rwm"}};
    struct box box = {.resources = {.devices = rules, .devices_count = 1}};
    int status;
    pid_t pid;

    box_plan(&box, "devices");
    if (mount_of(&box, HOST_CGROUP_DEVICES) == NULL)
        SKIP("this host lacks the v1 controller devices");
    CHECK_BOX(&box, box_try_make(&box) == 0);
    CHECK_BOX(&box, cgroup_apply_devices(&box.cgroup, box.plan, &box.error) == 0);
    CHECK(strstr(box_read(&box, "/devices", "devices.list"), "c 1:3 rwm\n") != NULL);
    CHECK(strstr(box_read(&box, "/devices", "devices.list"), "a *:*") == NULL);
    if (mknod("kmsg", S_IFCHR | 0600, 1 << 8 | 11) < 0 ||
        mknod("null", S_IFCHR | 0600, 1 << 8 | 3) < 0)
        SKIP("cannot make device nodes: %s", strerror(errno));
    pid = fork();
    if (pid == 0) {
        int procs[CGROUP_HIERARCHIES];
        size_t count;

        cgroup_procs_descriptors(&box.cgroup, procs, &count, &box.error);
        for (size_t i = 0; i < count; i++)
            if (write(procs[i], "0", 1) != 1)
                _exit(1);
        if (open("kmsg", O_RDONLY | O_NONBLOCK) >= 0 || errno != EPERM)
            _exit(2);
        if (open("null", O_RDWR) < 0)
            _exit(3);
        if (mknod("any", S_IFCHR | 0600, 99 << 8 | 7) < 0)
            _exit(4);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_SAYING(status == 0, "the child ended with status 0x%x", status);
    box_done(&box);
}

TEST(relative_paths_are_below_our_own)
{
    struct box box = {0};
    struct cgroup_record record;

    box_plan(&box, "unused");
    /* the same plan without its leading slash */
    box.builder.plan->cgroup.path += 1;
    CHECK_BOX(&box, cgroup_describe(box.plan, &box.host.cgroups, &record, &box.error) == 0);
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        const char *path = record.text + record.paths[i];

        if ((record.hierarchies & 1u << i) != 0)
            CHECK_SAYING(path[0] == '/' && strstr(path, box.path) != NULL, "%s", path);
    }
    CHECK(cgroup_open_record(&box.cgroup, &record, record.size) == 0);
    plan_builder_done(&box.builder);
}

TEST(many_at_once)
{
    enum { WORKERS = 8, ROUNDS = 12 };
    pid_t workers[WORKERS];

    for (int w = 0; w < WORKERS; w++) {
        workers[w] = fork();
        CHECK(workers[w] >= 0);
        if (workers[w] != 0)
            continue;
        for (int i = 0; i < ROUNDS; i++) {
            struct box box = {0};
            char name[64];
            pid_t pid;

            /* every other pair shares a leading directory that comes and goes */
            snprintf(name, sizeof(name), "many%d/%d", w / 2, w);
            box_make(&box, name);
            pid = box_spawn(&box);
            CHECK_BOX(&box, cgroup_kill(&box.cgroup, DEADLINE_MS, &box.error) == 0);
            CHECK(waitpid(pid, NULL, 0) == pid);
            box_done(&box);
        }
        _exit(0);
    }
    for (int w = 0; w < WORKERS; w++) {
        int status;

        CHECK(waitpid(workers[w], &status, 0) == workers[w]);
        CHECK_SAYING(status == 0, "worker %d: 0x%x", w, status);
    }
}

int main(void)
{
    return box_main();
}
