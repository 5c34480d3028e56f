/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small test runner for code that mounts: every case runs in a forked child with a mount
 * namespace of its own, in a fresh tmpfs that is gone when the child is.  Output is TAP.
 *
 *     TEST(a_link_stays_inside)
 *     {
 *         CHECK(path_open_in_root(root, "/etc", O_PATH, 0) >= 0);
 *     }
 *     HARNESS_MAIN
 *
 * In a case: the working directory is the fresh tmpfs; CHECK fails the case, SKIP skips it with a
 * reason.  Without the right to make mount namespaces every case is skipped.
 */
#ifndef DRAY_TESTS_NAMESPACE_HARNESS_H
#define DRAY_TESTS_NAMESPACE_HARNESS_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HARNESS_OLD_KERNEL
#include "old_kernel.h"
#endif

#define HARNESS_CASES_MAX 256
#define HARNESS_TIMEOUT   30 /* seconds for one case */
#define HARNESS_SKIPPED   77

typedef void (*harness_function)(void);

static struct {
    const char *name;
    harness_function function;
} harness_cases[HARNESS_CASES_MAX];
static unsigned harness_count;
static char *harness_note; /* shared with the children: why a case failed or was skipped */
static char harness_scratch[] = "/tmp/dray-namespace-test.XXXXXX";

#define TEST(case)                                                  \
    static void test_##case (void);                                 \
    __attribute__((constructor)) static void register_##case (void) \
    {                                                               \
        if (harness_count == HARNESS_CASES_MAX)                     \
            abort();                                                \
        harness_cases[harness_count].name = #case;                  \
        harness_cases[harness_count++].function = test_##case;      \
    }                                                               \
    static void test_##case (void)

#define HARNESS_NOTE_SIZE 4096

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        errno = 0;                                                                                \
        if (!(condition)) {                                                                       \
            snprintf(harness_note, HARNESS_NOTE_SIZE, "%s:%d: %s (errno %d)", __FILE__, __LINE__, \
                     #condition, errno);                                                          \
            _exit(1);                                                                             \
        }                                                                                         \
    } while (0)

/* CHECK with words of one's own about what was wrong */
#define CHECK_SAYING(condition, ...)                                                          \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            int place_ = snprintf(harness_note, HARNESS_NOTE_SIZE, "%s:%d: %s: ", __FILE__,   \
                                  __LINE__, #condition);                                      \
            snprintf(harness_note + place_, HARNESS_NOTE_SIZE - (size_t)place_, __VA_ARGS__); \
            _exit(1);                                                                         \
        }                                                                                     \
    } while (0)

#define SKIP(...)                                               \
    do {                                                        \
        snprintf(harness_note, HARNESS_NOTE_SIZE, __VA_ARGS__); \
        _exit(HARNESS_SKIPPED);                                 \
    } while (0)

static void harness_enter(void)
{
    umask(022);
    if (unshare(CLONE_NEWNS) < 0)
        SKIP("no right to make a mount namespace: %s", strerror(errno));
    if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("scratch", harness_scratch, "tmpfs", 0, "mode=755") < 0 ||
        chdir(harness_scratch) < 0) {
        snprintf(harness_note, HARNESS_NOTE_SIZE, "no scratch file system: %s", strerror(errno));
        _exit(1);
    }
}

static bool harness_run(unsigned index)
{
    int status;
    pid_t child;

    harness_note[0] = '\0';
    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(HARNESS_TIMEOUT);
        harness_enter();
#ifdef HARNESS_OLD_KERNEL
        become_old_kernel();
#endif
        harness_cases[index].function();
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        status = -1;
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == HARNESS_SKIPPED) {
        printf("ok %u - %s # SKIP %s\n", index + 1, harness_cases[index].name, harness_note);
        return true;
    }
    printf("%sok %u - %s\n", status == 0 ? "" : "not ", index + 1, harness_cases[index].name);
    if (status != 0)
        printf("# status 0x%x: %s\n", (unsigned)status, harness_note);
    return status == 0;
}

static int harness_main(void)
{
    bool good = true;

    harness_note =
        mmap(NULL, HARNESS_NOTE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (harness_note == MAP_FAILED || mkdtemp(harness_scratch) == NULL)
        return 1;
    printf("1..%u\n", harness_count);
    for (unsigned i = 0; i < harness_count; i++)
        good = harness_run(i) && good;
    rmdir(harness_scratch);
    return good ? 0 : 1;
}

#define HARNESS_MAIN           \
    int main(void)             \
    {                          \
        return harness_main(); \
    }

/* Makes @path's directories and the file itself with @text in it; relative to the scratch. */
__attribute__((unused)) static void make_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    CHECK_SAYING(fd >= 0, "%s", path);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

__attribute__((unused)) static void make_directory(const char *path)
{
    CHECK_SAYING(mkdir(path, 0755) == 0, "%s: %s", path, strerror(errno));
}

__attribute__((unused)) static void make_link(const char *target, const char *path)
{
    CHECK_SAYING(symlink(target, path) == 0, "%s: %s", path, strerror(errno));
}

#endif
