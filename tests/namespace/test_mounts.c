/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts of every kind, seen from outside before the pivot. */
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "fixture.h"

#define TMPFS 0x01021994
#define PROC  0x9fa0

TEST(binds_of_directories_and_files)
{
    struct fixture f;
    char propagation[128], path[512];

    fixture_init(&f);
    make_directory("bundle/data");
    make_file("bundle/data/file", "data");
    fixture_mount(&f, "/made/here", NULL, "data", STRINGS("bind", "ro", "nosuid", "rprivate"));
    fixture_mount(&f, "/made/file", "none", "data/file", STRINGS("rbind"));
    fixture_mount(&f, "relative/../place", "bind", "data", STRINGS("nodev"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(access("bundle/rootfs/made/here/file", R_OK) == 0);
    CHECK(mount_flags_of("bundle/rootfs/made/here") & ST_RDONLY);
    CHECK(mount_flags_of("bundle/rootfs/made/here") & ST_NOSUID);
    CHECK(!is_empty("bundle/rootfs/made/file"));
    CHECK(!(mount_flags_of("bundle/rootfs/made/file") & ST_RDONLY));
    CHECK(mount_flags_of("bundle/rootfs/place") & ST_NODEV);
    CHECK(f.builder.warnings_count == 1);
    snprintf(path, sizeof(path), "%s/rootfs/made/here", f.bundle);
    propagation_of(path, propagation);
    CHECK_SAYING(propagation[0] == '\0', "%s", propagation);
    rootfs_done(&f.rootfs);
}

TEST(nothing_is_made_outside_of_the_clone)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("data");
    fixture_mount(&f, "/x", "tmpfs", "tmpfs", STRINGS("mode=700"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    /* the root's clone lies on the root: taking it off shows the directory without mounts */
    CHECK(umount2("bundle/rootfs", MNT_DETACH) == 0);
    CHECK(file_system_of("bundle/rootfs/x") == TMPFS && is_empty("bundle/rootfs/x"));
    CHECK(umount2("bundle/rootfs/x", MNT_DETACH) < 0);
}

TEST(ro_of_a_tree_is_for_its_top_and_rro_for_all)
{
    struct fixture f;

#ifdef HARNESS_OLD_KERNEL
    SKIP("recursive options need mount_setattr");
#endif

    fixture_init(&f);
    make_directory("tree");
    make_directory("tree/below");
    CHECK(mount("x", "tree/below", "tmpfs", MS_NOEXEC, NULL) == 0);
    fixture_mount(&f, "/a", NULL, "../tree", STRINGS("rbind", "ro"));
    fixture_mount(&f, "/b", NULL, "../tree", STRINGS("rbind", "rro", "rnosuid", "noatime"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(mount_flags_of("bundle/rootfs/a") & ST_RDONLY);
    CHECK(!(mount_flags_of("bundle/rootfs/a/below") & ST_RDONLY));
    CHECK(mount_flags_of("bundle/rootfs/a/below") & ST_NOEXEC);
    CHECK(mount_flags_of("bundle/rootfs/b") & ST_RDONLY);
    CHECK(mount_flags_of("bundle/rootfs/b/below") & ST_RDONLY);
    CHECK(mount_flags_of("bundle/rootfs/b/below") & ST_NOSUID);
    CHECK(mount_flags_of("bundle/rootfs/b/below") & ST_NOEXEC);
    CHECK(mount_flags_of("bundle/rootfs/b") & ST_NOATIME);
    CHECK(!(mount_flags_of("bundle/rootfs/b/below") & ST_NOATIME));
    CHECK(!(mount_flags_of("tree") & ST_RDONLY) && !(mount_flags_of("tree/below") & ST_RDONLY));
}

TEST(file_systems_of_their_own)
{
    struct fixture f;

    fixture_init(&f);
    fixture_mount(&f, "/proc", "proc", "proc", (struct oci_strings){0});
    fixture_mount(&f, "/sys", "sysfs", "sysfs", STRINGS("nosuid", "noexec", "nodev", "ro"));
    fixture_mount(&f, "/dev", "tmpfs", "tmpfs",
                  STRINGS("nosuid", "strictatime", "mode=755", "size=65536k"));
    fixture_mount(
        &f, "/dev/pts", "devpts", "devpts",
        STRINGS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
    fixture_mount(&f, "/dev/mqueue", "mqueue", "mqueue", STRINGS("nosuid", "noexec", "nodev"));
    fixture_mount(&f, "/dev/shm", "tmpfs", "shm", STRINGS("nosuid", "mode=1777", "size=1m"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(file_system_of("bundle/rootfs/proc") == PROC);
    CHECK(mount_flags_of("bundle/rootfs/sys") & ST_RDONLY);
    CHECK(mount_flags_of("bundle/rootfs/dev") & ST_NOSUID);
    CHECK(access("bundle/rootfs/dev/pts/ptmx", F_OK) == 0);
    CHECK(file_system_of("bundle/rootfs/dev/shm") == TMPFS);
    CHECK(file_system_of("bundle/rootfs/dev/mqueue") != TMPFS);
    CHECK(f.rootfs.dev >= 0 && f.rootfs.proc >= 0 && f.rootfs.sys >= 0);
}

TEST(the_mode_of_a_tmpfs)
{
    struct fixture f;
    struct stat status;

    fixture_init(&f);
    make_directory("bundle/rootfs/narrow");
    CHECK(chmod("bundle/rootfs/narrow", 0710) == 0);
    fixture_mount(&f, "/narrow", "tmpfs", "tmpfs", (struct oci_strings){0});
    fixture_mount(&f, "/new", "tmpfs", "tmpfs", (struct oci_strings){0});
    fixture_mount(&f, "/given", "tmpfs", "tmpfs", STRINGS("mode=0750", "ro"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(stat("bundle/rootfs/narrow", &status) == 0 && (status.st_mode & 07777) == 0710);
    CHECK(stat("bundle/rootfs/new", &status) == 0 && (status.st_mode & 07777) == 01777);
    CHECK(stat("bundle/rootfs/given", &status) == 0 && (status.st_mode & 07777) == 0750);
    CHECK(!(mount_flags_of("bundle/rootfs/given") & ST_RDONLY));
    GOOD(&f, rootfs_make_readonly(&f.rootfs));
    CHECK(mount_flags_of("bundle/rootfs/given") & ST_RDONLY);
}

TEST(tmpcopyup_copies_all_there_is)
{
    struct fixture f;
    struct stat status;
    char text[64] = "";

    fixture_init(&f);
    make_file("secret", "secret");
    make_directory("bundle/rootfs/d");
    make_directory("bundle/rootfs/d/sub");
    make_file("bundle/rootfs/d/sub/file", "content");
    CHECK(chown("bundle/rootfs/d/sub/file", 12, 34) == 0);
    CHECK(chmod("bundle/rootfs/d/sub/file", 04751) == 0);
    make_link("../../../../secret", "bundle/rootfs/d/escape");
    CHECK(mknod("bundle/rootfs/d/device", S_IFCHR | 0640, 0x103) == 0);
    CHECK(mkfifo("bundle/rootfs/d/fifo", 0600) == 0);
    CHECK(setxattr("bundle/rootfs/d/sub", "trusted.mark", "x", 1, 0) == 0);
    CHECK(chown("bundle/rootfs/d", 7, 8) == 0 && chmod("bundle/rootfs/d", 02775) == 0);
    fixture_mount(&f, "/d", "tmpfs", "tmpfs", STRINGS("tmpcopyup", "ro"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(file_system_of("bundle/rootfs/d") == TMPFS);
    CHECK(!(mount_flags_of("bundle/rootfs/d") & ST_RDONLY));
    GOOD(&f, rootfs_make_readonly(&f.rootfs));
    CHECK(mount_flags_of("bundle/rootfs/d") & ST_RDONLY);
    CHECK(stat("bundle/rootfs/d", &status) == 0 && status.st_uid == 7 && status.st_gid == 8);
    CHECK((status.st_mode & 07777) == 02775);
    CHECK(stat("bundle/rootfs/d/sub/file", &status) == 0);
    CHECK(status.st_uid == 12 && status.st_gid == 34 && (status.st_mode & 07777) == 04751);
    CHECK(status.st_size == 7);
    CHECK(readlink("bundle/rootfs/d/escape", text, sizeof(text)) == 18);
    CHECK(lstat("bundle/rootfs/d/device", &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(status.st_rdev == 0x103 && (status.st_mode & 07777) == 0640);
    CHECK(lstat("bundle/rootfs/d/fifo", &status) == 0 && S_ISFIFO(status.st_mode));
    CHECK(getxattr("bundle/rootfs/d/sub", "trusted.mark", text, sizeof(text)) == 1);
}

TEST(links_at_proc_and_sys_are_refused)
{
    static const char *const types[] = {"proc", "sysfs"};

    for (unsigned i = 0; i < 2; i++) {
        struct fixture f;

        CHECK(mount("again", ".", "tmpfs", 0, NULL) == 0 && chdir(harness_scratch) == 0);
        fixture_init(&f);
        make_directory("bundle/rootfs/evil");
        make_link("/evil", i == 0 ? "bundle/rootfs/proc" : "bundle/rootfs/sys");
        fixture_mount(&f, i == 0 ? "/proc" : "/sys", types[i], types[i], (struct oci_strings){0});
        fixture_begin(&f);
        BAD(&f, rootfs_mount_all(&f.rootfs), ERROR_MOUNT_TARGET);
        CHECK(strstr(f.error.message, "must be mounted on ordinary directory") != NULL);
        CHECK(strcmp(f.error.pointer, "/mounts/0") == 0);
        CHECK(is_empty("bundle/rootfs/evil"));
        CHECK(umount(harness_scratch) < 0 || true);
    }
}

TEST(destinations_follow_links_inside_the_root_only)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("outside");
    make_link("../../../../../../../../../../../../tmp", "bundle/rootfs/up");
    make_link("/gone", "bundle/rootfs/dangling");
    fixture_mount(&f, "/up/x", "tmpfs", "tmpfs", (struct oci_strings){0});
    fixture_mount(&f, "/dangling/y", "tmpfs", "tmpfs", (struct oci_strings){0});
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(access("/tmp/x", F_OK) < 0);
    CHECK(file_system_of("bundle/rootfs/tmp/x") == TMPFS);
    CHECK(access("bundle/rootfs/gone/y", F_OK) == 0);
}

TEST(no_link_leads_a_mount_into_proc)
{
    struct fixture f;

    fixture_init(&f);
    make_link("/proc", "bundle/rootfs/door");
    fixture_mount(&f, "/proc", "proc", "proc", (struct oci_strings){0});
    fixture_mount(&f, "/door/sys/kernel", "tmpfs", "tmpfs", (struct oci_strings){0});
    fixture_begin(&f);
    BAD(&f, rootfs_mount_all(&f.rootfs), ERROR_MOUNT_TARGET);
    CHECK(strcmp(f.error.pointer, "/mounts/1") == 0);
}

TEST(files_in_proc_that_may_be_mounted_over)
{
    struct fixture f;

    fixture_init(&f);
    make_file("bundle/uptime", "1 1");
    fixture_mount(&f, "/proc", "proc", "proc", (struct oci_strings){0});
    fixture_mount(&f, "/proc/uptime", "bind", "uptime", STRINGS("bind"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(file_system_of("bundle/rootfs/proc/uptime") == TMPFS);
}

TEST(a_directory_cannot_be_bound_on_proc)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("bundle/false");
    fixture_mount(&f, "/proc", NULL, "false", STRINGS("bind"));
    fixture_begin(&f);
    BAD(&f, rootfs_mount_all(&f.rootfs), ERROR_MOUNT_TARGET);
}

TEST(missing_sources_are_named)
{
    struct fixture f;

    fixture_init(&f);
    fixture_mount(&f, "/data", NULL, "/srv/nowhere", STRINGS("bind"));
    fixture_begin(&f);
    BAD(&f, rootfs_mount_all(&f.rootfs), ERROR_MOUNT_SOURCE_MISSING);
    CHECK(strstr(f.error.message, "\"/srv/nowhere\" on \"/data\"") != NULL);
    CHECK(f.error.sys_errno == ENOENT && strcmp(f.error.pointer, "/mounts/0") == 0);
}

TEST(the_kernels_own_words_are_kept)
{
    struct fixture f;

    fixture_init(&f);
    fixture_mount(&f, "/data", "tmpfs", "tmpfs", STRINGS("colour=blue"));
    fixture_begin(&f);
    BAD(&f, rootfs_mount_all(&f.rootfs), ERROR_MOUNT_FAILED);
#ifndef HARNESS_OLD_KERNEL
    CHECK_SAYING(strstr(f.error.detail, "colour") != NULL, "%s", f.error.detail);
#endif
}

TEST(a_file_on_a_directory_is_explained)
{
    struct fixture f;

    fixture_init(&f);
    make_file("bundle/file", "x");
    make_directory("bundle/rootfs/dir");
    fixture_mount(&f, "/dir", NULL, "file", STRINGS("bind"));
    fixture_begin(&f);
    BAD(&f, rootfs_mount_all(&f.rootfs), ERROR_MOUNT_TARGET);
}

TEST(links_can_be_copied_instead_of_followed)
{
    struct fixture f;
    char text[64] = "";

    fixture_init(&f);
    make_link("somewhere/else", "bundle/link");
    fixture_mount(&f, "/etc/link", NULL, "link", STRINGS("bind", "copy-symlink"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(readlink("bundle/rootfs/etc/link", text, sizeof(text)) == 14);
}

TEST(remount_changes_what_is_there)
{
    struct fixture f;

    fixture_init(&f);
    fixture_mount(&f, "/x", "tmpfs", "tmpfs", STRINGS("size=1m"));
    fixture_mount(&f, "/x", "tmpfs", "tmpfs", STRINGS("remount", "ro", "noexec", "size=2m"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK((mount_flags_of("bundle/rootfs/x") & (ST_RDONLY | ST_NOEXEC)) == (ST_RDONLY | ST_NOEXEC));
}

TEST(overlays_with_long_options)
{
    struct fixture f;
    char option[2048] = "lowerdir=", upper[512], work[512];

    fixture_init(&f);
    make_directory("upper");
    make_directory("work");
    for (unsigned i = 0; i < 12; i++) {
        char name[64], file[80];

        snprintf(name, sizeof(name), "lower%u-with-a-name-that-is-rather-long-for-a-name", i);
        make_directory(name);
        snprintf(option + strlen(option), sizeof(option) - strlen(option), "%s%s/%s",
                 i > 0 ? ":" : "", harness_scratch, name);
        snprintf(file, sizeof(file), "%s/f", name);
        make_file(file, "x");
    }
    snprintf(upper, sizeof(upper), "upperdir=%s/upper", harness_scratch);
    snprintf(work, sizeof(work), "workdir=%s/work", harness_scratch);
    fixture_mount(&f, "/o", "overlay", "overlay", STRINGS(option, upper, work, "ro"));
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(access("bundle/rootfs/o/f", R_OK) == 0);
    CHECK(mount_flags_of("bundle/rootfs/o") & ST_RDONLY);
}

TEST(a_mount_on_the_root_becomes_the_root)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("bundle/other");
    make_file("bundle/other/mark", "x");
    fixture_mount(&f, "/", NULL, "other", STRINGS("bind"));
    fixture_mount(&f, "/below", "tmpfs", "tmpfs", (struct oci_strings){0});
    fixture_begin(&f);
    GOOD(&f, rootfs_mount_all(&f.rootfs));
    CHECK(access("bundle/other/below", F_OK) == 0);
    GOOD(&f, rootfs_pivot(&f.rootfs));
    CHECK(access("/mark", F_OK) == 0);
    CHECK(file_system_of("/below") == TMPFS);
}

HARNESS_MAIN
