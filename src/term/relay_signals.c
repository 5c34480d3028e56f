/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which signals are forwarded, and the descriptor they arrive at; runs in dray. */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/cleanup.h"
#include "term/relay.h"

/*
 * Not forwarded: what cannot be caught, what says that we ourselves are broken, what is about our
 * own children, sockets and pipes, and job control, which stops us in our shell and not the
 * container.
 */
static const int not_forwarded[] = {
    SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGTRAP, SIGABRT,
    SIGSYS,  SIGCHLD, SIGPIPE, SIGURG, SIGTSTP, SIGTTIN, SIGTTOU,
};

int relay_signals_begin(struct relay_signals *ret, struct error *error)
{
    sigset_t forwarded;

    ret->fd = -1;
    sigfillset(&forwarded);
    for (size_t i = 0; i < ARRAY_SIZE(not_forwarded); i++)
        sigdelset(&forwarded, not_forwarded[i]);
    if (sigprocmask(SIG_BLOCK, &forwarded, &ret->previous) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot block signals");
    ret->fd = signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ret->fd < 0) {
        int r = error_set(error, ERROR_SYSTEM, errno, "cannot open a descriptor for signals");

        sigprocmask(SIG_SETMASK, &ret->previous, NULL);
        return r;
    }
    return 0;
}

void relay_signals_end(struct relay_signals *signals)
{
    if (signals->fd < 0)
        return;
    signals->fd = close_fd(signals->fd);
    sigprocmask(SIG_SETMASK, &signals->previous, NULL);
}
