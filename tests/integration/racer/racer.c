/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The racer: the hostile side of the attack tests, a static program that runs in a container or
 * beside one and changes things while a runtime looks at them.
 *
 *   racer swap-symlink A B        exchange two names for ever
 *   racer swap-mount SOURCE TARGET  mount and unmount for ever
 *   racer ptrace-all CANARY       look into every process that appears until SIGTERM; report
 *   racer hold STAGE|PROGRAM      seize the first process that appears and is, or is not, the
 * stage, and never let it go: stopped where it is, or ended racer fd-scan                 report
 * this process's descriptors
 *
 * Reports are lines of words, one finding each; the tests judge.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE */
#define FDS_MAX  64

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

static int swap_symlink(const char *a, const char *b)
{
    say_ready();
    while (!stopped)
        syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, EXCHANGE);
    return 0;
}

static int swap_mount(const char *source, const char *target)
{
    say_ready();
    while (!stopped) {
        mount(source, target, NULL, MS_BIND, NULL);
        umount2(target, MNT_DETACH);
    }
    return 0;
}

static int fd_scan(void)
{
    for (int fd = 0; fd < 4096; fd++) {
        char path[64], target[4096];
        struct stat status;
        ssize_t length;

        if (fstat(fd, &status) < 0)
            continue;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        length = readlink(path, target, sizeof(target) - 1);
        target[length > 0 ? length : 0] = '\0';
        printf("fd %d %o %s\n", fd, status.st_mode & S_IFMT, target);
    }
    return 0;
}

/* A file of the host that can be reached from the directory @path says that this is outside. */
static void try_directory(long pid, const char *path, const char *canary)
{
    static const char up[] = "../../../../../../../../../../../../../../../../";
    char target[8192];

    snprintf(target, sizeof(target), "%s%s", path, canary);
    if (access(target, F_OK) == 0)
        printf("outside %ld %s\n", pid, path);
    snprintf(target, sizeof(target), "%s/%s%s", path, up, canary + 1);
    if (access(target, F_OK) == 0)
        printf("outside %ld %s/..\n", pid, path);
}

static void try_descriptors(long pid, const char *canary)
{
    char path[64];
    DIR *stream;

    snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
    stream = opendir(path);
    if (stream == NULL)
        return;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        char name[512], target[4096];
        struct stat status;
        ssize_t length;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        length = readlink(name, target, sizeof(target) - 1);
        target[length > 0 ? length : 0] = '\0';
        if (stat(name, &status) == 0 && S_ISDIR(status.st_mode))
            try_directory(pid, name, canary);
        printf("fd %ld %s %s\n", pid, entry->d_name, target);
    }
    closedir(stream);
}

/* The line of /proc/PID/status that begins with @key. */
static bool read_status(long pid, const char *key, char *out, size_t size)
{
    char path[64], line[256];
    bool found = false;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
        found = strncmp(line, key, strlen(key)) == 0;
        line[strcspn(line, "\n")] = '\0';
        if (found)
            snprintf(out, size, "%s", line + strlen(key));
    }
    if (file != NULL)
        fclose(file);
    return found;
}

/* What it runs; "" when it is at its end and runs nothing, "hidden" when that is not ours to know.
 */
static void read_program(long pid, char *out, size_t size)
{
    char path[64];
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
    length = readlink(path, out, size - 1);
    if (length < 0 && errno != ENOENT && errno != ESRCH)
        snprintf(out, size, "hidden");
    else
        out[length > 0 ? length : 0] = '\0';
}

static void try_memory(long pid)
{
    char path[64], exe[4096], byte;
    int fd;

    snprintf(path, sizeof(path), "/proc/%ld/mem", pid);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    /* who is at its end has no memory any more, which everybody may open: it reads as empty */
    if (pread(fd, &byte, 1, 1) != 0) {
        read_program(pid, exe, sizeof(exe));
        printf("memory %ld %s\n", pid, exe);
    }
    close(fd);
}

/* Stops it where it is, looks closely, lets it go. */
static void try_trace(long pid, const char *canary)
{
    char exe[4096], path[64], capabilities[64] = "gone", bounding[64] = "gone";
    char filter[64] = "gone";

    /* not PTRACE_ATTACH: its SIGSTOP may arrive after we have let it go */
    if (ptrace(PTRACE_SEIZE, (pid_t)pid, 0L, 0L) < 0)
        return;
    ptrace(PTRACE_INTERRUPT, (pid_t)pid, 0L, 0L);
    while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
    read_program(pid, exe, sizeof(exe));
    read_status(pid, "CapPrm:\t", capabilities, sizeof(capabilities));
    read_status(pid, "CapBnd:\t", bounding, sizeof(bounding));
    read_status(pid, "Seccomp:\t", filter, sizeof(filter));
    printf("traced %ld %s %s %s %s\n", pid, capabilities, bounding, filter, exe);
    snprintf(path, sizeof(path), "/proc/%ld/root", pid);
    try_directory(pid, path, canary);
    snprintf(path, sizeof(path), "/proc/%ld/cwd", pid);
    try_directory(pid, path, canary);
    try_descriptors(pid, canary);
    /* one that was killed meanwhile stays until its tracer has taken its status */
    if (ptrace(PTRACE_DETACH, (pid_t)pid, 0L, 0L) < 0)
        waitpid((pid_t)pid, NULL, __WALL);
}

static void look_into(long pid, const char *canary)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%ld/root", pid);
    try_directory(pid, path, canary);
    snprintf(path, sizeof(path), "/proc/%ld/cwd", pid);
    try_directory(pid, path, canary);
    try_memory(pid);
    try_trace(pid, canary);
}

/*
 * Pids are given out in a row, so the next ones are known: they are tried before they are there.
 */
static int ptrace_all(const char *canary)
{
    long self = getpid(), next = self + 1;

    say_ready();
    while (!stopped) {
        for (long pid = next; pid < next + 24; pid++) {
            if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
                continue;
            look_into(pid, canary);
            next = pid + 1;
            break;
        }
    }
    puts("end");
    return 0;
}

static bool is_stage(long pid)
{
    char exe[4096];

    read_program(pid, exe, sizeof(exe));
    return strstr(exe, "stage") != NULL;
}

static int hold(bool stage)
{
    long next = getpid() + 1, pid;

    say_ready();
    for (pid = next; !stopped; pid = pid < next + 24 ? pid + 1 : next) {
        if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
            continue;
        next = pid + 1;
        if (ptrace(PTRACE_SEIZE, (pid_t)pid, 0L, 0L) < 0)
            continue;
        if (stage)
            ptrace(PTRACE_INTERRUPT, (pid_t)pid, 0L, 0L);
        while (!stage && is_stage(pid))
            ;
        if (is_stage(pid) == stage)
            break;
        ptrace(PTRACE_DETACH, (pid_t)pid, 0L, 0L);
    }
    printf("held %ld\n", pid);
    fflush(stdout);
    while (!stopped)
        pause();
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    signal(SIGTERM, stop);
    if (strcmp(mode, "swap-symlink") == 0 && argc == 4)
        return swap_symlink(argv[2], argv[3]);
    if (strcmp(mode, "swap-mount") == 0 && argc == 4)
        return swap_mount(argv[2], argv[3]);
    if (strcmp(mode, "ptrace-all") == 0 && argc == 3)
        return ptrace_all(argv[2]);
    if (strcmp(mode, "hold") == 0 && argc == 3)
        return hold(strcmp(argv[2], "STAGE") == 0);
    if (strcmp(mode, "fd-scan") == 0)
        return fd_scan();
    fprintf(stderr, "racer: what?\n");
    return 2;
}
