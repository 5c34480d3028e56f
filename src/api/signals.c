/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by name and by number.  Runs in dray. */
#include "config.h"

#include <dray/dray.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/number.h"

#define SIGNAL_LAST 64

/*
 * The first real-time signal that programs can use.  Fixed, since it is the container's libc that
 * counts and not the one dray is built with: glibc keeps 32 and 33 for itself.
 */
#define REAL_TIME_FIRST 34

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},    {"QUIT", SIGQUIT},   {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},  {"BUS", SIGBUS},     {"FPE", SIGFPE},
    {"KILL", SIGKILL},     {"USR1", SIGUSR1},  {"SEGV", SIGSEGV},   {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},     {"ALRM", SIGALRM},  {"TERM", SIGTERM},   {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},     {"STOP", SIGSTOP},  {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},     {"URG", SIGURG},    {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},  {"WINCH", SIGWINCH}, {"IO", SIGIO},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},    {"IOT", SIGABRT},    {"CLD", SIGCHLD},
    {"POLL", SIGIO},       {"UNUSED", SIGSYS},
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
};

/* "RTMIN", "RTMIN+3", "RTMAX-1". */
static int read_real_time(const char *name)
{
    bool from_first = strncasecmp(name, "RTMIN", 5) == 0;
    uint32_t distance = 0;

    if (!from_first && strncasecmp(name, "RTMAX", 5) != 0)
        return -EINVAL;
    name += 5;
    if (*name != '\0' && (*name != (from_first ? '+' : '-') || parse_u32(name + 1, &distance) < 0))
        return -EINVAL;
    if (distance > SIGNAL_LAST - REAL_TIME_FIRST)
        return -EINVAL;
    return from_first ? REAL_TIME_FIRST + (int)distance : SIGNAL_LAST - (int)distance;
}

int dray_signal_number(const char *name)
{
    uint32_t number;

    if (name == NULL)
        return -EINVAL;
    if (parse_u32(name, &number) == 0)
        return number <= SIGNAL_LAST ? (int)number : -EINVAL;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        if (strcasecmp(signals[i].name, name) == 0)
            return signals[i].number;
    }
    return read_real_time(name);
}
