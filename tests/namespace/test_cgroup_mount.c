/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts of type cgroup on whatever the host has. */
#include <sys/statvfs.h>

#include "fixture.h"

#define TMPFS   0x01021994
#define CGROUP1 0x27e0eb
#define CGROUP2 0x63677270

static const char *options[] = {"nosuid", "noexec", "nodev", "relatime", "ro", NULL};

static bool host_is_v2(void)
{
    return file_system_of("/sys/fs/cgroup") == CGROUP2;
}

static void prepare(struct fixture *f, bool namespace)
{
    fixture_init(f);
    if (host_is_v2())
        f->host.cgroups.layout = HOST_CGROUP_V2;
    else if (access("/sys/fs/cgroup/unified", F_OK) == 0)
        f->host.cgroups.layout = HOST_CGROUP_HYBRID;
    else if (file_system_of("/sys/fs/cgroup") == TMPFS)
        f->host.cgroups.layout = HOST_CGROUP_V1;
    else
        SKIP("this host has no cgroup file systems");
    if (namespace) {
        f->namespaces[f->linux_part.namespaces_count++].type = OCI_NAMESPACE_CGROUP;
        CHECK(unshare(CLONE_NEWCGROUP) == 0);
    }
    fixture_mount(f, "/proc", "proc", "proc", (struct oci_strings){0});
    fixture_mount(f, "/sys", "sysfs", "sysfs", (struct oci_strings){options, 5, true});
    fixture_mount(f, "/sys/fs/cgroup", "cgroup", "cgroup", (struct oci_strings){options, 5, true});
}

/* Every hierarchy of this process has its directory, read-only. */
static void check_hierarchies(const struct fixture *f)
{
    FILE *table = fopen("/proc/self/cgroup", "re");
    char line[4096];
    unsigned count = 0;

    CHECK(table != NULL);
    while (fgets(line, sizeof(line), table) != NULL) {
        char *name = strchr(line, ':') + 1, path[512];

        *strchr(name, ':') = '\0';
        if (name[0] == '\0' && f->host.cgroups.layout != HOST_CGROUP_HYBRID)
            continue;
        snprintf(path, sizeof(path), "/sys/fs/cgroup/%s",
                 name[0] == '\0'                  ? "unified"
                 : strncmp(name, "name=", 5) == 0 ? name + 5
                                                  : name);
        CHECK_SAYING(file_system_of(path) == (name[0] == '\0' ? CGROUP2 : CGROUP1), "%s", path);
        CHECK_SAYING(mount_flags_of(path) & ST_RDONLY, "%s", path);
        count++;
    }
    fclose(table);
    CHECK(count > 0);
    CHECK(file_system_of("/sys/fs/cgroup") == TMPFS);
    CHECK(mount_flags_of("/sys/fs/cgroup") & ST_RDONLY);
}

static void check(struct fixture *f)
{
    fixture_enter(f);
    if (f->host.cgroups.layout == HOST_CGROUP_V2) {
        CHECK(file_system_of("/sys/fs/cgroup") == CGROUP2);
        CHECK(mount_flags_of("/sys/fs/cgroup") & ST_RDONLY);
    } else {
        check_hierarchies(f);
    }
}

TEST(with_a_cgroup_namespace)
{
    struct fixture f;

    prepare(&f, true);
    check(&f);
}

TEST(without_a_cgroup_namespace)
{
    struct fixture f;

    prepare(&f, false);
    check(&f);
}

TEST(as_on_a_v2_host)
{
    struct fixture f;

    if (!host_is_v2() && mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0)
        SKIP("no cgroup2 can be mounted here");
    prepare(&f, true);
    CHECK(f.host.cgroups.layout == HOST_CGROUP_V2);
    check(&f);
}

HARNESS_MAIN
