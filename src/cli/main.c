/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line: option tables in, library calls, output.  A client of the library. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/dispatch.h"

/*
 * A descriptor below 3 that is closed would become that of the next file opened, and output would
 * go into it.  It is filled with what refuses to be read or written, as a closed one does.
 */
static void fill_standard_descriptors(void)
{
    struct pollfd standard[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};

    (void)poll(standard, ARRAY_SIZE(standard), 0);
    for (int fd = 0; fd < 3; fd++) {
        if ((standard[fd].revents & POLLNVAL) != 0)
            (void)openat(AT_FDCWD, "/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    fill_standard_descriptors();
    /* A reader that went away is an error of write(2).  Children get the default back. */
    signal(SIGPIPE, SIG_IGN);
    return dispatch(argv);
}
