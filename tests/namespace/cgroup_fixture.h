/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real cgroups for tests: a planned container's, on the host as it is or on one that is made to
 * look like a host with cgroup2 alone.  Names begin with a prefix of this run, and main() sweeps up
 * what a failed case left.
 */
#ifndef DRAY_TESTS_NAMESPACE_CGROUP_FIXTURE_H
#define DRAY_TESTS_NAMESPACE_CGROUP_FIXTURE_H

#include <dirent.h>
#include <poll.h>

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "harness.h"
#include "plan/plan_cgroup.h"
#include "plan/planner.h"

#define DEADLINE_MS 10000

struct box {
    struct error error;
    struct host host;
    struct oci_linux_resources resources;
    struct oci_linux config;
    struct oci_spec spec;
    struct plan_builder builder;
    const struct plan *plan;
    struct cgroup cgroup;
    struct cgroup_record journal; /* what was journalled last */
    unsigned journalled;
    char path[256];
};

static char box_prefix[64]; /* "dray-test-PID" */

#define CHECK_BOX(box, condition)                                         \
    CHECK_SAYING(condition, "%s (%s, errno %d) %s", (box)->error.message, \
                 error_code_name((box)->error.code), (box)->error.sys_errno, (box)->error.pointer)

/* Makes /sys/fs/cgroup of this mount namespace a cgroup2, as on a host without v1. */
__attribute__((unused)) static void become_v2_host(void)
{
    if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0)
        SKIP("cannot mount a cgroup2: %s", strerror(errno));
}

static int box_journal(void *context, const struct cgroup_record *record, struct error *error)
{
    struct box *box = context;

    (void)error;
    memcpy(&box->journal, record, record->size);
    box->journalled++;
    return 0;
}

/* Plans a container's cgroup at "/PREFIX-NAME"; resources are set by the caller before. */
static void box_plan(struct box *box, const char *name)
{
    struct plan_input input = {.spec = &box->spec,
                               .host = &box->host,
                               .id = "test",
                               .purpose = PLAN_CREATE,
                               .cgroup_manager = PLAN_CGROUP_CGROUPFS};

    CHECK_BOX(box, host_probe(&box->host, &box->error) == 0);
    if (box->host.cgroups.layout == HOST_CGROUP_NONE)
        SKIP("no cgroups at /sys/fs/cgroup");
    snprintf(box->path, sizeof(box->path), "/%s-%s", box_prefix, name);
    box->config.cgroups_path = box->path;
    box->config.resources = &box->resources;
    box->spec.linux = &box->config;
    CHECK_BOX(box, plan_builder_init(&box->builder, 4096, &box->error) == 0);
    CHECK_BOX(box, plan_cgroup(&input, &box->builder) == 0);
    box->plan = box->builder.plan;
}

static int box_try_make(struct box *box)
{
    struct cgroup_record record;

    CHECK_BOX(box, cgroup_describe(box->plan, &box->host.cgroups, &record, &box->error) == 0);
    CHECK(cgroup_open_record(&box->cgroup, &record, record.size) == 0);
    return cgroup_make(&box->cgroup, box->plan, &box->host.cgroups, box_journal, box, &box->error);
}

__attribute__((unused)) static void box_make(struct box *box, const char *name)
{
    box_plan(box, name);
    if (box_try_make(box) < 0 && (box->error.sys_errno == EACCES || box->error.sys_errno == EROFS))
        SKIP("no right to make cgroups: %s", box->error.message);
    CHECK_BOX(box, box->error.code == ERROR_NONE);
}

/* A child that is in the cgroup and waits to be killed, as a stage would get in. */
__attribute__((unused)) static pid_t box_spawn(struct box *box)
{
    int procs[CGROUP_HIERARCHIES], ready[2];
    size_t count;
    char byte;
    pid_t pid;

    CHECK_BOX(box, cgroup_procs_descriptors(&box->cgroup, procs, &count, &box->error) == 0);
    CHECK(pipe2(ready, O_CLOEXEC) == 0);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(0);
        for (size_t i = 0; i < count; i++)
            if (write(procs[i], "0", 1) != 1)
                _exit(1);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK_SAYING(read(ready[0], &byte, 1) == 1, "the child could not join the cgroup");
    close(ready[0]);
    return pid;
}

/* Content of a file of the cgroup of that name below a hierarchy's mount. */
__attribute__((unused)) static const char *box_read(const struct box *box, const char *mount,
                                                    const char *file)
{
    static char text[4096];
    char path[PATH_MAX];
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s/%s", mount, box->path, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK_SAYING(fd >= 0, "%.500s", path);
    n = read(fd, text, sizeof(text) - 1);
    CHECK(n >= 0);
    close(fd);
    text[n] = '\0';
    return text;
}

__attribute__((unused)) static bool box_exists(const struct box *box, const char *mount)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s", mount, box->path);
    return access(path, F_OK) == 0;
}

/* Ends the child and everything of the box. */
__attribute__((unused)) static void box_done(struct box *box)
{
    CHECK_BOX(box, cgroup_remove(&box->cgroup, DEADLINE_MS, &box->error) == 0);
    cgroup_done(&box->cgroup);
    plan_builder_done(&box->builder);
}

static void sweep_tree(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (stream == NULL)
        return;
    while ((entry = readdir(stream)) != NULL)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            sweep_tree(fd, entry->d_name);
    closedir(stream);
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* What failed cases left: children were killed with them or are still there. */
static void sweep(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (stream == NULL)
        return;
    while ((entry = readdir(stream)) != NULL) {
        char path[2 * PATH_MAX], line[64];
        FILE *procs;

        if (strncmp(entry->d_name, box_prefix, strlen(box_prefix)) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s/freezer.state", directory, entry->d_name);
        procs = fopen(path, "w");
        if (procs != NULL) {
            fputs("THAWED", procs);
            fclose(procs);
        }
        snprintf(path, sizeof(path), "%s/%s/cgroup.procs", directory, entry->d_name);
        procs = fopen(path, "r");
        while (procs != NULL && fgets(line, sizeof(line), procs) != NULL)
            kill((pid_t)atoi(line), SIGKILL);
        if (procs != NULL)
            fclose(procs);
        for (int i = 0; i < 50; i++) {
            sweep_tree(fd, entry->d_name);
            if (faccessat(fd, entry->d_name, F_OK, 0) < 0)
                break;
            poll(NULL, 0, 10);
        }
    }
    closedir(stream);
}

static int box_main(void)
{
    int r;
    DIR *stream;
    const struct dirent *entry;

    snprintf(box_prefix, sizeof(box_prefix), "dray-test-%d", getpid());
    r = harness_main();
    sweep("/sys/fs/cgroup");
    stream = opendir("/sys/fs/cgroup");
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", entry->d_name);
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            sweep(path);
    }
    if (stream != NULL)
        closedir(stream);
    return r;
}

#endif
