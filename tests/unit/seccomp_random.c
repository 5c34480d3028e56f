/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random seccomp profiles and one as engines ship them; see the header. */
#include "seccomp_random.h"

#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

uint32_t random_below(struct random_source *source, uint32_t limit)
{
    /* xorshift64*: good enough, and the same everywhere */
    source->state ^= source->state >> 12;
    source->state ^= source->state << 25;
    source->state ^= source->state >> 27;
    return (uint32_t)((source->state * 0x2545F4914F6CDD1DULL) >> 33) % limit;
}

uint64_t random_value(struct random_source *source)
{
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      9,
                                      16,
                                      0x7e020000,
                                      0x7fffffff,
                                      0x80000000,
                                      UINT32_MAX - 1,
                                      UINT32_MAX,
                                      0x100000000,
                                      0x100000001,
                                      0x200000009,
                                      0x7fffffffffffffff,
                                      0x8000000000000000,
                                      UINT64_MAX - 1,
                                      UINT64_MAX,
                                      0xffffffff00000000};

    return values[random_below(source, ARRAY_SIZE(values))];
}

static const char *random_name(struct random_source *source)
{
    static const char *const names[] = {"read",       "open",
                                        "close",      "stat",
                                        "fstat",      "lstat",
                                        "poll",       "lseek",
                                        "mmap",       "mmap2",
                                        "mprotect",   "ioctl",
                                        "clone",      "fork",
                                        "vfork",      "execve",
                                        "exit",       "personality",
                                        "socket",     "connect",
                                        "accept",     "accept4",
                                        "send",       "sendto",
                                        "recvmmsg",   "socketcall",
                                        "ipc",        "shmat",
                                        "shmget",     "semtimedop",
                                        "semop",      "waitpid",
                                        "clone3",     "futex_waitv",
                                        "openat2",    "epoll_pwait2",
                                        "stat64",     "fcntl64",
                                        "umount",     "umount2",
                                        "arch_prctl", "rt_sigaction",
                                        "cacheflush", "set_tls",
                                        "no_such",    "process_mrelease",
                                        "readv",      "writev"};

    return names[random_below(source, ARRAY_SIZE(names))];
}

static enum oci_seccomp_action random_action(struct random_source *source, bool as_default)
{
    static const enum oci_seccomp_action actions[] = {
        OCI_SECCOMP_ERRNO,        OCI_SECCOMP_ALLOW, OCI_SECCOMP_KILL,
        OCI_SECCOMP_TRAP,         OCI_SECCOMP_LOG,   OCI_SECCOMP_KILL_THREAD,
        OCI_SECCOMP_KILL_PROCESS, OCI_SECCOMP_TRACE, OCI_SECCOMP_NOTIFY};

    return actions[random_below(source, ARRAY_SIZE(actions) - as_default)];
}

static void fill_archs(struct random_source *source, const struct random_shape *shape,
                       struct oci_arena *arena, struct oci_linux_seccomp *profile)
{
    static const enum oci_seccomp_arch archs[] = {
        OCI_ARCH_X86_64,  OCI_ARCH_X86,      OCI_ARCH_X32,        OCI_ARCH_X86,
        OCI_ARCH_AARCH64, OCI_ARCH_ARM,      OCI_ARCH_RISCV64,    OCI_ARCH_MIPSEL,
        OCI_ARCH_PPC64LE, OCI_ARCH_MIPSEL64, OCI_ARCH_MIPSEL64N32};
    uint32_t known = shape->foreign_archs ? ARRAY_SIZE(archs) : 4;

    profile->architectures_count = random_below(source, 4);
    profile->architectures = oci_arena_alloc_array(arena, 4, sizeof(*profile->architectures));
    for (size_t i = 0; i < profile->architectures_count; i++)
        profile->architectures[i] = archs[random_below(source, known)];
}

static enum oci_seccomp_operator random_operator(struct random_source *source,
                                                 enum random_conditions conditions)
{
    static const enum oci_seccomp_operator operators[] = {
        OCI_SECCOMP_EQ, OCI_SECCOMP_MASKED_EQ, OCI_SECCOMP_NE, OCI_SECCOMP_LT,
        OCI_SECCOMP_LE, OCI_SECCOMP_GE,        OCI_SECCOMP_GT};

    return operators[random_below(source,
                                  conditions == CONDITIONS_EQUAL ? 2 : ARRAY_SIZE(operators))];
}

static void fill_args(struct random_source *source, const struct random_shape *shape,
                      struct oci_arena *arena, struct oci_linux_seccomp_syscall *rule)
{
    rule->args_count = 1 + random_below(source, 3);
    rule->args = oci_arena_alloc_array(arena, rule->args_count, sizeof(*rule->args));
    for (size_t i = 0; i < rule->args_count; i++)
        rule->args[i] = (struct oci_linux_seccomp_arg){
            .index = shape->conditions == CONDITIONS_ALONE
                         ? 2 * (uint32_t)i + random_below(source, 2)
                         : random_below(source, random_below(source, 4) == 0 ? 6 : 3),
            .value = random_value(source),
            .value_two = random_value(source),
            .op = random_operator(source, shape->conditions)};
}

static bool is_named(const struct oci_linux_seccomp *profile, const char *name)
{
    for (size_t i = 0; i < profile->syscalls_count; i++)
        for (size_t j = 0; j < profile->syscalls[i].names.count; j++)
            if (strcmp(profile->syscalls[i].names.items[j], name) == 0)
                return true;
    return false;
}

static void fill_rule(struct random_source *source, const struct random_shape *shape,
                      const struct oci_linux_seccomp *profile, struct oci_arena *arena,
                      enum oci_seccomp_action action, struct oci_linux_seccomp_syscall *rule)
{
    uint32_t wanted = 1 + random_below(source, shape->names_max);

    rule->action = action;
    if (action == OCI_SECCOMP_ERRNO || action == OCI_SECCOMP_TRACE)
        rule->errno_ret =
            (struct oci_optional_u32){random_below(source, 2) != 0, 1 + random_below(source, 3)};
    rule->names.items = oci_arena_alloc_array(arena, wanted + 1, sizeof(char *));
    rule->names.set = true;
    for (uint32_t i = 0; i < wanted; i++) {
        const char *name = random_name(source);

        if (shape->conditions != CONDITIONS_ALONE ||
            (!is_named(profile, name) && strcmp(name, "ipc") != 0 &&
             strcmp(name, "socketcall") != 0))
            rule->names.items[rule->names.count++] = name;
    }
    if (random_below(source, 2) == 0)
        fill_args(source, shape, arena, rule);
}

struct oci_linux_seccomp *random_profile(struct random_source *source,
                                         const struct random_shape *shape, struct oci_arena *arena)
{
    struct oci_linux_seccomp *profile = oci_arena_new(arena, struct oci_linux_seccomp);
    enum oci_seccomp_action action = random_action(source, false);

    profile->default_action = random_action(source, true);
    if (profile->default_action == OCI_SECCOMP_ERRNO)
        profile->default_errno_ret =
            (struct oci_optional_u32){random_below(source, 2) != 0, 1 + random_below(source, 38)};
    profile->listener_path = "/run/agent.sock";
    fill_archs(source, shape, arena, profile);
    profile->syscalls_count = random_below(source, shape->rules_max + 1);
    profile->syscalls =
        oci_arena_alloc_array(arena, shape->rules_max + 1, sizeof(*profile->syscalls));
    for (size_t i = 0, count = profile->syscalls_count; i < count; i++) {
        profile->syscalls_count = i;
        fill_rule(source, shape, profile, arena,
                  shape->mixed_actions || random_below(source, 8) == 0
                      ? random_action(source, false)
                      : action,
                  &profile->syscalls[i]);
        profile->syscalls_count = i + 1;
    }
    return profile;
}

static bool is_denied(const char *name)
{
    static const char *const denied[] = {"acct",
                                         "add_key",
                                         "bpf",
                                         "create_module",
                                         "delete_module",
                                         "finit_module",
                                         "fsconfig",
                                         "fsmount",
                                         "fsopen",
                                         "fspick",
                                         "get_mempolicy",
                                         "init_module",
                                         "ioperm",
                                         "iopl",
                                         "kcmp",
                                         "kexec_load",
                                         "keyctl",
                                         "mbind",
                                         "migrate_pages",
                                         "mount",
                                         "move_mount",
                                         "move_pages",
                                         "nfsservctl",
                                         "open_tree",
                                         "perf_event_open",
                                         "pivot_root",
                                         "query_module",
                                         "quotactl",
                                         "reboot",
                                         "request_key",
                                         "set_mempolicy",
                                         "setns",
                                         "settimeofday",
                                         "stime",
                                         "swapoff",
                                         "swapon",
                                         "_sysctl",
                                         "sysfs",
                                         "syslog",
                                         "umount",
                                         "umount2",
                                         "unshare",
                                         "uselib",
                                         "userfaultfd",
                                         "ustat",
                                         "vhangup",
                                         "vm86",
                                         "vm86old",
                                         "clock_settime",
                                         "personality",
                                         "clone",
                                         "clone3",
                                         "socket",
                                         "ptrace",
                                         "io_uring_setup",
                                         "io_uring_enter",
                                         "io_uring_register",
                                         "break",
                                         "ftime",
                                         "gtty",
                                         "lock",
                                         "mpx",
                                         "prof",
                                         "profil",
                                         "stty",
                                         "ulimit",
                                         "vserver",
                                         "bdflush"};

    for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
        if (strcmp(name, denied[i]) == 0)
            return true;
    return false;
}

static size_t list_names(uint32_t token, struct oci_arena *arena, const char **names, size_t count)
{
    for (int number = 0; number < 470; number++) {
        char *name = seccomp_syscall_resolve_num_arch(token, number);
        size_t i = 0;

        if (name == NULL)
            continue;
        while (i < count && strcmp(names[i], name) != 0)
            i++;
        if (i == count && !is_denied(name))
            names[count++] = oci_arena_strdup(arena, name);
        free(name);
    }
    return count;
}

static void add_rule(struct oci_linux_seccomp *profile, const char **names, size_t count,
                     const struct oci_linux_seccomp_arg *args, size_t args_count,
                     struct oci_arena *arena)
{
    struct oci_linux_seccomp_syscall *rule = &profile->syscalls[profile->syscalls_count++];

    rule->action = OCI_SECCOMP_ALLOW;
    rule->names = (struct oci_strings){names, count, true};
    rule->args = args_count == 0 ? NULL : oci_arena_alloc_array(arena, args_count, sizeof(*args));
    if (args_count > 0)
        memcpy(rule->args, args, args_count * sizeof(*args));
    rule->args_count = args_count;
}

struct oci_linux_seccomp *engine_profile(struct oci_arena *arena, size_t *ret_allowed)
{
    static const char *refused[] = {"mount", "setns", "bpf", "swapon", NULL};
    static const char *personality[] = {"personality", NULL};
    static const char *clone[] = {"clone", NULL};
    static const char *clone3[] = {"clone3", NULL};
    static const char *socket[] = {"socket", NULL};
    static const uint64_t personalities[] = {0, 8, 0x20000, 0x20008, 0xffffffff};
    struct oci_linux_seccomp *profile = oci_arena_new(arena, struct oci_linux_seccomp);
    const char **names = oci_arena_alloc_array(arena, 1000, sizeof(*names));
    size_t count = list_names(SCMP_ARCH_NATIVE, arena, names, 0);

    profile->default_action = OCI_SECCOMP_ERRNO;
    profile->default_errno_ret = (struct oci_optional_u32){true, 38};
    profile->syscalls = oci_arena_alloc_array(arena, 16, sizeof(*profile->syscalls));
    if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
        count = list_names(SCMP_ARCH_X86, arena, names, count);
        profile->architectures = oci_arena_alloc_array(arena, 3, sizeof(*profile->architectures));
        profile->architectures[profile->architectures_count++] = OCI_ARCH_X86_64;
        profile->architectures[profile->architectures_count++] = OCI_ARCH_X86;
        profile->architectures[profile->architectures_count++] = OCI_ARCH_X32;
    }
    *ret_allowed = count;
    add_rule(profile, refused, 4, NULL, 0, arena);
    profile->syscalls[0].action = OCI_SECCOMP_ERRNO;
    add_rule(profile, names, count, NULL, 0, arena);
    for (size_t i = 0; i < ARRAY_SIZE(personalities); i++)
        add_rule(profile, personality, 1,
                 &(struct oci_linux_seccomp_arg){
                     .index = 0, .value = personalities[i], .op = OCI_SECCOMP_EQ},
                 1, arena);
    add_rule(profile, clone, 1,
             &(struct oci_linux_seccomp_arg){
                 .index = 0, .value = 0x7e020000, .op = OCI_SECCOMP_MASKED_EQ},
             1, arena);
    add_rule(profile, clone3, 1, NULL, 0, arena);
    profile->syscalls[profile->syscalls_count - 1].action = OCI_SECCOMP_ERRNO;
    profile->syscalls[profile->syscalls_count - 1].errno_ret = (struct oci_optional_u32){true, 38};
    add_rule(profile, socket, 1,
             (struct oci_linux_seccomp_arg[]){{.index = 0, .value = 16, .op = OCI_SECCOMP_EQ},
                                              {.index = 2, .value = 9, .op = OCI_SECCOMP_NE}},
             2, arena);
    add_rule(profile, socket, 1,
             &(struct oci_linux_seccomp_arg){.index = 2, .value = 9, .op = OCI_SECCOMP_NE}, 1,
             arena);
    add_rule(profile, socket, 1,
             &(struct oci_linux_seccomp_arg){.index = 0, .value = 16, .op = OCI_SECCOMP_NE}, 1,
             arena);
    return profile;
}
