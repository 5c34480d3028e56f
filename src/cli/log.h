/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where errors, warnings and debug lines go: stderr, a file (--log PATH or file:PATH), syslog
 * (syslog:IDENTIFIER) or the journal (journald:IDENTIFIER).  Runs in dray.
 */
#ifndef DRAY_CLI_LOG_H
#define DRAY_CLI_LOG_H

#include <dray/dray.h>

#include "base/error.h"
#include "cli/log_line.h"

enum log_destination {
    LOG_TO_STDERR,
    LOG_TO_FILE,
    LOG_TO_SYSLOG,
    LOG_TO_JOURNAL,
};

struct log {
    int fd;            /* file or socket; -1 */
    int destination;   /* enum log_destination */
    int format;        /* enum log_format */
    int level;         /* enum dray_log_level: what is said at most */
    const char *ident; /* who speaks, in syslog and journal */
};

#define LOG_STDERR ((struct log){.fd = -1})

/*
 * Opens @target, the value of --log; NULL is stderr.  A file is appended to and made 0600 when it
 * is not there.  On failure *@log still writes to stderr.
 */
int log_open(struct log *log, const char *target, struct error *error);
void log_close(struct log *log);

/* Whether that is where it writes, also by another name. */
bool log_is_stderr(const struct log *log);

/* Writes the entry if its level is to be seen.  There is nobody to tell when that fails. */
void log_write(const struct log *log, const struct log_entry *entry);

/* A warning or debug line; the form in which the library sends them. */
void log_message(void *log, enum dray_log_level level, const char *message);

/* An error of the command line itself. */
void log_error(const struct log *log, const struct error *error);

#endif
