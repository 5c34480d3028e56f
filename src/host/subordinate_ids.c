/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/subordinate_ids.h"

#include <stdbool.h>
#include <string.h>

#include "base/number.h"

/* "START:SIZE" up to the end of the line. */
static bool parse_range(const char *text, struct subordinate_range *ret)
{
    uint64_t start, size;

    if (parse_u64_prefix(&text, &start) < 0 || *text++ != ':' ||
        parse_u64_prefix(&text, &size) < 0 || (*text != '\n' && *text != '\0'))
        return false;
    if (size == 0 || start > UINT32_MAX - 1 || size > UINT32_MAX - start)
        return false;
    *ret = (struct subordinate_range){(uint32_t)start, (uint32_t)size};
    return true;
}

static bool is_owner(const char *line, size_t length, const char *name, uint32_t uid)
{
    const char *number = line;
    uint64_t value;

    if (name != NULL && strlen(name) == length && memcmp(line, name, length) == 0)
        return true;
    return parse_u64_prefix(&number, &value) == 0 && number == line + length && value == uid;
}

size_t subordinate_ids_parse(const char *text, const char *name, uint32_t uid,
                             struct subordinate_range ret[static SUBORDINATE_RANGES_MAX])
{
    size_t count = 0;

    while (*text != '\0' && count < SUBORDINATE_RANGES_MAX) {
        size_t owner = strcspn(text, ":\n");

        if (owner > 0 && text[owner] == ':' && is_owner(text, owner, name, uid) &&
            parse_range(text + owner + 1, &ret[count]))
            count++;
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return count;
}

char *subordinate_ids_find_name(char *text, uint32_t uid)
{
    while (*text != '\0') {
        size_t name = strcspn(text, ":\n");
        char *next = text + strcspn(text, "\n");
        char *number = text[name] == ':' ? text + name + 1 : next;
        const char *digits;
        uint64_t value;

        number += strcspn(number, ":\n");
        digits = number + (*number == ':');
        if (*number == ':' && name > 0 && parse_u64_prefix(&digits, &value) == 0 &&
            *digits == ':' && value == uid) {
            text[name] = '\0';
            return text;
        }
        text = next + (*next == '\n');
    }
    return NULL;
}
