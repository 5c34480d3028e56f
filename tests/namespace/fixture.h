/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container's root file system in a test: fill in .mounts, .linux_part …, then build() plans it
 * and the steps run as the stage would run them.  The root is bundle/rootfs in the scratch.
 */
#ifndef DRAY_TESTS_NAMESPACE_FIXTURE_H
#define DRAY_TESTS_NAMESPACE_FIXTURE_H

#include <dirent.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "harness.h"

#include "plan/planner.h"
#include "rootfs/prepare.h"
#include "rootfs/rootfs.h"

#define FIXTURE_MOUNTS_MAX 16

struct fixture {
    struct oci_spec spec;
    struct oci_root root_part;
    struct oci_linux linux_part;
    struct oci_linux_namespace namespaces[8];
    struct oci_mount mounts[FIXTURE_MOUNTS_MAX];
    struct host host;
    struct plan_input input;
    struct plan_builder builder;
    struct error error;
    struct rootfs rootfs;
    char bundle[256];
};

/* A list of strings for a document; lives as long as the caller's block. */
#define STRINGS(...)                                                                             \
    ((struct oci_strings){.items = (const char *[]){__VA_ARGS__, NULL},                          \
                          .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *), \
                          .set = true})

/* A container with a mount namespace and an empty root directory. */
static inline void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    make_directory("bundle");
    make_directory("bundle/rootfs");
    snprintf(fixture->bundle, sizeof(fixture->bundle), "%s/bundle", harness_scratch);
    fixture->spec.root = &fixture->root_part;
    fixture->spec.linux = &fixture->linux_part;
    fixture->spec.mounts = fixture->mounts;
    fixture->root_part.path = "rootfs";
    fixture->linux_part.namespaces = fixture->namespaces;
    fixture->namespaces[0].type = OCI_NAMESPACE_MOUNT;
    fixture->linux_part.namespaces_count = 1;
    fixture->host.cgroups.layout = HOST_CGROUP_NONE;
    fixture->input = (struct plan_input){
        .spec = &fixture->spec,
        .host = &fixture->host,
        .id = "test",
        .bundle = fixture->bundle,
        .privileged = true,
    };
}

static inline struct oci_mount *fixture_mount(struct fixture *fixture, const char *destination,
                                              const char *type, const char *source,
                                              struct oci_strings options)
{
    struct oci_mount *mount = &fixture->mounts[fixture->spec.mounts_count++];

    CHECK(fixture->spec.mounts_count <= FIXTURE_MOUNTS_MAX);
    mount->destination = destination;
    mount->type = type;
    mount->source = source;
    mount->options = options;
    return mount;
}

static inline int fixture_plan(struct fixture *fixture)
{
    if (plan_builder_init(&fixture->builder, 65536, &fixture->error) < 0)
        return -ENOMEM;
    return plan_rootfs(&fixture->input, &fixture->builder);
}

#define GOOD(fixture, call)                                                      \
    CHECK_SAYING((call) == 0, "%s (%s) at %s [%s]", (fixture)->error.message,    \
                 strerror((fixture)->error.sys_errno), (fixture)->error.pointer, \
                 (fixture)->error.detail)

/* The first step has to fail, with this code. */
#define BAD(fixture, call, expected)                                          \
    CHECK_SAYING((call) < 0 && (fixture)->error.code == (expected), "%s: %s", \
                 error_code_name((fixture)->error.code), (fixture)->error.message)

/* Plans, and mounts the root. */
static inline void fixture_begin(struct fixture *fixture)
{
    GOOD(fixture, fixture_plan(fixture));
    rootfs_init(&fixture->rootfs, fixture->builder.plan, &fixture->error);
    GOOD(fixture, rootfs_set_propagation(&fixture->rootfs));
    GOOD(fixture, rootfs_mount_root(&fixture->rootfs));
}

/* All of it up to the end, as the stage does it. */
static inline void fixture_enter(struct fixture *fixture)
{
    fixture_begin(fixture);
    GOOD(fixture, rootfs_mount_all(&fixture->rootfs));
    GOOD(fixture, rootfs_make_devices(&fixture->rootfs));
    GOOD(fixture, rootfs_pivot(&fixture->rootfs));
    GOOD(fixture, rootfs_mask(&fixture->rootfs));
    GOOD(fixture, rootfs_make_readonly(&fixture->rootfs));
    if (fixture->builder.plan->rootfs.detached_tree)
        GOOD(fixture, rootfs_detach_tree(&fixture->rootfs));
    rootfs_done(&fixture->rootfs);
}

/* Flags of the mount that @path is on, ST_RDONLY … */
static inline unsigned long mount_flags_of(const char *path)
{
    struct statvfs status;

    CHECK_SAYING(statvfs(path, &status) == 0, "%s: %s", path, strerror(errno));
    return status.f_flag;
}

/* Type of its file system as in <linux/magic.h>. */
static inline unsigned long file_system_of(const char *path)
{
    struct statfs status;

    CHECK_SAYING(statfs(path, &status) == 0, "%s: %s", path, strerror(errno));
    return (unsigned long)status.f_type;
}

/* True when reading or listing it finds nothing. */
static inline bool is_empty(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    unsigned count = 0;
    char byte;
    int fd;

    if (directory != NULL) {
        while ((entry = readdir(directory)) != NULL)
            count++;
        closedir(directory);
        return count == 2;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK_SAYING(fd >= 0, "%s: %s", path, strerror(errno));
    count = read(fd, &byte, 1) != 0;
    close(fd);
    return count == 0;
}

/* The optional fields of the topmost mount at @path in /proc/self/mountinfo ("shared:5"). */
static inline void propagation_of(const char *path, char out[static 128])
{
    FILE *table = fopen("/proc/self/mountinfo", "re");
    char line[4096], point[2048], *fields, *end;
    int place;

    CHECK(table != NULL);
    out[0] = '\0';
    while (fgets(line, sizeof(line), table) != NULL) {
        if (sscanf(line, "%*s %*s %*s %*s %2047s %*s %n", point, &place) < 1 ||
            strcmp(point, path) != 0)
            continue;
        fields = line + place;
        end = strstr(fields, "- ");
        snprintf(out, 128, "%.*s", end != NULL ? (int)(end - fields) : 0, fields);
    }
    fclose(table);
}

#endif
