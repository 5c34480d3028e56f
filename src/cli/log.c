/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where errors, warnings and debug lines go.  Runs in dray. */
#include "cli/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/arguments.h"

/* Facility "user" and the severities of syslog(3); the journal has the same. */
#define SYSLOG_FACILITY (1 << 3)

static int severity(int level)
{
    return level == DRAY_LOG_ERROR ? 3 : level == DRAY_LOG_WARNING ? 4 : 7;
}

static int open_file(const char *path, struct error *error)
{
    int fd = openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd < 0)
        return error_set(error, ERROR_USAGE, errno, "cannot open the log file \"%s\"", path);
    return fd;
}

static int connect_socket(const char *path, struct error *error)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_set(error, ERROR_USAGE, errno, "cannot reach the log socket \"%s\"", path);
    return take_fd(&fd);
}

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

int log_open(struct log *log, const char *target, struct error *error)
{
    const char *rest;
    enum log_destination destination;
    int fd;

    if (target == NULL || target[0] == '\0')
        return 0;
    if ((rest = after(target, "syslog:")) != NULL) {
        destination = LOG_TO_SYSLOG;
        fd = connect_socket("/dev/log", error);
    } else if ((rest = after(target, "journald:")) != NULL) {
        destination = LOG_TO_JOURNAL;
        fd = connect_socket("/run/systemd/journal/socket", error);
    } else if ((rest = after(target, "file:")) != NULL || strchr(target, ':') == NULL ||
               strchr(target, '/') != NULL) {
        destination = LOG_TO_FILE;
        fd = open_file(rest != NULL ? rest : target, error);
    } else {
        return error_set(error, ERROR_USAGE, 0,
                         "unknown log type in \"%s\": a path, file:PATH, syslog:NAME or "
                         "journald:NAME is expected",
                         target);
    }
    if (fd < 0)
        return fd;
    log->fd = fd;
    log->destination = destination;
    log->ident = rest != NULL && rest[0] != '\0' ? rest : "dray";
    return 0;
}

void log_close(struct log *log)
{
    log->fd = close_fd(log->fd);
    log->destination = LOG_TO_STDERR;
}

bool log_is_stderr(const struct log *log)
{
    struct stat file, terminal;

    return log->fd < 0 || (fstat(log->fd, &file) == 0 && fstat(STDERR_FILENO, &terminal) == 0 &&
                           file.st_dev == terminal.st_dev && file.st_ino == terminal.st_ino);
}

static void add_syslog(struct buffer *line, const struct log *log, const struct log_entry *entry,
                       const struct timespec *now)
{
    buffer_add_char(line, '<');
    buffer_add_number(line, (uint64_t)(SYSLOG_FACILITY | severity(entry->level)));
    buffer_add_char(line, '>');
    buffer_add_printable(line, log->ident, strlen(log->ident));
    buffer_add_char(line, '[');
    buffer_add_number(line, (uint64_t)getpid());
    buffer_add_text(line, "]: ");
    if (log->format == LOG_FORMAT_JSON)
        log_line_json(line, entry, now);
    else
        log_line_plain(line, entry);
}

/* The journal's own protocol: a field a line; no value here holds a newline. */
static void add_journal(struct buffer *line, const struct log *log, const struct log_entry *entry)
{
    buffer_add_text(line, "PRIORITY=");
    buffer_add_number(line, (uint64_t)severity(entry->level));
    buffer_add_text(line, "\nSYSLOG_IDENTIFIER=");
    buffer_add_printable(line, log->ident, strlen(log->ident));
    if (entry->code != NULL && entry->code[0] != '\0') {
        buffer_add_text(line, "\nDRAY_CODE=");
        buffer_add_text(line, entry->code);
    }
    buffer_add_text(line, "\nMESSAGE=");
    log_line_plain(line, entry);
    buffer_add_char(line, '\n');
}

static void write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}

void log_write(const struct log *log, const struct log_entry *entry)
{
    _cleanup_buffer_ struct buffer line = {0};
    struct timespec now = {0};

    if (entry->level > log->level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    if (log->destination == LOG_TO_SYSLOG)
        add_syslog(&line, log, entry, &now);
    else if (log->destination == LOG_TO_JOURNAL)
        add_journal(&line, log, entry);
    else if (log->format == LOG_FORMAT_JSON)
        log_line_json(&line, entry, &now);
    else if (log->destination == LOG_TO_FILE)
        log_line_text(&line, entry, &now);
    else
        log_line_people(&line, entry);
    write_all(log->fd >= 0 ? log->fd : STDERR_FILENO, line.text, line.length);
}

void log_message(void *log, enum dray_log_level level, const char *message)
{
    const struct log_entry entry = {.level = (int)level, .message = message};

    log_write(log, &entry);
}

void log_error(const struct log *log, const struct error *error)
{
    char message[1400];
    char text[1600];
    const struct log_entry entry = {
        .level = DRAY_LOG_ERROR,
        .message = message,
        .text = text,
        .code = error_code_name(error->code),
        .errno_name = error->sys_errno > 0 ? error_errno_name(error->sys_errno) : NULL,
        .pointer = error->pointer,
        .detail = error->detail,
    };

    error_format_message(error, message, sizeof(message));
    error_format_text(error, text, sizeof(text));
    log_write(log, &entry);
}
