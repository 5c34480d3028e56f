/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of the command line: one row each, one file each.  Runs in dray. */
#ifndef DRAY_CLI_COMMAND_H
#define DRAY_CLI_COMMAND_H

#include <dray/dray.h>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/listen_fds.h"
#include "cli/log.h"

#define WORDS_ANY 0x7fffffff

struct invocation;

struct command {
    const char *name;
    const char *help; /* one line */
    const struct option_row *options[OPTION_GROUPS];
    const char *words; /* positional arguments, for people: "ID [SIGNAL]" */
    const char *more;  /* a paragraph for --help, or NULL */
    int words_min;
    int words_max;
    uint8_t order;      /* enum argument_order */
    uint8_t fault_code; /* what dray exits with when it cannot do it; 0: 1 */
    bool lends_stdio;   /* stderr is a program's of the container: with a log nothing goes there */

    /* Returns what to exit with, or a negative errno value with the error in the invocation. */
    int (*run)(struct invocation *invocation);
};

/* One call of the program. */
struct invocation {
    const struct command *command; /* NULL until it is known */
    struct arguments arguments;
    struct log log;
    struct error error; /* a fault that the command line found itself */
    struct dray *dray;  /* NULL until a command opens it; may hold the error */
};

/* The global options, and all commands up to one without a name. */
extern const struct option_row global_options[];
extern const struct command commands[];

const struct command *command_find(const char *name);

/* Makes the library's handle from the global options.  Returns 0 or a negative errno value. */
int command_open_library(struct invocation *invocation);

/* The first positional argument. */
static inline const char *command_id(const struct invocation *invocation)
{
    return invocation->arguments.words[0];
}

/* The options that create and run share; @fds must live as long. */
struct dray_create_options command_create_options(const struct arguments *arguments,
                                                  const struct listen_fds *fds);

/* The options that checkpoint and restore share. */
int command_criu_options(struct invocation *invocation, struct dray_criu_options *ret);

/*
 * Calls @act for the container that is named, or with --regex for every one that the regular
 * expression matches.  The first failure is reported at the end; the others go on.
 */
int command_for_each_id(struct invocation *invocation,
                        int (*act)(struct invocation *invocation, const char *id));

int command_checkpoint(struct invocation *invocation);
int command_create(struct invocation *invocation);
int command_delete(struct invocation *invocation);
int command_events(struct invocation *invocation);
int command_exec(struct invocation *invocation);
int command_features(struct invocation *invocation);
int command_help(struct invocation *invocation);
int command_kill(struct invocation *invocation);
int command_list(struct invocation *invocation);
int command_mounts(struct invocation *invocation);
int command_pause(struct invocation *invocation);
int command_ps(struct invocation *invocation);
int command_restore(struct invocation *invocation);
int command_resume(struct invocation *invocation);
int command_run(struct invocation *invocation);
int command_spec(struct invocation *invocation);
int command_start(struct invocation *invocation);
int command_state(struct invocation *invocation);
int command_update(struct invocation *invocation);

#endif
