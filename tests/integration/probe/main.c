/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The probe: a static program that the integration tests run inside a container.  It prints what it
 * sees of itself, or tries single operations, as one line of JSON; the tests do the judging.
 *
 *   probe facts [NAME...]            facts about this process
 *   probe try ACTION [ARG...] [, ACTION [ARG...]]...   operations, one result each
 *   probe wait [STATUS|stubborn]     report signals until SIGTERM
 *   probe lock FILE WORD...          "probe WORD..." with a lock on the file; 3 if it is taken
 *   probe exit STATUS | probe die SIGNAL
 */
#include "probe.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

int probe_argc;
char **probe_argv;

static int die(int number)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    raise(number);
    return 99;
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "lock") == 0) {
        /* never closed */
        if (flock(open(argv[2], O_RDWR | O_CREAT, 0600), LOCK_EX | LOCK_NB) < 0) {
            return 3;
        }
        argv += 2;
        argc -= 2;
    }
    probe_argc = argc;
    probe_argv = argv;
    const char *verb = argc > 1 ? argv[1] : "facts";
    int count = argc > 2 ? argc - 2 : 0;
    char **words = argv + 2;

    if (strcmp(verb, "facts") == 0) {
        return facts_print(count, words);
    }
    if (strcmp(verb, "try") == 0) {
        return actions_print(count, words);
    }
    if (strcmp(verb, "wait") == 0) {
        return wait_for_signals(count, words);
    }
    if (strcmp(verb, "exit") == 0 && count == 1) {
        return atoi(words[0]);
    }
    if (strcmp(verb, "die") == 0 && count == 1) {
        return die(atoi(words[0]));
    }
    fprintf(stderr, "probe: unknown verb \"%s\"\n", verb);
    return 2;
}
