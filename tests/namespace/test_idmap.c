/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Idmapped mounts, and containers with a user namespace, whose mounts dray prepares. */
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "fixture.h"

#define FIRST_HOST_ID 100000

static struct oci_id_mapping container_map[] = {{0, FIRST_HOST_ID, 65536}};

static int count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;

    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

TEST(owners_are_mapped)
{
    struct oci_id_mapping map[] = {{0, 1000, 10}, {10, 3000, 1}};
    struct fixture f;
    struct stat status;
    int before;

    fixture_init(&f);
    make_directory("data");
    make_file("data/zero", "x");
    make_file("data/ten", "x");
    CHECK(chown("data/ten", 10, 10) == 0);
    make_directory("data/sub");
    CHECK(mount("t", "data/sub", "tmpfs", 0, NULL) == 0);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const destinations[] = {"/a", "/b", "/c"};
        static const char *words[][2] = {{"bind", "ro"}, {"rbind", "ridmap"}, {"rbind", "idmap"}};
        struct oci_mount *mount = fixture_mount(&f, destinations[i], NULL, "../data",
                                                (struct oci_strings){words[i], 2, true});

        mount->uid_mappings = mount->gid_mappings = map;
        mount->uid_mappings_count = mount->gid_mappings_count = 2;
    }
    GOOD(&f, fixture_plan(&f));
    before = count_descriptors();
    GOOD(&f, rootfs_prepare_mounts(f.builder.plan, &f.error));
    CHECK(count_descriptors() == before + 3);
    rootfs_init(&f.rootfs, f.builder.plan, &f.error);
    GOOD(&f, rootfs_set_propagation(&f.rootfs));
    GOOD(&f, rootfs_mount_root(&f.rootfs));
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    rootfs_close_prepared(f.builder.plan);
    rootfs_done(&f.rootfs);
    CHECK(count_descriptors() == before);
    CHECK(stat("bundle/rootfs/a/zero", &status) == 0 && status.st_uid == 1000);
    CHECK(stat("bundle/rootfs/a/ten", &status) == 0 && status.st_gid == 3000);
    CHECK(mount_flags_of("bundle/rootfs/a") & ST_RDONLY);
    CHECK(stat("bundle/rootfs/b/sub", &status) == 0 && status.st_uid == 1000);
    CHECK(stat("bundle/rootfs/c/sub", &status) == 0 && status.st_uid == 0);
    CHECK(stat("bundle/rootfs/c/zero", &status) == 0 && status.st_uid == 1000);
    CHECK(stat("data/zero", &status) == 0 && status.st_uid == 0);
}

TEST(a_missing_source_leaves_no_descriptor)
{
    struct oci_id_mapping map[] = {{0, 1000, 10}};
    struct fixture f;
    int before;

    fixture_init(&f);
    make_directory("data");
    for (unsigned i = 0; i < 2; i++) {
        static const char *words[] = {"bind"};
        struct oci_mount *mount = fixture_mount(&f, "/a", NULL, i == 0 ? "../data" : "nowhere",
                                                (struct oci_strings){words, 1, true});

        mount->uid_mappings = mount->gid_mappings = map;
        mount->uid_mappings_count = mount->gid_mappings_count = 1;
    }
    GOOD(&f, fixture_plan(&f));
    before = count_descriptors();
    BAD(&f, rootfs_prepare_mounts(f.builder.plan, &f.error), ERROR_MOUNT_SOURCE_MISSING);
    CHECK(strcmp(f.error.pointer, "/mounts/1") == 0);
    CHECK(count_descriptors() == before);
}

/* What the planner of namespaces would have put into the plan. */
static void add_user_namespace(struct fixture *f)
{
    static const enum oci_namespace_type types[] = {OCI_NAMESPACE_USER, OCI_NAMESPACE_PID,
                                                    OCI_NAMESPACE_NETWORK, OCI_NAMESPACE_IPC};

    for (unsigned i = 0; i < 4; i++)
        f->namespaces[f->linux_part.namespaces_count++].type = types[i];
    f->linux_part.uid_mappings = f->linux_part.gid_mappings = container_map;
    f->linux_part.uid_mappings_count = f->linux_part.gid_mappings_count = 1;
}

static void add_plan_namespaces(struct fixture *f)
{
    struct plan_namespaces *plan = &f->builder.plan->namespaces;

    for (unsigned i = 0; i < 2; i++) {
        struct plan_idmap *map =
            plan_add_array(&f->builder, sizeof(*map), 1, i == 0 ? &plan->uid_map : &plan->gid_map);

        CHECK(map != NULL);
        *map = (struct plan_idmap){0, FIRST_HOST_ID, 65536};
    }
    plan->clone_flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
}

static void write_map(pid_t child, const char *name)
{
    char path[64], text[64];
    int fd, length;

    snprintf(path, sizeof(path), "/proc/%d/%s", child, name);
    length = snprintf(text, sizeof(text), "0 %d 65536\n", FIRST_HOST_ID);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, text, (size_t)length) == length);
    close(fd);
}

/* Runs the stage's part and then @look in new namespaces. */
static void run_inside(struct fixture *f, void (*look)(struct fixture *))
{
    int sockets[2], status;
    pid_t child;
    char byte;

    CHECK(pipe(sockets) == 0);
    child = (pid_t)syscall(SYS_clone, f->builder.plan->namespaces.clone_flags | SIGCHLD, NULL, NULL,
                           NULL, NULL);
    if (child < 0 && (errno == EPERM || errno == ENOSPC))
        SKIP("no right to make a user namespace");
    CHECK(child >= 0);
    if (child == 0) {
        close(sockets[1]);
        CHECK(read(sockets[0], &byte, 1) == 0);
        CHECK(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
        rootfs_init(&f->rootfs, f->builder.plan, &f->error);
        GOOD(f, rootfs_set_propagation(&f->rootfs));
        GOOD(f, rootfs_mount_root(&f->rootfs));
        GOOD(f, rootfs_mount_all(&f->rootfs));
        GOOD(f, rootfs_make_devices(&f->rootfs));
        GOOD(f, rootfs_pivot(&f->rootfs));
        GOOD(f, rootfs_mask(&f->rootfs));
        GOOD(f, rootfs_make_readonly(&f->rootfs));
        look(f);
        _exit(0);
    }
    close(sockets[0]);
    write_map(child, "uid_map");
    write_map(child, "gid_map");
    close(sockets[1]);
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0)
        _exit(1);
}

static void look_at_container(struct fixture *f)
{
    struct stat status;
    int fd;

    (void)f;
    CHECK(stat("/mark", &status) == 0 && status.st_uid == 0);
    CHECK(stat("/data/file", &status) == 0 && status.st_uid == 65534);
    CHECK(mount_flags_of("/data") & ST_RDONLY && mount_flags_of("/data") & ST_NOSUID);
    CHECK(stat("/mapped/file", &status) == 0 && status.st_uid == 0);
    CHECK(stat("/dev/null", &status) == 0 && status.st_rdev == makedev(1, 3));
    fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    close(fd);
    CHECK(file_system_of("/proc") == 0x9fa0 && getpid() == 1 && access("/proc/1", F_OK) == 0);
    CHECK(is_empty("/proc/keys") && is_empty("/masked"));
    CHECK(mount_flags_of("/proc/sys") & ST_RDONLY);
    /* made in here, so the container can change it; bound from the host, its options hold */
    CHECK(mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL) == 0);
}

TEST(a_container_with_a_user_namespace)
{
    static const char *ro[] = {"bind", "ro", "nosuid"}, *idmap[] = {"bind", "idmap"};
    static const char *sys[] = {"ro"}, *dev[] = {"mode=755"}, *pts[] = {"newinstance"};
    struct fixture f;

    fixture_init(&f);
    make_directory("hidden");
    make_directory("hidden/data");
    make_file("hidden/data/file", "x");
    make_file("bundle/rootfs/mark", "x");
    make_directory("bundle/rootfs/masked");
    make_file("bundle/rootfs/masked/file", "x");
    CHECK(chown("bundle/rootfs", FIRST_HOST_ID, FIRST_HOST_ID) == 0);
    CHECK(chown("bundle/rootfs/mark", FIRST_HOST_ID, FIRST_HOST_ID) == 0);
    CHECK(chmod("hidden", 0700) == 0); /* out of reach for the container's root */
    CHECK(chmod("bundle", 0700) == 0);
    fixture_mount(&f, "/proc", "proc", "proc", (struct oci_strings){0});
    fixture_mount(&f, "/sys", "sysfs", "sysfs", (struct oci_strings){sys, 1, true});
    fixture_mount(&f, "/dev", "tmpfs", "tmpfs", (struct oci_strings){dev, 1, true});
    fixture_mount(&f, "/dev/pts", "devpts", "devpts", (struct oci_strings){pts, 1, true});
    fixture_mount(&f, "/dev/mqueue", "mqueue", "mqueue", (struct oci_strings){0});
    fixture_mount(&f, "/tmp", "tmpfs", "tmpfs", (struct oci_strings){0});
    fixture_mount(&f, "/data", NULL, "../hidden/data", (struct oci_strings){ro, 3, true});
    fixture_mount(&f, "/mapped", NULL, "../hidden/data", (struct oci_strings){idmap, 2, true});
    f.linux_part.masked_paths = STRINGS("/proc/keys", "/masked");
    f.linux_part.readonly_paths = STRINGS("/proc/sys");
    add_user_namespace(&f);
    GOOD(&f, fixture_plan(&f));
    add_plan_namespaces(&f);
    GOOD(&f, rootfs_prepare_mounts(f.builder.plan, &f.error));
    run_inside(&f, look_at_container);
}

static void look_at_host_sysfs(struct fixture *f)
{
    (void)f;
    CHECK(file_system_of("/sys") == 0x62656572 && mount_flags_of("/sys") & ST_RDONLY);
    CHECK(mount_flags_of("/sys/fs/cgroup") & ST_RDONLY);
}

TEST(sysfs_without_a_network_namespace_is_the_hosts)
{
    static const char *sys[] = {"ro", "nosuid"};
    struct fixture f;

    fixture_init(&f);
    CHECK(chown("bundle/rootfs", FIRST_HOST_ID, FIRST_HOST_ID) == 0);
    fixture_mount(&f, "/sys", "sysfs", "sysfs", (struct oci_strings){sys, 2, true});
    add_user_namespace(&f);
    f.namespaces[3].type = OCI_NAMESPACE_UTS; /* instead of network */
    GOOD(&f, fixture_plan(&f));
    add_plan_namespaces(&f);
    f.builder.plan->namespaces.clone_flags &= ~(uint64_t)CLONE_NEWNET;
    GOOD(&f, rootfs_prepare_mounts(f.builder.plan, &f.error));
    run_inside(&f, look_at_host_sysfs);
}

static void mount_in_the_volume(struct fixture *f)
{
    (void)f;
    CHECK(mount("inside", "/data/sub", "tmpfs", 0, NULL) == 0);
    CHECK(mount("inside", "/sub", "tmpfs", 0, NULL) == 0);
}

TEST(mounts_in_prepared_volumes_do_not_reach_a_shared_host)
{
    static const char *words[] = {"rbind"};
    struct fixture f;

    CHECK(mount("", "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
    fixture_init(&f);
    make_directory("data");
    make_directory("data/sub");
    make_file("data/sub/mark", "x");
    make_directory("bundle/rootfs/sub");
    make_file("bundle/rootfs/sub/mark", "x");
    make_directory("bundle/rootfs/data");
    fixture_mount(&f, "/data", NULL, "../data", (struct oci_strings){words, 1, true});
    f.linux_part.rootfs_propagation = OCI_PROPAGATION_SHARED;
    add_user_namespace(&f);
    f.namespaces[3].type = OCI_NAMESPACE_UTS;
    f.spec.linux->devices_count = 0;
    GOOD(&f, fixture_plan(&f));
    add_plan_namespaces(&f);
    f.builder.plan->rootfs.setup_dev = false;
    f.builder.plan->rootfs.devices.count = 0;
    GOOD(&f, rootfs_prepare_mounts(f.builder.plan, &f.error));
    run_inside(&f, mount_in_the_volume);
    CHECK(access("data/sub/mark", F_OK) == 0);
    CHECK(access("bundle/rootfs/sub/mark", F_OK) == 0);
}

HARNESS_MAIN
