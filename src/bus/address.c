/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/address.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define TRANSPORT "unix:"

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *place;

    if (digit >= 'A' && digit <= 'F')
        digit = (char)(digit - 'A' + 'a');
    place = digit != '\0' ? strchr(digits, digit) : NULL;
    return place != NULL ? (int)(place - digits) : -1;
}

/* Reads the value at @text, of @length bytes, with its escapes (%20).  Its length, or -EINVAL. */
static int unescape(const char *text, size_t length, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        char byte = text[i];

        if (byte == '%') {
            int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
            int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;

            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return -EINVAL;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (used >= size)
            return -EINVAL;
        out[used++] = byte;
    }
    return (int)used;
}

static int read_socket(const char *value, size_t length, bool abstract, struct bus_address *ret)
{
    char *path = ret->name.sun_path;
    int used;

    memset(ret, 0, sizeof(*ret));
    ret->name.sun_family = AF_UNIX;
    /* an abstract name has a NUL in front, a path has one behind */
    used = unescape(value, length, path + (abstract ? 1 : 0), sizeof(ret->name.sun_path) - 1);
    if (used <= 0 || (!abstract && path[0] != '/'))
        return -EINVAL;
    ret->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)used + 1);
    return 1;
}

/* "key=value,key=value": the guid and keys to come do not matter. */
static int read_keys(const char *keys, size_t length, struct bus_address *ret)
{
    static const char path[] = "path=", abstract[] = "abstract=";
    int r = -EOPNOTSUPP;

    while (length > 0) {
        const char *comma = memchr(keys, ',', length);
        size_t size = comma != NULL ? (size_t)(comma - keys) : length;

        if (size >= sizeof(path) - 1 && memcmp(keys, path, sizeof(path) - 1) == 0)
            r = read_socket(keys + sizeof(path) - 1, size - sizeof(path) + 1, false, ret);
        else if (size >= sizeof(abstract) - 1 && memcmp(keys, abstract, sizeof(abstract) - 1) == 0)
            r = read_socket(keys + sizeof(abstract) - 1, size - sizeof(abstract) + 1, true, ret);
        if (r != -EOPNOTSUPP)
            return r;
        keys += size + (comma != NULL);
        length -= size + (comma != NULL);
    }
    return r;
}

int bus_address_next(const char **text, struct bus_address *ret)
{
    const char *address = *text;
    struct bus_address read;
    size_t length;
    int r;

    while (*address == ';')
        address++;
    length = strcspn(address, ";");
    *text = address + length;
    if (length == 0)
        return 0;
    if (memchr(address, ':', length) == NULL)
        return -EINVAL;
    if (strncmp(address, TRANSPORT, sizeof(TRANSPORT) - 1) != 0)
        return -EOPNOTSUPP;
    r = read_keys(address + sizeof(TRANSPORT) - 1, length - sizeof(TRANSPORT) + 1, &read);
    if (r > 0)
        *ret = read;
    return r;
}

int bus_address_of_path(const char *directory, const char *name, struct bus_address *ret)
{
    struct bus_address address = {.name.sun_family = AF_UNIX};
    int used =
        snprintf(address.name.sun_path, sizeof(address.name.sun_path), "%s/%s", directory, name);

    if (directory[0] != '/')
        return -EINVAL;
    if (used < 0 || (size_t)used >= sizeof(address.name.sun_path))
        return -ENAMETOOLONG;
    address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)used + 1);
    *ret = address;
    return 0;
}
