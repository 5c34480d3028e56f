/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Somebody who shares the root, or a volume, changes it while it is being mounted: the outcome is
 * an error or what was asked for, and nothing outside ever changes.
 */
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "fixture.h"

#define ROUNDS_MAX 400
#define SECONDS    6

#define PROC 0x9fa0

/* Swaps two names for ever; the caller kills it. */
static pid_t start_racer(const char *a, const char *b)
{
    pid_t racer = fork();

    CHECK(racer >= 0);
    if (racer > 0)
        return racer;
    alarm(HARNESS_TIMEOUT);
    for (;;)
        syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

struct outcome {
    unsigned good, refused;
};

/* Builds @f's root file system again and again, each time in a mount namespace of its own. */
static struct outcome race(struct fixture *f, const char *a, const char *b,
                           void (*check)(struct fixture *f))
{
    pid_t racer = start_racer(a, b);
    time_t end = time(NULL) + SECONDS;
    struct outcome outcome = {0};

    for (unsigned i = 0; i < ROUNDS_MAX && time(NULL) < end; i++) {
        pid_t child = fork();
        int status;

        CHECK(child >= 0);
        if (child == 0) {
            CHECK(unshare(CLONE_NEWNS) == 0);
            rootfs_init(&f->rootfs, f->builder.plan, &f->error);
            GOOD(f, rootfs_set_propagation(&f->rootfs));
            if (rootfs_mount_root(&f->rootfs) < 0 || rootfs_mount_all(&f->rootfs) < 0 ||
                rootfs_make_devices(&f->rootfs) < 0 || rootfs_pivot(&f->rootfs) < 0 ||
                rootfs_mask(&f->rootfs) < 0 || rootfs_make_readonly(&f->rootfs) < 0)
                _exit(2);
            check(f);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 1)
            _exit(1);
        if (WEXITSTATUS(status) == 0)
            outcome.good++;
        else
            outcome.refused++;
    }
    kill(racer, SIGKILL);
    waitpid(racer, NULL, 0);
    CHECK_SAYING(outcome.good > 0, "%u refused", outcome.refused);
    return outcome;
}

/* The racer may swap once more between our last look and this one: then /proc is a link. */
static void check_proc(struct fixture *f)
{
    struct stat status;

    CHECK(f->rootfs.proc >= 0);
    CHECK(fstat(f->rootfs.proc, &status) == 0 && status.st_ino == 1);
    CHECK_SAYING(access("/evil/proc-was-here", F_OK) == 0, "the decoy was written to");
}

TEST(proc_flips_to_a_link)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("bundle/rootfs/proc");
    make_directory("bundle/rootfs/evil");
    make_file("bundle/rootfs/evil/proc-was-here", "x");
    make_link("/evil", "bundle/rootfs/decoy");
    fixture_mount(&f, "/proc", "proc", "proc", (struct oci_strings){0});
    f.linux_part.masked_paths = STRINGS("/proc/keys", "/proc/timer_list");
    f.linux_part.readonly_paths = STRINGS("/proc/sys");
    GOOD(&f, fixture_plan(&f));
    race(&f, "bundle/rootfs/proc", "bundle/rootfs/decoy", check_proc);
    CHECK(access("bundle/rootfs/evil/keys", F_OK) < 0);
}

/* Whatever /proc is by now: the procfs that was mounted has its masks. */
static void check_masks(struct fixture *f)
{
    char byte;
    int fd = openat(f->rootfs.proc, "keys", O_RDONLY | O_CLOEXEC);
    struct statvfs status;

    CHECK(fd >= 0 && read(fd, &byte, 1) == 0);
    CHECK(close(fd) == 0);
    fd = openat(f->rootfs.proc, "sys", O_PATH | O_CLOEXEC);
    CHECK(fd >= 0 && fstatvfs(fd, &status) == 0 && status.f_flag & ST_RDONLY);
}

TEST(masks_never_land_on_a_decoy)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("bundle/rootfs/proc");
    make_directory("bundle/rootfs/decoy");
    make_directory("bundle/rootfs/decoy/sys");
    make_file("bundle/rootfs/decoy/keys", "x");
    fixture_mount(&f, "/proc", "proc", "proc", (struct oci_strings){0});
    f.linux_part.masked_paths = STRINGS("/proc/keys");
    f.linux_part.readonly_paths = STRINGS("/proc/sys");
    GOOD(&f, fixture_plan(&f));
    race(&f, "bundle/rootfs/proc", "bundle/rootfs/decoy", check_masks);
}

static void check_volume(struct fixture *f)
{
    (void)f;
    CHECK(access("/outside", F_OK) < 0);
    CHECK(access("/vol", F_OK) == 0);
}

TEST(a_volume_whose_directory_flips_to_a_link_outwards)
{
    struct fixture f;
    char link[512];

    fixture_init(&f);
    make_directory("outside");
    make_directory("vol");
    make_directory("vol/a");
    snprintf(link, sizeof(link), "../../../../../../../..%s/outside", harness_scratch);
    make_link(link, "vol/link");
    make_directory("data");
    fixture_mount(&f, "/vol", NULL, "../vol", STRINGS("bind"));
    fixture_mount(&f, "/vol/a/b/c", NULL, "../data", STRINGS("bind"));
    fixture_mount(&f, "/vol/a/file/x", "tmpfs", "tmpfs", (struct oci_strings){0});
    GOOD(&f, fixture_plan(&f));
    race(&f, "vol/a", "vol/link", check_volume);
    CHECK(is_empty("outside") && is_empty("data"));
}

static void check_null(struct fixture *f)
{
    struct stat status;

    (void)f;
    CHECK(lstat("/secret", &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(status.st_rdev == makedev(1, 3));
}

TEST(a_null_device_that_flips_to_something_else)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("dev");
    make_file("dev/other", "not null");
    CHECK(mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
    make_file("bundle/rootfs/secret", "secret");
    fixture_mount(&f, "/dev", NULL, "../dev", STRINGS("bind"));
    f.linux_part.masked_paths = STRINGS("/secret");
    GOOD(&f, fixture_plan(&f));
    race(&f, "dev/null", "dev/other", check_null);
}

static void check_dev(struct fixture *f)
{
    (void)f;
}

TEST(a_dev_that_flips_to_a_link)
{
    struct fixture f;

    fixture_init(&f);
    make_directory("outside");
    make_file("outside/ptmx", "mine");
    make_directory("bundle/rootfs/dev");
    make_link("../../outside", "bundle/rootfs/decoy");
    GOOD(&f, fixture_plan(&f));
    race(&f, "bundle/rootfs/dev", "bundle/rootfs/decoy", check_dev);
    CHECK(!is_empty("outside/ptmx") && access("outside/null", F_OK) < 0);
    CHECK(access("outside/fd", F_OK) < 0);
}

HARNESS_MAIN
