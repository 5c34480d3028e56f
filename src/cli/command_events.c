/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray events: statistics and events, a line each.  Runs in dray. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "cli/command.h"
#include "cli/output.h"

#define INTERVAL_MAX_MS 86400000u /* a day */

/* Units of a duration as Go writes it, in microseconds; longer names first. */
static const struct {
    const char *name;
    uint64_t microseconds;
} units[] = {
    {"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000}, {"h", 3600000000u},
};

/* Moves *@text behind ".5s" and adds what that is; @whole: the digits in front of it. */
static int parse_unit(const char **text, uint64_t whole, uint64_t *microseconds)
{
    uint64_t fraction = 0, scale = 1;

    if (**text == '.') {
        const char *digits = ++*text;

        if (parse_u64_prefix(text, &fraction) < 0 || *text - digits > 6)
            return -EINVAL;
        while (digits++ < *text)
            scale *= 10;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t length = strlen(units[i].name);

        if (strncmp(*text, units[i].name, length) != 0)
            continue;
        if (whole > (uint64_t)INTERVAL_MAX_MS * 1000 / units[i].microseconds)
            return -ERANGE;
        *text += length;
        *microseconds += whole * units[i].microseconds + fraction * units[i].microseconds / scale;
        return 0;
    }
    return -EINVAL;
}

/* "500ms", "1m30s", "1.5s": as the callers of runc write it. */
static int parse_interval(struct invocation *invocation, uint32_t *ret_ms)
{
    const char *text = invocation->arguments.interval;
    uint64_t microseconds = 0, whole;

    if (text == NULL)
        return 0;
    do {
        if (parse_u64_prefix(&text, &whole) < 0 || parse_unit(&text, whole, &microseconds) < 0) {
            microseconds = 0;
            break;
        }
    } while (*text != '\0');
    if (microseconds < 1000 || microseconds > (uint64_t)INTERVAL_MAX_MS * 1000)
        return error_set(&invocation->error, ERROR_USAGE, 0,
                         "events: invalid value \"%s\" for flag --interval: not a time from 1ms to "
                         "24h such as 500ms, 5s or 1m30s",
                         invocation->arguments.interval);
    *ret_ms = (uint32_t)(microseconds / 1000);
    return 0;
}

static int print(void *data, const char *json)
{
    struct invocation *invocation = data;
    _cleanup_buffer_ struct buffer line = {0};

    buffer_add_text(&line, json);
    buffer_add_char(&line, '\n');
    return output_write(&line, &invocation->error);
}

int command_events(struct invocation *invocation)
{
    struct dray_events_options options = {
        .size = sizeof(options),
        .once = invocation->arguments.stats,
        .deliver = print,
        .data = invocation,
    };
    int result = parse_interval(invocation, &options.interval_ms);

    if (result == 0)
        result = command_open_library(invocation);
    return result < 0 ? result : dray_events(invocation->dray, command_id(invocation), &options);
}
