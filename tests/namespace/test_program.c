/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program's look-up, HOME, working directory and descriptors, inside a root made by hand. */
#include "harness.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "io/syscalls.h"
#include "plan_by_hand.h"
#include "process/attributes.h"
#include "process/cwd.h"
#include "process/descriptors.h"
#include "process/home.h"
#include "process/program.h"

static struct process_image image;

static void make_executable(const char *path, const char *text, mode_t mode)
{
    make_file(path, text);
    CHECK(chmod(path, mode) == 0);
}

/* A plan that looks for @name in @path_list, in the scratch directory as root. */
static struct plan *plan_for(const char *name, const char *path_list)
{
    struct plan *plan = new_plan();

    plan->process.args = STRINGS(name, "x");
    plan->process.path_list = plan_add_string(&builder, path_list);
    return plan;
}

static void enter_root(void)
{
    make_directory("bin");
    make_directory("sbin");
    make_directory("etc");
    make_executable("bin/tool", "#!/bin/missing\n", 0755);
    make_executable("bin/garbage", "garbage", 0755);
    make_executable("sbin/tool", "", 0644);
    make_executable("bin/private", "", 0700);
    make_link("/bin/tool", "sbin/link");
    make_link("loop", "bin/loop");
    CHECK(chroot(".") == 0 && chdir("/") == 0);
}

TEST(finds_the_first_executable_of_path)
{
    enter_root();
    CHECK_SUCCESS(process_find_program(plan_for("tool", "/sbin::/missing:/bin"), &image, &error));
    CHECK_SAYING(strcmp(image.program, "/bin/tool") == 0, "%.999s", image.program);
    CHECK_SUCCESS(process_find_program(plan_for("link", "/sbin"), &image, &error));
    CHECK(strcmp(image.program, "/sbin/link") == 0);
    CHECK_SUCCESS(process_find_program(plan_for("/bin/tool", "/none"), &image, &error));
    CHECK(strcmp(image.program, "/bin/tool") == 0);
    CHECK(chdir("/bin") == 0);
    CHECK_SUCCESS(process_find_program(plan_for("./tool", "/none"), &image, &error));
    /* an empty entry is not the working directory */
    CHECK(process_find_program(plan_for("tool", ":"), &image, &error) == -ENOENT);
}

TEST(a_missing_program_is_named_as_engines_want_it)
{
    enter_root();
    CHECK_ERROR(process_find_program(plan_for("nope", "/bin:/sbin"), &image, &error),
                PROGRAM_NOT_FOUND, "exec: \"nope\": executable file not found in $PATH");
    CHECK_ERROR(process_find_program(plan_for("", "/bin"), &image, &error), PROGRAM_NOT_FOUND,
                "exec: \"\": executable file not found in $PATH");
    CHECK_ERROR(process_find_program(plan_for("/bin/nope", ""), &image, &error), PROGRAM_NOT_FOUND,
                "exec: \"/bin/nope\": stat /bin/nope: no such file or directory");
    CHECK_ERROR(process_find_program(plan_for("/bin/tool/x", ""), &image, &error),
                PROGRAM_NOT_FOUND, "exec: \"/bin/tool/x\": stat /bin/tool/x: not a directory");
    CHECK_ERROR(process_find_program(plan_for("/sbin/tool", ""), &image, &error),
                PROGRAM_NOT_EXECUTABLE, "exec: \"/sbin/tool\": permission denied");
    CHECK_ERROR(process_find_program(plan_for("/bin", ""), &image, &error), PROGRAM_NOT_EXECUTABLE,
                "exec: \"/bin\": permission denied (it is a directory)");
    CHECK(mkfifo("/bin/fifo", 0777) == 0);
    CHECK_ERROR(process_find_program(plan_for("/bin/fifo", ""), &image, &error),
                PROGRAM_NOT_EXECUTABLE, "exec: \"/bin/fifo\": permission denied");
    error_clear(&error);
    CHECK(process_find_program(plan_for("/bin/loop", ""), &image, &error) == -ELOOP);
}

TEST(the_look_up_has_the_rights_of_the_user)
{
    enter_root();
    CHECK_SUCCESS(process_find_program(plan_for("/bin/private", ""), &image, &error));
    CHECK(setresuid(1000, 1000, 1000) == 0);
    CHECK_ERROR(process_find_program(plan_for("/bin/private", ""), &image, &error),
                PROGRAM_NOT_EXECUTABLE, "exec: \"/bin/private\": permission denied");
    CHECK(process_find_program(plan_for("private", "/bin"), &image, &error) == -ENOENT);
}

TEST(what_execve_refuses_is_told_apart)
{
    char argument[] = "x", *arguments[] = {argument, NULL}, *environment[] = {NULL};

    enter_root();
    image.arguments = arguments;
    image.environment = environment;
    strcpy(image.program, "/bin/tool");
    CHECK_ERROR(process_execute(&image, &error), PROGRAM_NOT_FOUND,
                "exec /bin/tool: no such file or directory");
    strcpy(image.program, "/bin/garbage");
    CHECK_ERROR(process_execute(&image, &error), PROGRAM_FORMAT,
                "exec /bin/garbage: exec format error");
    strcpy(image.program, "/sbin/tool");
    CHECK_ERROR(process_execute(&image, &error), PROGRAM_NOT_EXECUTABLE,
                "exec /sbin/tool: permission denied");
}

static const char *home_of(uint32_t uid)
{
    static char home[64];
    int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    process_find_home(root, uid, home, sizeof(home));
    close(root);
    return home;
}

#define CHECK_HOME(uid, wanted) CHECK_SAYING(strcmp(home_of(uid), wanted) == 0, "%s", home_of(uid))

TEST(home_comes_from_passwd)
{
    CHECK_HOME(0, "/");
    make_directory("etc");
    CHECK_HOME(0, "/");
    make_file("etc/passwd",
              "# comment\n\nroot:x:0:0:root:/root:/bin/sh\n1000:x:0:0::/by-name:\nshort:x:5\n"
              "none:x:6:6::relative:\nhole:x:7:7:::\nbig:x:4294967296:0::/big:\n"
              "last:x:1000:1000::/home/last");
    CHECK_HOME(0, "/root");
    CHECK_HOME(1000, "/home/last");
    CHECK_HOME(5, "/");
    CHECK_HOME(6, "/");
    CHECK_HOME(7, "/");
    CHECK_HOME(8, "/");
}

TEST(home_survives_a_hostile_passwd)
{
    char line[20000];
    int fd;

    make_directory("etc");
    CHECK(mkfifo("etc/passwd", 0666) == 0);
    CHECK_HOME(0, "/");
    CHECK(unlink("etc/passwd") == 0 && mkdir("etc/passwd", 0755) == 0);
    CHECK_HOME(0, "/");
    CHECK(rmdir("etc/passwd") == 0 && mknod("etc/passwd", S_IFCHR | 0666, makedev(1, 5)) == 0);
    CHECK_HOME(0, "/");
    CHECK(unlink("etc/passwd") == 0);
    make_link("/proc/self/fd/0", "etc/passwd");
    CHECK_HOME(0, "/");
    CHECK(unlink("etc/passwd") == 0);
    make_link("passwd", "etc/passwd");
    CHECK_HOME(0, "/");
    CHECK(unlink("etc/passwd") == 0);

    /* lines that do not fit are skipped, also when they look like the user's at their end */
    fd = open("etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    memset(line, 'x', sizeof(line));
    CHECK(write(fd, line, sizeof(line)) == (ssize_t)sizeof(line));
    CHECK(write(fd, ":x:0:0::/wrong:\n", 16) == 16);
    CHECK(write(fd, "root:x:0:0::/right:\n", 20) == 20);
    CHECK_HOME(0, "/right");
    /* a sparse file of gigabytes */
    CHECK(ftruncate(fd, (off_t)1 << 33) == 0);
    CHECK_HOME(0, "/");
}

TEST(home_with_a_line_across_every_block_border)
{
    make_directory("etc");
    for (size_t padding = 8150; padding < 8250; padding++) {
        char text[8400];

        memset(text, '#', padding);
        text[padding] = '\n';
        strcpy(text + padding + 1, "me:x:42:42::/home/me:/bin/sh\nother:x:43:43::/o:\n");
        make_file("etc/passwd", text);
        CHECK_HOME(42, "/home/me");
        CHECK_HOME(43, "/o");
    }
}

TEST(the_image_has_all_arguments_and_variables)
{
    struct plan *plan = plan_for("/bin/tool", "");

    enter_root();
    make_file("/etc/passwd", "u:x:9:9::/home/u:\n");
    plan->process.env = STRINGS("A=1", "B=2");
    plan->process.uid = 9;
    CHECK_SUCCESS(process_prepare_image(plan, &image, &error));
    CHECK(strcmp(image.arguments[0], "/bin/tool") == 0 && strcmp(image.arguments[1], "x") == 0);
    CHECK(image.arguments[2] == NULL);
    CHECK(strcmp(image.environment[1], "B=2") == 0 && image.environment[2] == NULL);
    plan->process.needs_home = true;
    CHECK_SUCCESS(process_prepare_image(plan, &image, &error));
    CHECK(strcmp(image.environment[2], "HOME=/home/u") == 0 && image.environment[3] == NULL);
}

static struct plan *plan_in(const char *cwd)
{
    struct plan *plan = new_plan();

    plan->process.cwd = plan_add_string(&builder, cwd);
    return plan;
}

TEST(the_working_directory_is_made_and_entered)
{
    bool entered = false;
    struct plan *plan = plan_in("/a/link/c");
    char cwd[PATH_MAX];
    int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    make_directory("a");
    make_directory("canary");
    make_link("/../../b", "a/link");
    process_make_cwd(plan, root);
    close(root);
    CHECK(access("b/c", X_OK) == 0);
    CHECK(chroot(".") == 0);
    CHECK_SUCCESS(process_enter_cwd(plan, false, &entered, &error));
    CHECK(entered);
    CHECK(getcwd(cwd, sizeof(cwd)) != NULL && strcmp(cwd, "/b/c") == 0);
}

TEST(a_working_directory_outside_the_root_is_refused)
{
    int outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool entered = false;
    char path[64];

    make_directory("proc");
    CHECK(mount("proc", "proc", "proc", 0, NULL) == 0);
    CHECK(chroot(".") == 0 && chdir("/") == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", outside);
    CHECK(process_enter_cwd(plan_in(path), true, &entered, &error) < 0);
    CHECK(error.code == ERROR_CWD_FAILED && !entered);
    CHECK(strstr(error.message, "outside the container's root") != NULL);
    CHECK(strcmp(error.pointer, "/process/cwd") == 0);
    error_clear(&error);
    CHECK(process_enter_cwd(plan_in("/missing"), false, &entered, &error) == -ENOENT);
}

TEST(a_directory_closed_to_root_waits_for_the_user)
{
    bool entered = false;

    make_directory("closed");
    CHECK(chmod("closed", 0700) == 0 && chown("closed", 1000, 1000) == 0);
    CHECK(chroot(".") == 0 && chdir("/") == 0);
    CHECK(setresuid(1001, 1001, 1001) == 0);
    CHECK_SUCCESS(process_enter_cwd(plan_in("/closed"), false, &entered, &error));
    CHECK(!entered);
    CHECK(process_enter_cwd(plan_in("/closed"), true, &entered, &error) == -EACCES);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

TEST(only_kept_descriptors_stay_open)
{
    struct plan *plan = new_plan();
    int keep[] = {60, -1, 40, 41, 2};

    for (int fd = 3; fd < 70; fd++)
        CHECK(dup2(0, fd) == fd);
    plan->process.preserve_fds = 2;
    CHECK_SUCCESS(process_close_others(plan, keep, 5, &error));
    for (int fd = 0; fd < 70; fd++)
        CHECK_SAYING(is_open(fd) == (fd < 5 || fd == 40 || fd == 41 || fd == 60), "%d", fd);
    CHECK(fcntl(4, F_SETFD, FD_CLOEXEC) == 0);
    CHECK_SUCCESS(process_seal_descriptors(plan, &error));
    CHECK(fcntl(3, F_GETFD) == 0 && fcntl(4, F_GETFD) == 0);
    CHECK(fcntl(40, F_GETFD) == FD_CLOEXEC && fcntl(60, F_GETFD) == FD_CLOEXEC);
    close(4);
    CHECK(process_seal_descriptors(plan, &error) == -EBADF);
}

TEST(stdio_changes_hands_unless_it_is_a_device)
{
    struct plan *plan = new_plan();
    int ends[2], null;
    struct stat status;

    CHECK(mknod("null", S_IFCHR | 0666, makedev(1, 3)) == 0);
    null = open("null", O_RDWR | O_CLOEXEC);
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    CHECK(dup2(null, 0) == 0 && dup2(ends[1], 1) == 1);
    plan->process.uid = 1234;
    process_own_stdio(plan);
    CHECK(fstat(0, &status) == 0 && status.st_uid == 0);
    CHECK(fstat(1, &status) == 0 && status.st_uid == 1234);
}

TEST(the_session_has_clean_signals)
{
    sigset_t mask;
    struct sigaction action;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigfillset(&mask);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    CHECK_SUCCESS(process_start_session(&error));
    CHECK(getsid(0) == getpid());
    CHECK_SUCCESS(process_start_session(&error));
    sigprocmask(SIG_BLOCK, NULL, &mask);
    CHECK(sigismember(&mask, SIGTERM) == 0 && sigismember(&mask, SIGCHLD) == 0);
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
}

TEST(attributes_are_set)
{
    struct plan *plan = new_plan();
    struct plan_rlimit *limit;
    struct rlimit set;

    limit = plan_add_array(&builder, sizeof(*limit), 1, &plan->process.rlimits);
    *limit = (struct plan_rlimit){.resource = RLIMIT_NOFILE,
                                  .name = plan_add_string(&builder, "RLIMIT_NOFILE"),
                                  .soft = 20,
                                  .hard = 30};
    CHECK_SUCCESS(process_set_rlimits(plan, &error));
    CHECK(getrlimit(RLIMIT_NOFILE, &set) == 0 && set.rlim_cur == 20 && set.rlim_max == 30);
    process_set_umask(plan);
    CHECK(umask(0) == 0022);
    plan->process.umask_set = true;
    plan->process.umask = 0;
    process_set_umask(plan);
    CHECK(umask(0) == 0);
    plan->process.memory_policy.set = true;
    plan->process.memory_policy.mode = 99;
    CHECK(process_set_memory_policy(plan, &error) == -EINVAL);
    CHECK(strcmp(error.pointer, "/linux/memoryPolicy") == 0);
    plan->process.memory_policy.mode = 0;
    CHECK_SUCCESS(process_set_memory_policy(plan, &error));
}

HARNESS_MAIN
