/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the probe can say about its own process; each fact is one row of the table at the end. */
#include "probe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include "json.h"

extern char **environ;

/* Set by main, which is handed them. */
extern int probe_argc;
extern char **probe_argv;

#define BIG (1024 * 1024)

long read_file(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return -errno;
    }
    size_t length = 0;
    while (length < size - 1) {
        ssize_t got = read(fd, buffer + length, size - 1 - length);
        if (got < 0) {
            int error = errno;
            close(fd);
            return -error;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
    }
    close(fd);
    buffer[length] = '\0';
    return (long)length;
}

static char text[BIG];

/* The file's lines as an array of strings, null when it cannot be read. */
static void put_lines(const char *path)
{
    if (read_file(path, text, sizeof(text)) < 0) {
        json_null();
        return;
    }
    json_begin('[');
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (*line) {
            json_string(line);
        }
    }
    json_end(']');
}

static void put_trimmed(const char *path)
{
    long length = read_file(path, text, sizeof(text));
    if (length < 0) {
        json_null();
        return;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        length--;
    }
    json_bytes(text, (size_t)length);
}

static void fact_ids(void)
{
    uid_t uids[3];
    gid_t gids[3];
    getresuid(&uids[0], &uids[1], &uids[2]);
    getresgid(&gids[0], &gids[1], &gids[2]);
    json_begin('{');
    json_key("uid");
    json_begin('[');
    for (int i = 0; i < 3; i++) {
        json_unsigned(uids[i]);
    }
    json_end(']');
    json_key("gid");
    json_begin('[');
    for (int i = 0; i < 3; i++) {
        json_unsigned(gids[i]);
    }
    json_end(']');
    json_end('}');
}

static void fact_groups(void)
{
    static gid_t groups[65536];
    int count = getgroups(65536, groups);
    json_begin('[');
    for (int i = 0; i < count; i++) {
        json_unsigned(groups[i]);
    }
    json_end(']');
}

static void put_capability_set(const char *name, unsigned long long set)
{
    char hexadecimal[32];
    snprintf(hexadecimal, sizeof(hexadecimal), "%llx", set);
    json_put_string(name, hexadecimal);
}

static void fact_caps(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    unsigned long long bounding = 0, ambient = 0;
    syscall(SYS_capget, &header, data);
    for (int cap = 0; cap < 64; cap++) {
        bounding |= (unsigned long long)(prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1) << cap;
        ambient |=
            (unsigned long long)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
            << cap;
    }
    json_begin('{');
    put_capability_set("effective",
                       data[0].effective | (unsigned long long)data[1].effective << 32);
    put_capability_set("permitted",
                       data[0].permitted | (unsigned long long)data[1].permitted << 32);
    put_capability_set("inheritable",
                       data[0].inheritable | (unsigned long long)data[1].inheritable << 32);
    put_capability_set("bounding", bounding);
    put_capability_set("ambient", ambient);
    json_end('}');
}

static void fact_umask(void)
{
    json_integer(umask(0));
}

static void fact_rlimits(void)
{
    static const char *const names[] = {
        [RLIMIT_CPU] = "RLIMIT_CPU",           [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
        [RLIMIT_DATA] = "RLIMIT_DATA",         [RLIMIT_STACK] = "RLIMIT_STACK",
        [RLIMIT_CORE] = "RLIMIT_CORE",         [RLIMIT_RSS] = "RLIMIT_RSS",
        [RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
        [RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
        [RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
        [RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
        [RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
    };
    json_begin('{');
    for (unsigned int which = 0; which < sizeof(names) / sizeof(names[0]); which++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)which, &limit) < 0) {
            continue;
        }
        json_key(names[which]);
        json_begin('[');
        json_unsigned(limit.rlim_cur);
        json_unsigned(limit.rlim_max);
        json_end(']');
    }
    json_end('}');
}

static void fact_namespaces(void)
{
    static const char *const names[] = {
        "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts", "pid_for_children"};
    json_begin('{');
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[64], target[64];
        snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
        ssize_t length = readlink(path, target, sizeof(target));
        json_key(names[i]);
        if (length < 0) {
            json_null();
        } else {
            json_bytes(target, (size_t)length);
        }
    }
    json_end('}');
}

static void fact_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) {
        json_null();
        return;
    }
    json_begin('{');
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory)) {
            continue;
        }
        char target[4096];
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target));
        json_key(entry->d_name);
        json_bytes(target, length < 0 ? 0 : (size_t)length);
    }
    json_end('}');
    closedir(directory);
}

static void fact_environment(void)
{
    json_begin('[');
    for (char **entry = environ; *entry; entry++) {
        json_string(*entry);
    }
    json_end(']');
}

static void fact_argv(void)
{
    json_begin('[');
    for (int i = 0; i < probe_argc; i++) {
        json_string(probe_argv[i]);
    }
    json_end(']');
}

static void fact_cwd(void)
{
    char path[4096];
    if (syscall(SYS_getcwd, path, sizeof(path)) < 0) {
        json_null();
    } else {
        json_string(path);
    }
}

static void fact_uts(void)
{
    struct utsname names;
    uname(&names);
    json_begin('{');
    json_put_string("hostname", names.nodename);
    json_put_string("domainname", names.domainname);
    json_put_string("machine", names.machine);
    json_end('}');
}

static void fact_process(void)
{
    json_begin('{');
    json_put_integer("pid", getpid());
    json_put_integer("ppid", getppid());
    json_put_integer("pgid", getpgrp());
    json_put_integer("sid", getsid(0));
    json_put_integer("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    json_put_integer("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    json_put_integer("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    json_put_integer("personality", personality(0xffffffff));
    json_put_integer("ioprio", syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
    int death_signal = -1;
    prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
    json_put_integer("death_signal", death_signal);
    json_put_integer("subreaper",
                     prctl(PR_GET_CHILD_SUBREAPER, &death_signal, 0, 0, 0) < 0 ? -1 : death_signal);
    json_end('}');
}

/* struct sched_attr of the kernel, which this libc does not declare. */
struct schedule {
    unsigned int size, policy;
    unsigned long long flags;
    int nice;
    unsigned int priority;
    unsigned long long runtime, deadline, period;
};

static void fact_scheduler(void)
{
    struct schedule schedule = {0};
    if (syscall(SYS_sched_getattr, 0, &schedule, sizeof(schedule), 0) < 0) {
        json_null();
        return;
    }
    json_begin('{');
    json_put_integer("policy", schedule.policy);
    json_put_integer("nice", schedule.nice);
    json_put_integer("priority", schedule.priority);
    json_put_integer("flags", (long long)schedule.flags);
    json_put_integer("runtime", (long long)schedule.runtime);
    json_put_integer("deadline", (long long)schedule.deadline);
    json_put_integer("period", (long long)schedule.period);
    json_end('}');
}

static void fact_affinity(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set);
    json_begin('[');
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            json_integer(cpu);
        }
    }
    json_end(']');
}

static void fact_mempolicy(void)
{
    int mode = -1;
    unsigned long nodes[16] = {0};
    long result = syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0);
    json_begin('{');
    json_put_integer("result", result);
    json_put_integer("mode", mode);
    json_put_integer("nodes", (long long)nodes[0]);
    json_end('}');
}

static void fact_keyring(void)
{
    char description[256] = "";
    long serial = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    json_begin('{');
    json_put_integer("serial", serial);
    if (serial > 0) {
        syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, description, sizeof(description) - 1);
    }
    json_put_string("description", description);
    json_end('}');
}

static void fact_terminal(void)
{
    json_begin('{');
    for (int fd = 0; fd < 3; fd++) {
        char name[8], target[256];
        snprintf(name, sizeof(name), "%d", fd);
        json_key(name);
        json_begin('{');
        json_put_bool("isatty", isatty(fd) == 1);
        json_put_string("ttyname", ttyname_r(fd, target, sizeof(target)) == 0 ? target : "");
        struct winsize size = {0};
        ioctl(fd, TIOCGWINSZ, &size);
        json_put_integer("rows", size.ws_row);
        json_put_integer("columns", size.ws_col);
        struct termios settings = {0};
        if (tcgetattr(fd, &settings) == 0) {
            json_put_bool("onlcr", settings.c_oflag & ONLCR);
        }
        struct stat status = {0};
        fstat(fd, &status);
        json_put_integer("uid", status.st_uid);
        json_put_integer("gid", status.st_gid);
        json_put_integer("mode", status.st_mode & 07777);
        json_put_integer("rdev", (long long)status.st_rdev);
        json_end('}');
    }
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    json_put_bool("controlling", fd >= 0);
    if (fd >= 0) {
        close(fd);
    }
    json_end('}');
}

static void fact_status(void)
{
    if (read_file("/proc/self/status", text, sizeof(text)) < 0) {
        json_null();
        return;
    }
    json_begin('{');
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *value = strchr(line, ':');
        if (!value) {
            continue;
        }
        *value++ = '\0';
        value += strspn(value, " \t");
        json_put_string(line, value);
    }
    json_end('}');
}

static void fact_mountinfo(void)
{
    put_lines("/proc/self/mountinfo");
}

static void fact_cgroup(void)
{
    put_lines("/proc/self/cgroup");
}

static void fact_uid_map(void)
{
    put_lines("/proc/self/uid_map");
}

static void fact_gid_map(void)
{
    put_lines("/proc/self/gid_map");
}

static void fact_timens(void)
{
    put_lines("/proc/self/timens_offsets");
}

static void fact_setgroups(void)
{
    put_trimmed("/proc/self/setgroups");
}

static void fact_oom_score_adj(void)
{
    put_trimmed("/proc/self/oom_score_adj");
}

static void fact_exe(void)
{
    char target[4096];
    ssize_t length = readlink("/proc/self/exe", target, sizeof(target));
    json_bytes(target, length < 0 ? 0 : (size_t)length);
}

static const struct {
    const char *name;
    void (*print)(void);
} facts[] = {
    {"affinity", fact_affinity},
    {"argv", fact_argv},
    {"caps", fact_caps},
    {"cgroup", fact_cgroup},
    {"cwd", fact_cwd},
    {"env", fact_environment},
    {"exe", fact_exe},
    {"fds", fact_fds},
    {"gid_map", fact_gid_map},
    {"groups", fact_groups},
    {"ids", fact_ids},
    {"keyring", fact_keyring},
    {"mempolicy", fact_mempolicy},
    {"mountinfo", fact_mountinfo},
    {"namespaces", fact_namespaces},
    {"oom_score_adj", fact_oom_score_adj},
    {"process", fact_process},
    {"rlimits", fact_rlimits},
    {"scheduler", fact_scheduler},
    {"setgroups", fact_setgroups},
    {"status", fact_status},
    {"terminal", fact_terminal},
    {"timens", fact_timens},
    {"uid_map", fact_uid_map},
    {"umask", fact_umask},
    {"uts", fact_uts},
};

int facts_print(int count, char **names)
{
    int found = 0;
    json_begin('{');
    for (size_t row = 0; row < sizeof(facts) / sizeof(facts[0]); row++) {
        int wanted = count == 0;
        for (int i = 0; i < count; i++) {
            wanted |= strcmp(names[i], facts[row].name) == 0;
        }
        if (wanted) {
            json_key(facts[row].name);
            facts[row].print();
            found++;
        }
    }
    json_end('}');
    json_finish();
    return found == 0 || (count > 0 && found != count);
}
