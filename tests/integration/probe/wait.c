/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* probe wait: a container's first process that reports the signals it gets; ends on SIGTERM. */
#include "probe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int wait_for_signals(int count, char **words)
{
    int stubborn = count > 0 && strcmp(words[0], "stubborn") == 0;
    int status = count > 0 && !stubborn ? atoi(words[0]) : 0;
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGTSTP);
    sigdelset(&all, SIGTTIN);
    sigdelset(&all, SIGTTOU);
    sigprocmask(SIG_BLOCK, &all, NULL);
    puts("ready");
    fflush(stdout);
    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(&all, &info);
        if (number < 0 || number == SIGCHLD) {
            continue;
        }
        printf("signal %d\n", number);
        fflush(stdout);
        if (number == SIGTERM && !stubborn) {
            return status;
        }
    }
}
