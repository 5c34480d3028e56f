/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rdt/schemata.h"

#include <string.h>
#include <strings.h>

const char *schemata_find_line(const char *schemata, const char *resource, size_t *ret_length)
{
    size_t head = strcspn(resource, ":");

    while (*schemata != '\0') {
        size_t length = strcspn(schemata, "\n");
        size_t blanks = strspn(schemata, " ");
        const char *line = schemata + blanks;

        if (blanks < length && strcspn(line, ":\n") == head && line[head] == ':' &&
            strncmp(line, resource, head) == 0) {
            *ret_length = length - blanks;
            return line;
        }
        schemata += length;
        schemata += *schemata == '\n';
    }
    return NULL;
}

/* One "domain=value" of a line. */
struct share {
    const char *domain;
    size_t domain_length;
    const char *value;
    size_t value_length;
};

/* "00F0" and "f0" are the same, in any base. */
static void leave_zeros_out(const char **text, size_t *length)
{
    while (*length > 1 && **text == '0') {
        (*text)++;
        (*length)--;
    }
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && (*text)[0] == ' ') {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && (*text)[*length - 1] == ' ')
        (*length)--;
    leave_zeros_out(text, length);
}

/* Takes one share from the head of *@text, which has *@left bytes. */
static bool next_share(const char **text, size_t *left, struct share *ret)
{
    const char *end, *equals;
    size_t length;

    if (*left == 0)
        return false;
    end = memchr(*text, ';', *left);
    length = end != NULL ? (size_t)(end - *text) : *left;
    equals = memchr(*text, '=', length);
    *ret = (struct share){.domain = *text, .domain_length = length};
    if (equals != NULL) {
        ret->domain_length = (size_t)(equals - *text);
        ret->value = equals + 1;
        ret->value_length = length - ret->domain_length - 1;
        trim(&ret->value, &ret->value_length);
    }
    trim(&ret->domain, &ret->domain_length);
    *text += length + (end != NULL);
    *left -= length + (end != NULL);
    return true;
}

static bool same(const char *one, size_t one_length, const char *other, size_t other_length)
{
    return one_length == other_length && strncasecmp(one, other, one_length) == 0;
}

static bool has_share(const char *text, size_t left, const struct share *wanted)
{
    struct share share;

    while (next_share(&text, &left, &share)) {
        if (same(share.domain, share.domain_length, wanted->domain, wanted->domain_length))
            return same(share.value, share.value_length, wanted->value, wanted->value_length);
    }
    return false;
}

bool schemata_allot(const char *schemata, const char *line)
{
    size_t length, left = strlen(line), head = strcspn(line, ":");
    const char *found = schemata_find_line(schemata, line, &length);
    struct share wanted;

    if (found == NULL || line[head] != ':')
        return false;
    line += head + 1;
    left -= head + 1;
    while (next_share(&line, &left, &wanted)) {
        if (wanted.value == NULL || !has_share(found + head + 1, length - head - 1, &wanted))
            return false;
    }
    return true;
}
