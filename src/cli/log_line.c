/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How errors, warnings and debug lines look.  Runs in dray. */
#include "config.h"

#include "cli/log_line.h"

#include <dray/dray.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

static const char *level_name(int level)
{
    return level == DRAY_LOG_ERROR ? "error" : level == DRAY_LOG_WARNING ? "warning" : "debug";
}

struct date {
    uint64_t year;
    uint64_t month; /* 1 to 12 */
    uint64_t day;   /* 1 to 31 */
};

/*
 * Days since 1970 in the Gregorian calendar.  Years are counted from March, so that the leap day
 * is the last one; 400 years have 146097 days.  gmtime_r(3) would read /etc/localtime.
 */
static struct date date_of(uint64_t days)
{
    uint64_t since_year_0 = days + 719468; /* 1970-01-01 since 0000-03-01 */
    uint64_t era = since_year_0 / 146097;
    uint64_t day_of_era = since_year_0 % 146097;
    uint64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t march_month = (5 * day_of_year + 2) / 153; /* 0 is March */
    struct date date = {
        .year = era * 400 + year_of_era,
        .month = march_month < 10 ? march_month + 3 : march_month - 9,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
    };

    if (date.month <= 2)
        date.year++;
    return date;
}

/* @number with @width digits, and what follows it. */
static void add_digits(struct buffer *buffer, uint64_t number, unsigned width, char after)
{
    char digits[21];

    for (unsigned i = width; i > 0; i--) {
        digits[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    buffer_add(buffer, digits, width);
    buffer_add_char(buffer, after);
}

/* RFC 3339 in UTC. */
static void add_time(struct buffer *buffer, const struct timespec *now)
{
    uint64_t seconds = now->tv_sec > 0 ? (uint64_t)now->tv_sec : 0;
    struct date date = date_of(seconds / 86400);

    add_digits(buffer, date.year, 4, '-');
    add_digits(buffer, date.month, 2, '-');
    add_digits(buffer, date.day, 2, 'T');
    add_digits(buffer, seconds / 3600 % 24, 2, ':');
    add_digits(buffer, seconds / 60 % 60, 2, ':');
    add_digits(buffer, seconds % 60, 2, '.');
    add_digits(buffer, (uint64_t)now->tv_nsec, 9, 'Z');
}

static void add_json_member(struct buffer *buffer, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    buffer_add_text(buffer, ",\"");
    buffer_add_text(buffer, key);
    buffer_add_text(buffer, "\":");
    buffer_add_json_string(buffer, value);
}

void log_line_json(struct buffer *buffer, const struct log_entry *entry, const struct timespec *now)
{
    buffer_add_text(buffer, "{\"level\":\"");
    buffer_add_text(buffer, level_name(entry->level));
    buffer_add_text(buffer, "\",\"msg\":");
    buffer_add_json_string(buffer, entry->message);
    buffer_add_text(buffer, ",\"time\":\"");
    add_time(buffer, now);
    buffer_add_char(buffer, '"');
    add_json_member(buffer, "code", entry->code);
    add_json_member(buffer, "errno", entry->errno_name);
    add_json_member(buffer, "pointer", entry->pointer);
    add_json_member(buffer, "detail", entry->detail);
    buffer_add_text(buffer, "}\n");
}

/* The next reserved phrase in @text, and the length of its first word; NULL: none. */
static const char *find_phrase(const char *text, size_t *ret_first)
{
    static const struct {
        const char *first;
        const char *rest;
    } phrases[] = {
        {"no", " such file or directory"}, {"permission", " denied"},
        {"operation", " not permitted"},   {"executable", " file not found"},
        {"open", " executable"},
    };
    const char *nearest = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
        size_t length = strlen(phrases[i].first);

        for (const char *rest = text; (rest = strcasestr(rest, phrases[i].rest)) != NULL; rest++) {
            const char *first = rest - length;

            if (rest - text < (ptrdiff_t)length ||
                strncasecmp(first, phrases[i].first, length) != 0)
                continue;
            if (nearest == NULL || first < nearest) {
                nearest = first;
                *ret_first = length;
            }
            break;
        }
    }
    return nearest;
}

/* Without the line break that most foreign text ends with. */
static size_t trimmed_length(const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
        length--;
    return length;
}

void log_line_foreign(struct buffer *buffer, const char *text)
{
    _cleanup_buffer_ struct buffer line = {0};
    const char *phrase;
    const char *next;
    size_t place = 0;

    buffer_add_printable(&line, text, trimmed_length(text));
    next = line.text != NULL ? line.text : "";
    while ((phrase = find_phrase(next, &place)) != NULL) {
        buffer_add(buffer, next, (size_t)(phrase - next) + place);
        buffer_add_char(buffer, '-');
        next = phrase + place + 1;
    }
    buffer_add_text(buffer, next);
}

static void add_text_member(struct buffer *buffer, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    buffer_add_char(buffer, ' ');
    buffer_add_text(buffer, key);
    buffer_add_char(buffer, '=');
    buffer_add_json_string(buffer, value);
}

void log_line_text(struct buffer *buffer, const struct log_entry *entry, const struct timespec *now)
{
    _cleanup_buffer_ struct buffer detail = {0};

    buffer_add_text(buffer, "time=\"");
    add_time(buffer, now);
    buffer_add_text(buffer, "\" level=");
    buffer_add_text(buffer, level_name(entry->level));
    add_text_member(buffer, "msg", entry->message);
    add_text_member(buffer, "code", entry->code);
    add_text_member(buffer, "errno", entry->errno_name);
    add_text_member(buffer, "pointer", entry->pointer);
    if (entry->detail != NULL)
        log_line_foreign(&detail, entry->detail);
    add_text_member(buffer, "detail", detail.text);
    buffer_add_char(buffer, '\n');
}

void log_line_people(struct buffer *buffer, const struct log_entry *entry)
{
    buffer_add_text(buffer, "dray: ");
    if (entry->level == DRAY_LOG_ERROR && entry->text != NULL) {
        buffer_add_text(buffer, entry->text);
    } else {
        buffer_add_text(buffer, "level=");
        buffer_add_text(buffer, level_name(entry->level));
        add_text_member(buffer, "msg", entry->message);
    }
    buffer_add_char(buffer, '\n');
    if (entry->detail != NULL && entry->detail[0] != '\0') {
        buffer_add_text(buffer, "dray: detail: ");
        log_line_foreign(buffer, entry->detail);
        buffer_add_char(buffer, '\n');
    }
}

void log_line_plain(struct buffer *buffer, const struct log_entry *entry)
{
    buffer_add_printable(buffer, entry->message, strlen(entry->message));
    if (entry->detail != NULL && entry->detail[0] != '\0') {
        buffer_add_text(buffer, " (");
        log_line_foreign(buffer, entry->detail);
        buffer_add_char(buffer, ')');
    }
}
