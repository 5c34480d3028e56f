/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's terminal, the console socket and the relay. */
#include "harness.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>

#include "io/syscalls.h"
#include "plan_by_hand.h"
#include "process/attributes.h"
#include "term/console_socket.h"
#include "term/relay.h"
#include "term/terminal.h"

static struct terminal terminal;

static int open_root(void)
{
    int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    CHECK(root >= 0);
    return root;
}

static void mount_devpts(void)
{
    make_directory("dev");
    make_directory("dev/pts");
    CHECK(mount("devpts", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620,gid=5") ==
          0);
}

static void make_terminal(struct plan *plan)
{
    mount_devpts();
    CHECK_SUCCESS(terminal_make(plan, open_root(), &terminal, &error));
}

TEST(a_terminal_as_the_config_wants_it)
{
    struct plan *plan = new_plan();
    struct termios modes;
    struct winsize size;
    struct stat status;

    plan->process.uid = 1000;
    plan->process.console_height = 40;
    plan->process.console_width = 100;
    make_terminal(plan);
    CHECK(tcgetattr(terminal.slave, &modes) == 0 && (modes.c_oflag & ONLCR) == 0);
    CHECK(ioctl(terminal.slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 40 && size.ws_col == 100);
    CHECK(fstat(terminal.slave, &status) == 0 && status.st_uid == 1000 && status.st_gid == 5);
    CHECK(stat("dev/pts/0", &status) == 0 && status.st_uid == 1000);
    CHECK(write(terminal.slave, "a\nb", 3) == 3);
    {
        char text[8] = "";

        CHECK(read(terminal.master, text, sizeof(text)) == 3 && strcmp(text, "a\nb") == 0);
    }
}

TEST(a_fake_devpts_is_refused)
{
    struct plan *plan = new_plan();

    CHECK(terminal_make(plan, open_root(), &terminal, &error) == -ENOENT);
    make_directory("dev");
    make_directory("dev/pts");
    CHECK(mknod("dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2)) == 0);
    CHECK_ERROR(terminal_make(plan, open_root(), &terminal, &error), CONSOLE_FAILED,
                "/dev/pts is not a devpts, which a terminal needs");
    CHECK(strcmp(error.pointer, "/process/terminal") == 0);
}

TEST(a_mount_over_ptmx_is_refused)
{
    mount_devpts();
    make_file("canary", "");
    CHECK(mount("canary", "dev/pts/ptmx", NULL, MS_BIND, NULL) == 0);
    CHECK(terminal_make(new_plan(), open_root(), &terminal, &error) == -EXDEV);
}

TEST(a_link_leads_nowhere_outside)
{
    make_directory("dev");
    make_link("/dev/pts", "dev/pts");
    CHECK(terminal_make(new_plan(), open_root(), &terminal, &error) < 0);
    CHECK(error.code == ERROR_CONSOLE_FAILED);
}

TEST(attaching_makes_it_the_controlling_terminal)
{
    pid_t child;
    char text[16] = "";
    int status;

    make_terminal(new_plan());
    child = fork();
    if (child == 0) {
        CHECK_SUCCESS(process_start_session(&error));
        CHECK_SUCCESS(terminal_attach(terminal.slave, &error));
        CHECK_SUCCESS(terminal_control(&error));
        CHECK(isatty(0) && isatty(2) && fcntl(1, F_GETFD) == 0);
        CHECK(tcgetpgrp(0) == getpgrp());
        CHECK(write(1, "hello", 5) == 5);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(read(terminal.master, text, sizeof(text)) == 5 && strcmp(text, "hello") == 0);
}

/* A listening socket at @path, of any length, through its directory's descriptor. */
static int listen_at(const char *directory, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(dir >= 0 && socket_fd >= 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir, name);
    CHECK(bind(socket_fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    CHECK(listen(socket_fd, 1) == 0);
    return socket_fd;
}

static int receive_descriptor(int connection)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char name[64];
    struct iovec data = {name, sizeof(name)};
    struct msghdr packet = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};
    int fd;

    CHECK(recvmsg(connection, &packet, MSG_CMSG_CLOEXEC) > 0);
    CHECK(CMSG_FIRSTHDR(&packet) != NULL);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&packet)), sizeof(fd));
    return fd;
}

TEST(the_master_goes_over_a_console_socket_with_a_long_path)
{
    char directory[201], path[220], text[16] = "";
    int listener, connection, server, master;

    memset(directory, 'd', sizeof(directory) - 1);
    directory[200] = '\0';
    make_directory(directory);
    snprintf(path, sizeof(path), "%s/socket", directory);
    listener = listen_at(directory, "socket");
    make_terminal(new_plan());
    connection = console_socket_connect(path, &error);
    CHECK_SAYING(connection >= 0, "%s", error.message);
    server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    CHECK_SUCCESS(console_socket_send(connection, terminal.master, &error));
    master = receive_descriptor(server);
    CHECK(write(terminal.slave, "x", 1) == 1 && read(master, text, sizeof(text)) == 1);
    /* a peer that is gone is an error and no signal */
    close(server);
    CHECK(console_socket_send(connection, terminal.master, &error) == -EPIPE);
}

TEST(a_wrong_console_socket_is_refused_early)
{
    make_file("file", "");
    CHECK_ERROR(console_socket_connect("file", &error), CONSOLE_SOCKET,
                "the console socket \"file\" is not a socket");
    CHECK_ERROR(console_socket_connect("missing", &error), CONSOLE_SOCKET,
                "cannot open the console socket \"missing\"");
    error_clear(&error);
    close(listen_at(".", "dead"));
    CHECK(console_socket_connect("dead", &error) == -ECONNREFUSED);
}

/* Starts @function on the slave as the stage would; with no terminal when there is none. */
static struct relay start(void (*function)(void), bool with_terminal)
{
    static struct relay_signals signals;
    struct relay relay = {.master = -1, .input = 0, .output = 1, .signals = &signals};

    if (with_terminal)
        make_terminal(new_plan());
    CHECK_SUCCESS(relay_signals_begin(&signals, &error));
    relay.pid = fork();
    if (relay.pid == 0) {
        CHECK_SUCCESS(process_start_session(&error));
        if (with_terminal) {
            CHECK_SUCCESS(terminal_attach(terminal.slave, &error));
            CHECK_SUCCESS(terminal_control(&error));
        }
        close(terminal.slave);
        close(terminal.master);
        function();
        _exit(0);
    }
    relay.pidfd = sys_pidfd_open(relay.pid, 0);
    CHECK(relay.pid > 0 && relay.pidfd >= 0);
    if (with_terminal) {
        close(terminal.slave);
        relay.master = terminal.master;
    }
    return relay;
}

static void exit_7(void)
{
    _exit(7);
}

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

static void wait_for_usr1(void)
{
    sigset_t usr1, none;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGUSR1, catch);
    CHECK(write(1, "r", 1) == 1);
    sigemptyset(&none);
    sigsuspend(&none);
    _exit(caught == SIGUSR1 ? 9 : 1);
}

TEST(the_exit_status_is_passed_on)
{
    struct relay relay = start(exit_7, false);
    int status;

    CHECK_SUCCESS(relay_run(&relay, &status, &error));
    CHECK(relay_exit_code(status) == 7);
    CHECK(relay_exit_code(SIGKILL) == 137);
}

TEST(signals_are_forwarded)
{
    struct relay relay;
    struct relay_signals signals;
    int status, ends[2];
    char byte;

    CHECK(pipe2(ends, O_CLOEXEC) == 0 && dup2(ends[1], 1) == 1);
    relay = start(wait_for_usr1, false);
    signals = *relay.signals;
    CHECK(read(ends[0], &byte, 1) == 1);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK_SUCCESS(relay_run(&relay, &status, &error));
    CHECK(relay_exit_code(status) == 9);
    relay_signals_end(&signals);
    {
        sigset_t mask;

        sigprocmask(SIG_BLOCK, NULL, &mask);
        CHECK(sigismember(&mask, SIGUSR1) == 0);
    }
}

static void write_much(void)
{
    static char block[100000];

    memset(block, 'y', sizeof(block));
    for (int i = 0; i < 10; i++)
        CHECK(write(1, block, sizeof(block)) == (ssize_t)sizeof(block));
    CHECK(write(1, "the end\n", 8) == 8);
}

static size_t count_output(int fd, char *tail, size_t size)
{
    static char text[65536];
    size_t total = 0;
    ssize_t n;

    while ((n = read(fd, text, sizeof(text))) > 0) {
        total += (size_t)n;
        if ((size_t)n >= size)
            memcpy(tail, text + n - size, size);
        else {
            memmove(tail, tail + n, size - (size_t)n);
            memcpy(tail + size - (size_t)n, text, (size_t)n);
        }
    }
    return total;
}

TEST(all_output_arrives_before_the_end)
{
    int ends[2], status, count[2];
    struct relay relay;
    pid_t reader;

    CHECK(pipe2(ends, O_CLOEXEC) == 0 && pipe2(count, O_CLOEXEC) == 0);
    reader = fork();
    if (reader == 0) {
        char tail[8];

        close(ends[1]);
        CHECK(count_output(ends[0], tail, sizeof(tail)) == 1000008);
        CHECK(memcmp(tail, "the end\n", 8) == 0);
        _exit(0);
    }
    relay = start(write_much, true);
    relay.input = -1;
    relay.output = ends[1];
    CHECK_SUCCESS(relay_run(&relay, &status, &error));
    CHECK(status == 0);
    close(ends[1]);
    CHECK(waitpid(reader, &status, 0) == reader && status == 0);
}

static void sum_lines(void)
{
    char line[64];

    while (fgets(line, sizeof(line), stdin) != NULL)
        caught += atoi(line);
    _exit(caught);
}

TEST(input_and_its_end_reach_the_program)
{
    int in[2], out[2], status;
    struct relay relay;

    CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    CHECK(write(in[1], "1\n2\n30\n", 7) == 7);
    close(in[1]);
    relay = start(sum_lines, true);
    relay.input = in[0];
    relay.output = out[1];
    CHECK_SUCCESS(relay_run(&relay, &status, &error));
    CHECK_SAYING(relay_exit_code(status) == 33, "%d", relay_exit_code(status));
}

static void report_size(void)
{
    struct winsize size;
    sigset_t winch, none;

    sigemptyset(&winch);
    sigaddset(&winch, SIGWINCH);
    sigprocmask(SIG_BLOCK, &winch, NULL);
    signal(SIGWINCH, catch);
    CHECK(write(1, "r", 1) == 1);
    sigemptyset(&none);
    do {
        CHECK(ioctl(0, TIOCGWINSZ, &size) == 0);
    } while (size.ws_row != 77 && sigsuspend(&none) < 0);
    _exit(size.ws_col);
}

TEST(our_terminal_is_raw_meanwhile_and_its_size_followed)
{
    struct winsize size = {.ws_row = 20, .ws_col = 30};
    struct termios before, meanwhile, after;
    struct terminal ours;
    struct relay relay;
    int status;
    pid_t user;

    mount_devpts();
    CHECK_SUCCESS(terminal_make(new_plan(), open_root(), &ours, &error));
    CHECK(ioctl(ours.master, TIOCSWINSZ, &size) == 0 && tcgetattr(ours.slave, &before) == 0);
    CHECK(umount2("dev/pts", MNT_DETACH) == 0 && rmdir("dev/pts") == 0 && rmdir("dev") == 0);
    relay = start(report_size, true);
    relay.input = relay.output = ours.slave;
    relay_copy_size(ours.slave, relay.master);
    CHECK(ioctl(relay.master, TIOCGWINSZ, &size) == 0 && size.ws_row == 20 && size.ws_col == 30);
    user = fork();
    if (user == 0) {
        char byte;

        CHECK(read(ours.master, &byte, 1) == 1);
        CHECK(tcgetattr(ours.slave, &meanwhile) == 0);
        CHECK((meanwhile.c_lflag & (ICANON | ECHO | ISIG)) == 0);
        size = (struct winsize){.ws_row = 77, .ws_col = 99};
        CHECK(ioctl(ours.master, TIOCSWINSZ, &size) == 0);
        CHECK(kill(getppid(), SIGWINCH) == 0);
        _exit(0);
    }
    CHECK_SUCCESS(relay_run(&relay, &status, &error));
    CHECK_SAYING(relay_exit_code(status) == 99, "%d", relay_exit_code(status));
    CHECK(waitpid(user, &status, 0) == user && status == 0);
    CHECK(tcgetattr(ours.slave, &after) == 0);
    CHECK(after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag &&
          after.c_oflag == before.c_oflag);
}

static struct terminal ours;

static void wait_for_hangup(void)
{
    struct termios modes;
    char byte;

    close(ours.master);
    close(ours.slave);
    signal(SIGHUP, SIG_IGN);
    CHECK(tcgetattr(0, &modes) == 0);
    cfmakeraw(&modes);
    CHECK(tcsetattr(0, TCSANOW, &modes) == 0 && write(1, "r", 1) == 1);
    _exit(read(0, &byte, 1) <= 0 ? 5 : 1);
}

TEST(the_end_of_our_terminal_is_the_end_of_theirs)
{
    struct relay relay;
    int status;
    pid_t user;

    mount_devpts();
    CHECK_SUCCESS(terminal_make(new_plan(), open_root(), &ours, &error));
    CHECK(umount2("dev/pts", MNT_DETACH) == 0 && rmdir("dev/pts") == 0 && rmdir("dev") == 0);
    relay = start(wait_for_hangup, true);
    relay.input = relay.output = ours.slave;
    user = fork();
    if (user == 0) {
        char byte;

        /* ours is the only master left; it goes when the program has begun to wait */
        CHECK(read(ours.master, &byte, 1) == 1);
        _exit(0);
    }
    close(ours.master);
    CHECK_SUCCESS(relay_run(&relay, &status, &error));
    CHECK_SAYING(relay_exit_code(status) == 5, "%d", relay_exit_code(status));
    CHECK(waitpid(user, &status, 0) == user && status == 0);
}

TEST(a_closed_output_does_not_kill_us)
{
    int ends[2], status;
    struct relay relay;

    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    close(ends[0]);
    relay = start(write_much, true);
    relay.input = -1;
    relay.output = ends[1];
    CHECK_SUCCESS(relay_run(&relay, &status, &error));
    CHECK(status == 0);
}

HARNESS_MAIN
