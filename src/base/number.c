/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/number.h"

#include <errno.h>
#include <stdbool.h>

int parse_u64_prefix(const char **text, uint64_t *ret)
{
    const char *digit = *text;
    uint64_t value = 0;

    if (*digit < '0' || *digit > '9')
        return -EINVAL;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value))
            return -ERANGE;
    }
    *text = digit;
    *ret = value;
    return 0;
}

int parse_u64(const char *text, uint64_t *ret)
{
    uint64_t value;
    int r = parse_u64_prefix(&text, &value);

    if (r < 0)
        return r;
    if (*text != '\0')
        return -EINVAL;
    *ret = value;
    return 0;
}

int parse_u32(const char *text, uint32_t *ret)
{
    uint64_t value;
    int r = parse_u64(text, &value);

    if (r < 0)
        return r;
    if (value > UINT32_MAX)
        return -ERANGE;
    *ret = (uint32_t)value;
    return 0;
}

int parse_i64(const char *text, int64_t *ret)
{
    bool negative = *text == '-';
    uint64_t magnitude;
    int r = parse_u64(text + negative, &magnitude);

    if (r < 0)
        return r;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return -ERANGE;
    *ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return 0;
}

int parse_i32(const char *text, int32_t *ret)
{
    int64_t value;
    int r = parse_i64(text, &value);

    if (r < 0)
        return r;
    if (value < INT32_MIN || value > INT32_MAX)
        return -ERANGE;
    *ret = (int32_t)value;
    return 0;
}

unsigned format_u64(char *out, uint64_t number)
{
    char reversed[20];
    unsigned count = 0;

    do {
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (unsigned i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    out[count] = '\0';
    return count;
}
