/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single operations the probe can try; each reports ok, the errno's name, and what it got. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "json.h"

#define ARGUMENTS_MAX 8

/* An action returns a value of 0 or more, or -1 with errno set; it may print a "value" itself. */
struct action {
    const char *name;
    int arguments; /* how many it needs at least */
    long (*run)(int count, char **words);
};

static long number(const char *word)
{
    return (long)strtoull(word, NULL, 0);
}

static long try_open(int count, char **words)
{
    int flags = O_RDONLY;
    if (count > 1) {
        flags = strcmp(words[1], "w") == 0    ? O_WRONLY
                : strcmp(words[1], "rw") == 0 ? O_RDWR
                                              : O_RDONLY;
    }
    int fd = open(words[0], flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return -1;
}

static long try_read(int count, char **words)
{
    (void)count;
    static char text[256 * 1024];
    long length = read_file(words[0], text, sizeof(text));
    if (length < 0) {
        errno = (int)-length;
        return -1;
    }
    json_key("value");
    json_bytes(text, (size_t)length);
    return 0;
}

static long try_write(int count, char **words)
{
    (void)count;
    int fd = open(words[0], O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return -1;
    }
    ssize_t written = write(fd, words[1], strlen(words[1]));
    int error = errno;
    close(fd);
    errno = error;
    return written < 0 ? -1 : 0;
}

static long try_create(int count, char **words)
{
    int fd = open(words[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return -1;
    }
    if (count > 1 && write(fd, words[1], strlen(words[1])) < 0) {
        close(fd);
        return -1;
    }
    close(fd);
    return 0;
}

static long try_mkdir(int count, char **words)
{
    (void)count;
    return mkdir(words[0], 0777);
}

static long try_unlink(int count, char **words)
{
    (void)count;
    return unlink(words[0]);
}

static long try_symlink(int count, char **words)
{
    (void)count;
    return symlink(words[0], words[1]);
}

static long try_chown(int count, char **words)
{
    (void)count;
    return chown(words[0], (uid_t)number(words[1]), (gid_t)number(words[2]));
}

static long try_mknod(int count, char **words)
{
    mode_t type = words[1][0] == 'c' ? S_IFCHR : words[1][0] == 'b' ? S_IFBLK : S_IFIFO;
    dev_t device =
        count > 3 ? makedev((unsigned int)number(words[2]), (unsigned int)number(words[3])) : 0;
    return mknod(words[0], type | 0600, device);
}

static long put_stat(const struct stat *status)
{
    json_key("value");
    json_begin('{');
    const char *type = S_ISDIR(status->st_mode)    ? "directory"
                       : S_ISREG(status->st_mode)  ? "file"
                       : S_ISCHR(status->st_mode)  ? "character"
                       : S_ISBLK(status->st_mode)  ? "block"
                       : S_ISFIFO(status->st_mode) ? "fifo"
                       : S_ISLNK(status->st_mode)  ? "symlink"
                                                   : "socket";
    json_put_string("type", type);
    json_put_integer("mode", status->st_mode & 07777);
    json_put_integer("uid", status->st_uid);
    json_put_integer("gid", status->st_gid);
    json_put_integer("major", major(status->st_rdev));
    json_put_integer("minor", minor(status->st_rdev));
    json_put_integer("size", status->st_size);
    json_put_integer("inode", (long long)status->st_ino);
    json_put_integer("device", (long long)status->st_dev);
    json_end('}');
    return 0;
}

static long try_stat(int count, char **words)
{
    (void)count;
    struct stat status;
    return stat(words[0], &status) < 0 ? -1 : put_stat(&status);
}

static long try_lstat(int count, char **words)
{
    (void)count;
    struct stat status;
    return lstat(words[0], &status) < 0 ? -1 : put_stat(&status);
}

static long try_statfs(int count, char **words)
{
    (void)count;
    struct statfs status;
    if (statfs(words[0], &status) < 0) {
        return -1;
    }
    json_key("value");
    json_begin('{');
    json_put_integer("type", status.f_type);
    json_put_integer("flags", status.f_flags);
    json_put_integer("bytes", (long long)status.f_blocks * status.f_bsize);
    json_end('}');
    return 0;
}

static long try_readlink(int count, char **words)
{
    (void)count;
    char target[4096];
    ssize_t length = readlink(words[0], target, sizeof(target));
    if (length < 0) {
        return -1;
    }
    json_key("value");
    json_bytes(target, (size_t)length);
    return 0;
}

static long try_list(int count, char **words)
{
    (void)count;
    DIR *directory = opendir(words[0]);
    if (!directory) {
        return -1;
    }
    json_key("value");
    json_begin('[');
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            json_string(entry->d_name);
        }
    }
    json_end(']');
    closedir(directory);
    return 0;
}

/* mount SOURCE TARGET TYPE FLAGS DATA; "-" stands for none. */
static long try_mount(int count, char **words)
{
    const char *given[5] = {NULL};
    for (int i = 0; i < count && i < 5; i++) {
        given[i] = strcmp(words[i], "-") == 0 ? NULL : words[i];
    }
    return mount(given[0], given[1], given[2], given[3] ? (unsigned long)number(given[3]) : 0,
                 given[4]);
}

static long try_umount(int count, char **words)
{
    (void)count;
    return umount2(words[0], MNT_DETACH);
}

/* A system call by number with numeric arguments: reports its result as the value. */
static long try_syscall(int count, char **words)
{
    long given[7] = {0};
    for (int i = 0; i < count && i < 7; i++) {
        given[i] = number(words[i]);
    }
    long result = syscall(given[0], given[1], given[2], given[3], given[4], given[5], given[6]);
    if (result < 0) {
        return -1;
    }
    json_put_integer("value", result);
    return 0;
}

/* A system call in a child: the value is what became of it, "exit 0" or "signal 31". */
static long try_childcall(int count, char **words)
{
    pid_t pid = fork();
    if (pid < 0) {
        return -1;
    }
    if (pid == 0) {
        long given[7] = {0};
        for (int i = 0; i < count && i < 7; i++) {
            given[i] = number(words[i]);
        }
        syscall(given[0], given[1], given[2], given[3], given[4], given[5], given[6]);
        _exit(0);
    }
    int status;
    char outcome[32];
    waitpid(pid, &status, 0);
    snprintf(outcome, sizeof(outcome), WIFSIGNALED(status) ? "signal %d" : "exit %d",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    json_put_string("value", outcome);
    return 0;
}

/* A datagram, as sd_notify(3) sends it. */
static long try_send(int count, char **words)
{
    (void)count;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, words[0], sizeof(address.sun_path) - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    long result =
        sendto(fd, words[1], strlen(words[1]), 0, (struct sockaddr *)&address, sizeof(address));
    int error = errno;
    close(fd);
    errno = error;
    return result < 0 ? -1 : 0;
}

static long try_connect(int count, char **words)
{
    (void)count;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, words[0], sizeof(address.sun_path) - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    long result = connect(fd, (struct sockaddr *)&address, sizeof(address));
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static long try_socket(int count, char **words)
{
    (void)count;
    int fd =
        socket((int)number(words[0]), (int)number(words[1]) | SOCK_CLOEXEC, (int)number(words[2]));
    if (fd < 0) {
        return -1;
    }
    close(fd);
    return 0;
}

static long try_setgroups(int count, char **words)
{
    gid_t groups[ARGUMENTS_MAX];
    for (int i = 0; i < count && i < ARGUMENTS_MAX; i++) {
        groups[i] = (gid_t)number(words[i]);
    }
    return setgroups((size_t)count, groups);
}

static long try_setuid(int count, char **words)
{
    (void)count;
    return setuid((uid_t)number(words[0]));
}

static long try_sethostname(int count, char **words)
{
    (void)count;
    return sethostname(words[0], strlen(words[0]));
}

static long try_unshare(int count, char **words)
{
    (void)count;
    return unshare((int)number(words[0]));
}

/* Sets up to N children going and reports how many the kernel allowed; all are gone afterwards. */
static long try_fork(int count, char **words)
{
    (void)count;
    long wanted = number(words[0]), made = 0;
    int error = 0, gate[2];
    if (pipe(gate) < 0) {
        return -1;
    }
    while (made < wanted) {
        pid_t pid = fork();
        if (pid == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) < 0);
        }
        if (pid < 0) {
            error = errno;
            break;
        }
        made++;
    }
    close(gate[0]);
    close(gate[1]);
    while (wait(NULL) > 0) {
    }
    json_put_integer("value", made);
    errno = error;
    return error ? -1 : 0;
}

/* Touches N bytes of memory. */
static long try_memory(int count, char **words)
{
    (void)count;
    size_t size = (size_t)number(words[0]);
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return -1;
    }
    for (size_t at = 0; at < size; at += 4096) {
        memory[at] = 1;
    }
    munmap(memory, size);
    return 0;
}

static long try_tiocsti(int count, char **words)
{
    (void)count;
    int fd = open(words[0], O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return -1;
    }
    long result = ioctl(fd, TIOCSTI, "x");
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static long try_getxattr(int count, char **words)
{
    (void)count;
    char value[256];
    ssize_t length = getxattr(words[0], words[1], value, sizeof(value));
    if (length < 0) {
        return -1;
    }
    json_key("value");
    json_bytes(value, (size_t)length);
    return 0;
}

static long try_kill(int count, char **words)
{
    (void)count;
    return kill((pid_t)number(words[0]), (int)number(words[1]));
}

/* The clock's seconds, for the offsets of a time namespace. */
static long try_clock(int count, char **words)
{
    (void)count;
    struct timespec now;
    if (syscall(SYS_clock_gettime, number(words[0]), &now) < 0) {
        return -1;
    }
    json_put_integer("value", now.tv_sec);
    return 0;
}

/* clang-format off */
static const struct action actions[] = {
    {"chown", 3, try_chown},
    {"childcall", 1, try_childcall},
    {"clock", 1, try_clock},
    {"connect", 1, try_connect},
    {"create", 1, try_create},
    {"fork", 1, try_fork},
    {"getxattr", 2, try_getxattr},
    {"kill", 2, try_kill},
    {"list", 1, try_list},
    {"lstat", 1, try_lstat},
    {"memory", 1, try_memory},
    {"mkdir", 1, try_mkdir},
    {"mknod", 2, try_mknod},
    {"mount", 2, try_mount},
    {"open", 1, try_open},
    {"read", 1, try_read},
    {"readlink", 1, try_readlink},
    {"send", 2, try_send},
    {"setgroups", 0, try_setgroups},
    {"sethostname", 1, try_sethostname},
    {"setuid", 1, try_setuid},
    {"socket", 3, try_socket},
    {"stat", 1, try_stat},
    {"statfs", 1, try_statfs},
    {"symlink", 2, try_symlink},
    {"syscall", 1, try_syscall},
    {"tiocsti", 1, try_tiocsti},
    {"umount", 1, try_umount},
    {"unlink", 1, try_unlink},
    {"unshare", 1, try_unshare},
    {"write", 2, try_write},
};
/* clang-format on */

static int run_action(int count, char **words)
{
    for (size_t row = 0; row < sizeof(actions) / sizeof(actions[0]); row++) {
        if (strcmp(words[0], actions[row].name) != 0 || count - 1 < actions[row].arguments) {
            continue;
        }
        json_begin('{');
        json_put_string("action", words[0]);
        errno = 0;
        long result = actions[row].run(count - 1, words + 1);
        int error = errno;
        json_put_bool("ok", result >= 0);
        json_put_string("errno", result < 0 ? strerrorname_np(error) ?: "?" : "");
        json_end('}');
        return 0;
    }
    fprintf(stderr, "probe: no action \"%s\" with %d arguments\n", words[0], count - 1);
    return 2;
}

int actions_print(int count, char **words)
{
    int failed = count == 0 ? 2 : 0;
    json_begin('[');
    for (int first = 0; first < count && !failed;) {
        int last = first;
        while (last < count && strcmp(words[last], ",") != 0) {
            last++;
        }
        if (last > first) {
            failed = run_action(last - first, words + first);
        }
        first = last + 1;
    }
    json_end(']');
    json_finish();
    return failed;
}
