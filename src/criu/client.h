/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CRIU as a process of ours: `criu swrk 3`, which serves one request on the socket that it finds
 * there and ends (criu(8), criu.org "RPC").  Runs in dray.
 *
 * A native client instead of libcriu: its messages are a few dozen fields, and neither libcriu nor
 * a protocol buffer library has to be there, at build time or at run time.
 */
#ifndef DRAY_CRIU_CLIENT_H
#define DRAY_CRIU_CLIENT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "criu/request.h"

/* Number that the first inherited descriptor has in CRIU; the others follow. */
#define CRIU_FIRST_INHERITED 4
#define CRIU_INHERITED_MAX   24

/*
 * Looks for criu in the directories of $PATH, or in the usual ones.  Only a file that nobody but
 * root or the caller can write is taken.  ERROR_CRIU_MISSING when there is none.
 */
int criu_find(char ret_path[PATH_MAX], struct error *error);

struct criu_start {
    const char *path;
    bool own_session; /* so that an interrupt from the terminal does not reach it */
    int output;       /* gets what it writes to stdout and stderr, /dev/null is its stdin; -1: all
                         three are the caller's */
    const int *inherited; /* CRIU_FIRST_INHERITED and up are these */
    size_t inherited_count;
    /*
     * Called in the child before it executes criu: joins cgroups, makes mounts.  Returns 0 or a
     * negative errno value with the error set.  NULL: nothing.
     */
    int (*prepare)(void *data, struct error *error);
    void *data;
};

struct criu {
    pid_t pid; /* 0: none */
    int pidfd;
    int socket;
    bool own_session;
    bool killed; /* it ended by a signal */
};

/* Starts it; on success end it with criu_finish() or criu_kill(), then criu_done(). */
int criu_start(const struct criu_start *start, struct criu *ret, struct error *error);

/* Sends a request or an acknowledgement. */
int criu_send(struct criu *criu, const struct wire_writer *request, struct error *error);

/*
 * Waits for an answer, for criu's end, or until @interrupt is readable (-1: never) or @deadline_ms
 * have passed (-1: never).
 * @ret_descriptor: gets the descriptor that came along, or -1.
 * Returns 0; -EINTR for @interrupt and -ETIMEDOUT, without an error set; or another negative errno
 * value with the error set.
 */
int criu_receive(struct criu *criu, int interrupt, int deadline_ms, struct criu_response *ret,
                 int *ret_descriptor, struct error *error);

/*
 * Ends the talk and waits up to @deadline_ms for criu's end.  Returns 0 when it ended well or had
 * been reaped before, else a negative errno value: -ETIMEDOUT when it lives on.
 */
int criu_finish(struct criu *criu, int deadline_ms, struct error *error);

/* Kills and reaps it, if that has not been done: a dump's end harms the processes it holds. */
void criu_kill(struct criu *criu);

/* Closes the descriptors. */
void criu_done(struct criu *criu);

/* What has come about on the way, in the words of criu's action scripts: "setup-namespaces" … */
typedef int (*criu_notification)(void *data, const struct criu_response *response, int descriptor,
                                 struct error *error);

struct criu_talk {
    struct criu *criu;
    const struct wire_writer *request;
    criu_notification notify; /* a negative errno value, with the error set, makes criu give up */
    void *data;
    int interrupt; /* readable when the caller is asked to end; -1: never */
    /*
     * What an interrupt does: true: criu is told to give up at its next notification, and has
     * CRIU_PATIENCE_MS for that; false: the talk ends at once, and criu is to be killed.
     */
    bool patient;
    bool open_end; /* criu's exit status means nothing: after a pre-dump it waits for a dump */
};

#define CRIU_PATIENCE_MS 20000

/*
 * Sends the request, passes notifications on, waits for the outcome and for criu's end.
 * @ret: the outcome.  -EINTR, whatever the error says, when an interrupt ended it.
 */
int criu_converse(const struct criu_talk *talk, struct criu_response *ret, struct error *error);

/*
 * Adds the lines with errors from criu's log @name in @directory to the error, as its detail; when
 * there are none, the end of @output (-1: none).
 */
void criu_add_log(int directory, const char *name, int output, struct error *error);

#endif
