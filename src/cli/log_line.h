/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How errors, warnings and debug lines look.  Runs in dray. */
#ifndef DRAY_CLI_LOG_LINE_H
#define DRAY_CLI_LOG_LINE_H

#include <time.h>

#include "cli/buffer.h"

/* One thing to say.  Strings that are not there are "" or NULL. */
struct log_entry {
    int level;           /* enum dray_log_level */
    const char *message; /* as engines match it */
    const char *text;    /* the line for people, of an error: "error[CODE] …" */
    const char *code;
    const char *errno_name; /* "ENOENT" */
    const char *pointer;
    const char *detail; /* foreign text */
};

/* One JSON object and a newline: level, msg, time, and what else there is. */
void log_line_json(struct buffer *buffer, const struct log_entry *entry,
                   const struct timespec *now);

/* key=value and a newline: time, level, msg, and what else there is. */
void log_line_text(struct buffer *buffer, const struct log_entry *entry,
                   const struct timespec *now);

/* For stderr: "dray: error[CODE] …" and a second line with the detail. */
void log_line_people(struct buffer *buffer, const struct log_entry *entry);

/* The message alone, for logs that know time and level themselves. */
void log_line_plain(struct buffer *buffer, const struct log_entry *entry);

/*
 * Foreign text on one line: control characters become \xNN, and the phrases by which engines
 * recognise faults of the container's program are broken up with a hyphen.
 */
void log_line_foreign(struct buffer *buffer, const char *text);

#endif
