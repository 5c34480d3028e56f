/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole root file system, seen from inside. */
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "fixture.h"

#define TMPFS 0x01021994

static void add_usual_mounts(struct fixture *f)
{
    static const char *sys[] = {"nosuid", "noexec", "nodev", "ro", NULL};
    static const char *dev[] = {"nosuid", "mode=755", NULL};
    static const char *pts[] = {"newinstance", "ptmxmode=0666", NULL};

    fixture_mount(f, "/proc", "proc", "proc", (struct oci_strings){0});
    fixture_mount(f, "/sys", "sysfs", "sysfs", (struct oci_strings){sys, 4, true});
    fixture_mount(f, "/dev", "tmpfs", "tmpfs", (struct oci_strings){dev, 2, true});
    fixture_mount(f, "/dev/pts", "devpts", "devpts", (struct oci_strings){pts, 2, true});
}

static bool is_character_device(const char *path, unsigned major_number, unsigned minor_number)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISCHR(status.st_mode) &&
           status.st_rdev == makedev(major_number, minor_number);
}

TEST(the_hosts_root_is_gone_after_the_pivot)
{
    struct fixture f;
    char line[4096];
    unsigned lines = 0;
    FILE *table;

    fixture_init(&f);
    add_usual_mounts(&f);
    make_file("bundle/rootfs/mark", "x");
    fixture_enter(&f);
    CHECK(access("/mark", F_OK) == 0 && access("/bundle", F_OK) < 0);
    CHECK(getcwd(line, sizeof(line)) != NULL && strcmp(line, "/") == 0);
    table = fopen("/proc/self/mountinfo", "re");
    CHECK(table != NULL);
    while (fgets(line, sizeof(line), table) != NULL)
        lines++;
    CHECK_SAYING(lines == 5, "%u mounts", lines);
}

TEST(devices_and_links)
{
    struct oci_linux_device devices[] = {
        {.type = OCI_DEVICE_CHARACTER,
         .path = "/dev/null",
         .major = {true, 1},
         .minor = {true, 3},
         .file_mode = {true, S_IFCHR | 0600},
         .uid = {true, 5}},
        {.type = OCI_DEVICE_CHARACTER,
         .path = "/dev/net//tun/",
         .major = {true, 10},
         .minor = {true, 200}},
        {.type = OCI_DEVICE_FIFO, .path = "/run/fifo"},
        {.type = OCI_DEVICE_CHARACTER, .path = "/dev/ptmx", .major = {true, 5}, .minor = {true, 2}},
        {.type = OCI_DEVICE_CHARACTER, .path = "/dev/tty", .major = {true, 5}, .minor = {true, 0}},
    };
    char text[64] = "";
    struct fixture f;
    struct stat status;

    fixture_init(&f);
    add_usual_mounts(&f);
    f.linux_part.devices = devices;
    f.linux_part.devices_count = sizeof(devices) / sizeof(devices[0]);
    fixture_enter(&f);
    CHECK(is_character_device("/dev/null", 1, 3) && is_character_device("/dev/zero", 1, 5));
    CHECK(is_character_device("/dev/full", 1, 7) && is_character_device("/dev/random", 1, 8));
    CHECK(is_character_device("/dev/urandom", 1, 9) && is_character_device("/dev/tty", 5, 0));
    CHECK(is_character_device("/dev/net/tun", 10, 200));
    CHECK(stat("/dev/null", &status) == 0 && status.st_uid == 5 &&
          (status.st_mode & 07777) == 0600);
    CHECK(stat("/dev/zero", &status) == 0 && (status.st_mode & 07777) == 0666);
    CHECK(stat("/run/fifo", &status) == 0 && S_ISFIFO(status.st_mode));
    CHECK(readlink("/dev/ptmx", text, sizeof(text)) == 8 && strcmp(text, "pts/ptmx") == 0);
    CHECK(readlink("/dev/fd", text, sizeof(text)) == 13);
    CHECK(readlink("/dev/stderr", text, sizeof(text)) == 15);
}

TEST(an_image_with_its_own_things_in_dev)
{
    struct fixture f;

    fixture_init(&f);
    make_file("outside", "untouched");
    make_directory("bundle/rootfs/dev");
    make_file("bundle/rootfs/dev/null", "not a device");
    make_link("../../../outside", "bundle/rootfs/dev/zero");
    make_file("bundle/rootfs/dev/ptmx", "x");
    CHECK(mkfifo("bundle/rootfs/dev/tty", 0600) == 0);
    fixture_begin(&f);
    GOOD(&f, rootfs_make_devices(&f.rootfs));
    CHECK(!is_empty("outside"));
    GOOD(&f, rootfs_pivot(&f.rootfs));
    CHECK(is_character_device("/dev/null", 1, 3) && is_character_device("/dev/zero", 1, 5));
    CHECK(is_character_device("/dev/tty", 5, 0));
}

TEST(a_dev_that_is_a_link_is_refused)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("outside");
    make_link("../../outside", "bundle/rootfs/dev");
    fixture_begin(&f);
    BAD(&f, rootfs_make_devices(&f.rootfs), ERROR_ROOTFS_UNSAFE);
    CHECK(is_empty("outside"));
}

TEST(a_bound_dev_is_left_alone)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("bundle/dev");
    fixture_mount(&f, "/dev/", NULL, "dev", STRINGS("rbind"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    GOOD(&f, rootfs_make_devices(&f.rootfs));
    CHECK(is_empty("bundle/dev"));
}

TEST(masked_and_readonly_paths)
{
    struct fixture f;
    int fd;

    fixture_init(&f);
    add_usual_mounts(&f);
    make_directory("bundle/rootfs/dir");
    make_file("bundle/rootfs/dir/file", "x");
    make_file("bundle/rootfs/secret", "secret");
    make_directory("bundle/rootfs/ro");
    f.linux_part.masked_paths =
        STRINGS("/proc/kcore", "/proc/timer_list", "/proc/acpi", "/dir", "/secret", "/proc/keys",
                "/dir", "/missing", "/sys/firmware");
    f.linux_part.readonly_paths = STRINGS("/proc/sys", "/proc/sysrq-trigger", "/ro", "/missing");
    fixture_enter(&f);
    CHECK(is_empty("/dir") && is_empty("/secret") && is_empty("/proc/keys"));
    CHECK(is_empty("/proc/timer_list"));
    CHECK(file_system_of("/dir") == TMPFS && mount_flags_of("/dir") & ST_RDONLY);
    CHECK(mkdir("/dir/x", 0755) < 0 && errno == EROFS);
    CHECK(is_character_device("/secret", 1, 3));
    CHECK(mount_flags_of("/proc/sys") & ST_RDONLY && mount_flags_of("/ro") & ST_RDONLY);
    CHECK(!(mount_flags_of("/proc") & ST_RDONLY));
    fd = open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC);
    CHECK_SAYING(fd < 0, "opened");
    CHECK(open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC) < 0);
    CHECK(!(mount_flags_of("/") & ST_RDONLY));
}

TEST(a_false_null_device_masks_nothing_wrongly)
{
    struct fixture f;

#ifdef HARNESS_OLD_KERNEL
    SKIP("the host's null device cannot be held without open_tree");
#endif

    fixture_init(&f);
    make_directory("bundle/dev");
    make_file("bundle/dev/null", "false");
    make_file("bundle/rootfs/secret", "secret");
    make_file("bundle/rootfs/other", "secret");
    fixture_mount(&f, "/dev", NULL, "dev", STRINGS("bind"));
    f.linux_part.masked_paths = STRINGS("/secret", "/other");
    fixture_enter(&f);
    CHECK(is_character_device("/secret", 1, 3) && is_character_device("/other", 1, 3));
    CHECK(chmod("/other", 0) < 0 && errno == EROFS);
    CHECK(chmod("/secret", 0) < 0 && errno == EROFS);
}

TEST(a_readonly_root_keeps_its_flags)
{
    struct fixture f;

    fixture_init(&f);
    CHECK(mount("root", "bundle/rootfs", "tmpfs", MS_NOSUID | MS_NODEV, NULL) == 0);
    add_usual_mounts(&f);
    f.root_part.readonly = true;
    fixture_enter(&f);
    CHECK((mount_flags_of("/") & (ST_RDONLY | ST_NOSUID | ST_NODEV)) ==
          (ST_RDONLY | ST_NOSUID | ST_NODEV));
    CHECK(!(mount_flags_of("/dev") & ST_RDONLY));
    CHECK(mkdir("/x", 0755) < 0 && errno == EROFS);
}

TEST(without_pivot_root)
{
    struct fixture f;

    fixture_init(&f);
    add_usual_mounts(&f);
    make_file("bundle/rootfs/mark", "x");
    f.input.no_pivot = true;
    fixture_enter(&f);
    CHECK(access("/mark", F_OK) == 0 && access("/bundle", F_OK) < 0);
    CHECK(chdir("/..") == 0 && access("mark", F_OK) == 0);
}

TEST(propagation_of_the_root)
{
    static const struct {
        enum oci_rootfs_propagation word;
        const char *expected;
    } cases[] = {
        {OCI_PROPAGATION_SHARED, "shared:"},
        {OCI_PROPAGATION_RPRIVATE, ""},
        {OCI_PROPAGATION_UNBINDABLE, "unbindable"},
        {OCI_PROPAGATION_RSHARED, "shared:"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pid_t child = fork();
        int status;

        CHECK(child >= 0);
        if (child == 0) {
            char propagation[128];
            struct fixture f;

            CHECK(unshare(CLONE_NEWNS) == 0);
            CHECK(mount("", "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
            CHECK(mount("t", harness_scratch, "tmpfs", 0, NULL) == 0);
            CHECK(chdir(harness_scratch) == 0);
            fixture_init(&f);
            add_usual_mounts(&f);
            f.linux_part.rootfs_propagation = cases[i].word;
            fixture_enter(&f);
            GOOD(&f, rootfs_set_root_propagation(&f.rootfs));
            propagation_of("/", propagation);
            CHECK_SAYING(strncmp(propagation, cases[i].expected, strlen(cases[i].expected)) == 0,
                         "case %zu: %s", i, propagation);
            CHECK_SAYING(cases[i].expected[0] != '\0' || propagation[0] == '\0', "case %zu: %s", i,
                         propagation);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (status != 0)
            _exit(1);
    }
}

TEST(nothing_reaches_a_shared_host)
{
    static const enum oci_rootfs_propagation words[] = {
        (enum oci_rootfs_propagation)0, OCI_PROPAGATION_SHARED, OCI_PROPAGATION_RSHARED};

    CHECK(mount("", "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char before[65536], after[65536];
        ssize_t length;
        pid_t child;
        int status, fd;

        CHECK(mount("t", harness_scratch, "tmpfs", 0, NULL) == 0 && chdir(harness_scratch) == 0);
        fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        length = read(fd, before, sizeof(before));
        CHECK(length > 0 && close(fd) == 0);
        child = fork();
        if (child == 0) {
            struct fixture f;

            CHECK(unshare(CLONE_NEWNS) == 0);
            fixture_init(&f);
            add_usual_mounts(&f);
            f.linux_part.rootfs_propagation = words[i];
            f.linux_part.masked_paths = STRINGS("/proc/keys");
            fixture_enter(&f);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (status != 0)
            _exit(1);
        fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        CHECK(read(fd, after, sizeof(after)) == length && close(fd) == 0);
        CHECK_SAYING(memcmp(before, after, (size_t)length) == 0, "case %zu", i);
    }
}

TEST(the_root_must_be_a_directory)
{
    static const char *const paths[] = {"missing", "file", "link", "link/"};
    static const enum error_code codes[] = {ERROR_ROOTFS_MISSING, ERROR_ROOTFS_MISSING,
                                            ERROR_ROOTFS_UNSAFE, ERROR_ROOTFS_UNSAFE};
    struct fixture f;

    fixture_init(&f);
    make_file("bundle/file", "x");
    make_link("rootfs", "bundle/link");
    for (size_t i = 0; i < 4; i++) {
        error_clear(&f.error);
        f.root_part.path = paths[i];
        GOOD(&f, fixture_plan(&f));
        rootfs_init(&f.rootfs, f.builder.plan, &f.error);
        GOOD(&f, rootfs_set_propagation(&f.rootfs));
        BAD(&f, rootfs_mount_root(&f.rootfs), codes[i]);
        CHECK(strcmp(f.error.pointer, "/root/path") == 0);
        plan_builder_done(&f.builder);
    }
}

TEST(without_a_mount_namespace_there_is_only_a_chroot)
{
    struct fixture f;

    fixture_init(&f);
    make_file("bundle/rootfs/mark", "x");
    f.linux_part.namespaces_count = 0;
    fixture_begin(&f);
    GOOD(&f, rootfs_pivot(&f.rootfs));
    CHECK(access("/mark", F_OK) == 0);
}

#ifdef HARNESS_OLD_KERNEL
TEST(without_a_mount_namespace_mounts_need_open_tree)
{
    struct fixture f;

    fixture_init(&f);
    add_usual_mounts(&f);
    f.linux_part.namespaces_count = 0;
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    GOOD(&f, rootfs_pivot(&f.rootfs));
    CHECK(rootfs_detach_tree(&f.rootfs) < 0 && f.error.code == ERROR_KERNEL_TOO_OLD);
}
#else
/* Mounts are in a tree that the namespace does not have, and which lasts. */
TEST(without_a_mount_namespace_mounts_are_detached)
{
    char before[64] = "", after[64] = "", line[4096];
    struct fixture f;
    FILE *table;

    fixture_init(&f);
    add_usual_mounts(&f);
    make_file("bundle/rootfs/mark", "x");
    f.linux_part.namespaces_count = 0;
    CHECK(readlink("/proc/self/ns/mnt", before, sizeof(before) - 1) > 0);
    fixture_enter(&f);
    CHECK(access("/mark", F_OK) == 0 && access("/bundle", F_OK) < 0);
    CHECK(readlink("/proc/self/ns/mnt", after, sizeof(after) - 1) > 0);
    CHECK(strcmp(before, after) == 0);
    CHECK(is_character_device("/dev/full", 1, 7) && access("/dev/pts/ptmx", F_OK) == 0);
    table = fopen("/proc/self/mountinfo", "re");
    CHECK(table != NULL && fgets(line, sizeof(line), table) == NULL);
}
#endif

TEST(a_terminal_on_the_console)
{
    struct fixture f;
    int master, slave;
    struct stat a, b;

    fixture_init(&f);
    add_usual_mounts(&f);
    fixture_enter(&f);
    f.rootfs.error = &f.error;
    master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open("/dev/pts/0", O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(slave >= 0);
    f.rootfs.root = open("/", O_PATH | O_CLOEXEC);
    GOOD(&f, rootfs_attach_console(&f.rootfs, slave));
    CHECK(fstat(slave, &a) == 0 && stat("/dev/console", &b) == 0 && a.st_rdev == b.st_rdev);
    BAD(&f, rootfs_attach_console(&f.rootfs, open("/dev/null", O_RDWR | O_CLOEXEC)),
        ERROR_CONSOLE_FAILED);
}

TEST(a_console_that_is_a_link_is_refused)
{
    struct fixture f;

    fixture_init(&f);
    make_file("outside", "untouched");
    make_directory("bundle/rootfs/dev");
    make_link("../../../outside", "bundle/rootfs/dev/console");
    fixture_begin(&f);
    f.builder.plan->process.terminal = true;
    BAD(&f, rootfs_make_devices(&f.rootfs), ERROR_CONSOLE_FAILED);
    CHECK(!is_empty("outside"));
}

HARNESS_MAIN
