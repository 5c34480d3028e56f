/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's terminal; runs in the stage.
 *
 * The container may own its /dev, so no name in there is trusted: dev/pts is opened once and must
 * be the root of a devpts, in which the kernel alone makes files; ptmx is opened below it without
 * crossing a mount; the slave is asked of the master.
 */
#include "term/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/path.h"

#define DEVPTS_MAGIC      0x1cd1 /* linux/magic.h */
#define PTMX_MAJOR        5
#define PTMX_MINOR        2
#define SLAVE_MAJOR_FIRST 136 /* UNIX98_PTY_SLAVE_MAJOR, and seven more */
#define SLAVE_MAJOR_LAST  143
#define TTY_GROUP         5 /* as devpts is mounted with gid=5 everywhere */

static int fail(const struct plan *plan, int sys_errno, const char *message, struct error *error)
{
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_TERMINAL}, error);
    return error_set(error, ERROR_CONSOLE_FAILED, sys_errno, "%s", message);
}

static int open_master(const struct plan *plan, int root, int *ret, struct error *error)
{
    _cleanup_close_ int pts =
        path_open_in_root(root, "/dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    _cleanup_close_ int master = -1;
    struct statfs filesystem;
    struct stat status;
    int unlock = 0;

    if (pts < 0)
        return fail(plan, -pts, "cannot open /dev/pts, which a terminal needs", error);
    if (fstatfs(pts, &filesystem) < 0 || filesystem.f_type != DEVPTS_MAGIC)
        return fail(plan, 0, "/dev/pts is not a devpts, which a terminal needs", error);
    master = path_open_beneath(pts, "ptmx", O_RDWR | O_NOCTTY);
    if (master < 0)
        return fail(plan, -master, "cannot open /dev/pts/ptmx", error);
    if (fstat(master, &status) < 0 || !S_ISCHR(status.st_mode) ||
        status.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
        return fail(plan, 0, "/dev/pts/ptmx is not the device 5:2", error);
    if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
        return fail(plan, errno, "cannot unlock the terminal", error);
    *ret = take_fd(&master);
    return 0;
}

static int open_slave(const struct plan *plan, int master, int *ret, struct error *error)
{
    _cleanup_close_ int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct stat status;

    if (slave < 0)
        return fail(plan, errno, "cannot open the terminal's slave", error);
    if (fstat(slave, &status) < 0 || !S_ISCHR(status.st_mode) ||
        major(status.st_rdev) < SLAVE_MAJOR_FIRST || major(status.st_rdev) > SLAVE_MAJOR_LAST)
        return fail(plan, 0, "the terminal's slave is not a pseudo terminal", error);
    *ret = take_fd(&slave);
    return 0;
}

/* A caller gets the program's bytes as they are: "\n" must not become "\r\n" on the way. */
static int clear_onlcr(const struct plan *plan, int slave, struct error *error)
{
    struct termios modes;

    if (tcgetattr(slave, &modes) < 0)
        return fail(plan, errno, "cannot read the terminal's modes", error);
    modes.c_oflag &= ~(tcflag_t)ONLCR;
    if (tcsetattr(slave, TCSANOW, &modes) < 0)
        return fail(plan, errno, "cannot set the terminal's modes", error);
    return 0;
}

static int give_to_user(const struct plan *plan, int slave, struct error *error)
{
    uid_t uid = plan->process.uid;
    struct stat status;

    if (fchown(slave, uid, TTY_GROUP) == 0)
        return 0;
    /* group 5 need not be mapped in a user namespace */
    if (errno == EINVAL && fchown(slave, uid, (gid_t)-1) == 0)
        return 0;
    if (errno == EPERM && fstat(slave, &status) == 0 && status.st_uid == uid)
        return 0;
    return fail(plan, errno, "cannot give the terminal to the process's user", error);
}

int terminal_set_size(const struct plan *plan, int master, struct error *error)
{
    const struct winsize size = {
        .ws_row = (unsigned short)plan->process.console_height,
        .ws_col = (unsigned short)plan->process.console_width,
    };

    if (size.ws_row == 0 && size.ws_col == 0)
        return 0;
    if (ioctl(master, TIOCSWINSZ, &size) < 0)
        return fail(plan, errno, "cannot set the terminal's size", error);
    return 0;
}

int terminal_make(const struct plan *plan, int root, struct terminal *ret, struct error *error)
{
    _cleanup_close_ int master = -1;
    _cleanup_close_ int slave = -1;
    int r = open_master(plan, root, &master, error);

    if (r == 0)
        r = open_slave(plan, master, &slave, error);
    if (r == 0)
        r = clear_onlcr(plan, slave, error);
    if (r == 0)
        r = give_to_user(plan, slave, error);
    if (r == 0)
        r = terminal_set_size(plan, master, error);
    if (r < 0)
        return r;
    ret->master = take_fd(&master);
    ret->slave = take_fd(&slave);
    return 0;
}

int terminal_attach(int slave, struct error *error)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(slave, fd) < 0)
            return error_set(error, ERROR_CONSOLE_FAILED, errno,
                             "cannot make the terminal the process's stdio");
    return 0;
}

int terminal_control(struct error *error)
{
    if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
        return error_set(error, ERROR_CONSOLE_FAILED, errno,
                         "cannot make the terminal the controlling one");
    return 0;
}
