/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seccomp against the running kernel: loading, notifications, the agent's socket, features. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"

#include "base/cleanup.h"
#include "seccomp_random.h"
#include "security/seccomp_build.h"
#include "security/seccomp_kernel.h"
#include "security/seccomp_load.h"
#include "security/seccomp_notify.h"

/* What a child says of its attempt. */
struct outcome {
    int result;
    struct error error;
    long call; /* what the filtered call returned, or -errno */
    int listener;
};

static void make_program(struct oci_arena *arena, enum oci_seccomp_action action,
                         struct seccomp_program *ret)
{
    const char *names[] = {"getppid", NULL};
    struct oci_linux_seccomp_syscall rule = {.names = {names, 1, true}, .action = action};
    struct oci_linux_seccomp profile = {.default_action = OCI_SECCOMP_ALLOW,
                                        .listener_path = "/run/agent",
                                        .syscalls = &rule,
                                        .syscalls_count = 1};
    struct error error = {0};

    if (action == OCI_SECCOMP_ERRNO)
        rule.errno_ret = (struct oci_optional_u32){true, EXDEV};
    assert_int_equal(seccomp_build(&profile, NULL, arena, ret, &error), 0);
}

static struct outcome *share_outcome(void)
{
    struct outcome *outcome =
        mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(outcome, MAP_FAILED);
    memset(outcome, 0, sizeof(*outcome));
    outcome->listener = -1;
    return outcome;
}

static void try_call(struct outcome *outcome)
{
    outcome->call = syscall(SYS_getppid);
    if (outcome->call < 0)
        outcome->call = -errno;
}

static void wait_for(pid_t child, int expected)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
}

static void a_loaded_filter_decides(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct outcome *outcome = share_outcome();
    struct seccomp_program program;
    pid_t child;

    (void)state;
    make_program(&arena, OCI_SECCOMP_ERRNO, &program);
    child = fork();
    if (child == 0) {
        /* not even a tight address space is in the way */
        setrlimit(RLIMIT_AS, &(struct rlimit){4096, 4096});
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        outcome->result = seccomp_load_filter(program.instructions, program.count, program.flags,
                                              false, NULL, &outcome->error);
        try_call(outcome);
        _exit(0);
    }
    wait_for(child, 0);
    assert_string_equal(outcome->error.message, "");
    assert_int_equal(outcome->result, 0);
    assert_int_equal(outcome->call, -EXDEV);
}

/* The kernel takes what the compiler makes of a large profile. */
static void an_engine_profile_loads(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct outcome *outcome = share_outcome();
    struct seccomp_program program;
    struct error error = {0};
    size_t allowed;
    pid_t child;

    (void)state;
    assert_int_equal(
        seccomp_build(engine_profile(&arena, &allowed), NULL, &arena, &program, &error), 0);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        outcome->result = seccomp_load_filter(program.instructions, program.count, program.flags,
                                              false, NULL, &outcome->error);
        outcome->call = setns(-1, 0) < 0 ? -errno : 0;
        _exit(0);
    }
    wait_for(child, 0);
    assert_int_equal(outcome->result, 0);
    assert_int_equal(outcome->call, -EPERM);
}

static void loading_takes_a_privilege(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct outcome *outcome = share_outcome();
    struct seccomp_program program;
    pid_t child;

    (void)state;
    if (geteuid() != 0)
        skip();
    make_program(&arena, OCI_SECCOMP_ERRNO, &program);
    child = fork();
    if (child == 0) {
        if (syscall(SYS_setresuid, 65534, 65534, 65534) < 0)
            _exit(1);
        outcome->result = seccomp_load_filter(program.instructions, program.count, program.flags,
                                              false, NULL, &outcome->error);
        _exit(0);
    }
    wait_for(child, 0);
    assert_int_equal(outcome->result, -EACCES);
    assert_int_equal(outcome->error.code, ERROR_SECCOMP_LOAD);
    assert_string_equal(outcome->error.pointer, "/linux/seccomp");
    assert_non_null(strstr(outcome->error.message, "noNewPrivileges or CAP_SYS_ADMIN"));
}

static void wrong_programs_and_flags_are_refused(void **state)
{
    static const struct sock_filter no_return = {.code = BPF_LD | BPF_W | BPF_ABS};
    static const struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
    struct outcome *outcome = share_outcome();
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (seccomp_load_filter(&no_return, 1, 0, false, NULL, &outcome->error) != -EINVAL)
            _exit(1);
        if (seccomp_load_filter(&allow, 0, 0, false, NULL, &outcome->error) != -EINVAL)
            _exit(2);
        if (seccomp_load_filter(&allow, BPF_MAXINSNS + 1, 0, false, NULL, &outcome->error) !=
            -EINVAL)
            _exit(3);
        if (seccomp_load_filter(&allow, 1, 1U << 30, false, NULL, &outcome->error) != -EINVAL)
            _exit(4);
        _exit(0);
    }
    wait_for(child, 0);
    assert_int_equal(outcome->error.code, ERROR_SECCOMP_LOAD);
}

/* Answers one notification with @value. */
static void serve_once(int listener, int64_t value)
{
    struct seccomp_notif request = {0};
    struct seccomp_notif_resp response = {.val = value};

    assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
    assert_int_equal(request.data.nr, SYS_getppid);
    response.id = request.id;
    assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response), 0);
}

/* A stream socket in a new directory below /tmp, its path longer than an address holds if wanted.
 */
static int make_agent(char *path, size_t size, bool long_path)
{
    static const char part[] = "/a-directory-with-quite-a-long-name-that-goes-on-and-on-and-on";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    _cleanup_close_ int dir = -1;

    snprintf(path, size, "/tmp/dray-seccomp-XXXXXX");
    assert_non_null(mkdtemp(path));
    for (int i = 0; long_path && i < 2; i++) {
        strcat(path, part);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/agent", dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 0), 0);
    strcat(path, "/agent");
    return fd;
}

static void remove_agent(char *path)
{
    unlink(path);
    for (char *slash = strrchr(path, '/'); strcmp(path, "/tmp") != 0; slash = strrchr(path, '/')) {
        *slash = '\0';
        if (rmdir(path) < 0)
            break;
    }
}

/* All that comes, and the descriptor that came with it. */
static size_t receive_all(int agent, char *text, size_t size, int *ret_descriptor)
{
    _cleanup_close_ int fd = accept4(agent, NULL, NULL, SOCK_CLOEXEC);
    size_t length = 0;

    *ret_descriptor = -1;
    for (;;) {
        union {
            struct cmsghdr header;
            char space[CMSG_SPACE(4 * sizeof(int))];
        } control;
        struct iovec part = {text + length, size - length};
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof(control)};
        ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

        assert_true(got >= 0);
        if (got == 0)
            return length;
        length += (size_t)got;
        if (message.msg_controllen > 0) {
            assert_int_equal(control.header.cmsg_len, CMSG_LEN(sizeof(int)));
            assert_int_equal(*ret_descriptor, -1);
            memcpy(ret_descriptor, CMSG_DATA(&control.header), sizeof(int));
        }
    }
}

/* The child of a_listener_reaches_the_agent(). */
static void load_and_forward(const struct seccomp_program *program, const char *path,
                             const char *text, size_t length, struct outcome *outcome)
{
    int listener = -1;

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    outcome->result = seccomp_load_filter(program->instructions, program->count, program->flags,
                                          program->uses_notify, &listener, &outcome->error);
    if (outcome->result == 0)
        outcome->result =
            seccomp_forward_listener(listener, path, text, length, 5000, &outcome->error);
    outcome->listener = fcntl(listener, F_GETFD);
    close(listener);
    try_call(outcome);
    _exit(0);
}

static void a_listener_reaches_the_agent(void **state)
{
    static char sent[300000], received[sizeof(sent) + 1]; /* more than a socket's buffer holds */

    (void)state;
    memset(sent, 'x', sizeof(sent));
    for (int long_path = 0; long_path < 2; long_path++) {
        _cleanup_oci_arena_ struct oci_arena arena = {0};
        struct outcome *outcome = share_outcome();
        char path[256];
        _cleanup_close_ int agent = make_agent(path, sizeof(path), long_path != 0);
        _cleanup_close_ int listener = -1;
        struct seccomp_program program;
        pid_t child;

        make_program(&arena, OCI_SECCOMP_NOTIFY, &program);
        child = fork();
        if (child == 0)
            load_and_forward(&program, path, sent, sizeof(sent), outcome);
        assert_int_equal(receive_all(agent, received, sizeof(received), &listener), sizeof(sent));
        assert_memory_equal(received, sent, sizeof(sent));
        assert_true(listener >= 0);
        serve_once(listener, 4711);
        wait_for(child, 0);
        assert_string_equal(outcome->error.message, "");
        assert_int_equal(outcome->result, 0);
        assert_int_equal(outcome->call, 4711);
        assert_int_equal(outcome->listener, FD_CLOEXEC);
        assert_int_equal(long_path, strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path));
        remove_agent(path);
    }
}

static int forward(const char *path, int timeout_ms, struct error *error)
{
    error_clear(error);
    return seccomp_forward_listener(0, path, "{}", 2, timeout_ms, error);
}

static void a_missing_agent_is_named(void **state)
{
    char path[256];
    _cleanup_close_ int agent = make_agent(path, sizeof(path), true);
    struct error error = {0};

    (void)state;
    close_fd(agent);
    agent = -1;
    assert_int_equal(forward(path, 1000, &error), -ECONNREFUSED);
    assert_int_equal(error.code, ERROR_SECCOMP_LISTENER);
    assert_string_equal(error.pointer, "/linux/seccomp/listenerPath");
    assert_non_null(strstr(error.message, path));
    remove_agent(path);
    assert_int_equal(forward("/tmp/dray-seccomp-no-such/agent", 1000, &error), -ENOENT);
    assert_int_equal(forward("/proc/version", 1000, &error), -ENOTSOCK);
}

static void a_deaf_agent_is_given_up(void **state)
{
    char path[256];
    _cleanup_close_ int agent = make_agent(path, sizeof(path), false);
    struct timespec before, after;
    struct error error = {0};

    (void)state;
    (void)agent; /* listens until the end */
    /* the backlog of one is filled by the first */
    assert_int_equal(forward(path, 1000, &error), 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(forward(path, 100, &error), -ETIMEDOUT);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_int_equal(error.code, ERROR_SECCOMP_LISTENER);
    assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 <
                5000);
    remove_agent(path);
}

static void the_kernel_is_described(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    struct oci_features_seccomp features;
    uint32_t flags = seccomp_kernel_flags();

    (void)state;
    assert_int_equal(seccomp_describe(&arena, &features), 0);
    assert_true(features.enabled.set && features.enabled.value);
    assert_int_equal(features.actions.count, 9);
    assert_string_equal(features.actions.items[0], "SCMP_ACT_ALLOW");
    assert_string_equal(features.actions.items[8], "SCMP_ACT_TRAP");
    assert_int_equal(features.operators.count, 7);
    assert_string_equal(features.operators.items[0], "SCMP_CMP_EQ");
    assert_true(features.archs.count >= 15);
    assert_string_equal(features.archs.items[0], "SCMP_ARCH_AARCH64");
    assert_int_equal(features.known_flags.count, 4);
    assert_int_equal(features.supported_flags.count, __builtin_popcount(flags));
    assert_true((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loaded_filter_decides),
        cmocka_unit_test(an_engine_profile_loads),
        cmocka_unit_test(loading_takes_a_privilege),
        cmocka_unit_test(wrong_programs_and_flags_are_refused),
        cmocka_unit_test(a_listener_reaches_the_agent),
        cmocka_unit_test(a_missing_agent_is_named),
        cmocka_unit_test(a_deaf_agent_is_given_up),
        cmocka_unit_test(the_kernel_is_described),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
