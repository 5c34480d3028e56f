/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Integers as text: JSON numbers are never made into doubles here. */
#include "number.h"

enum number_result number_parse(const char *text, size_t length, bool *ret_negative,
                                uint64_t *ret_magnitude)
{
    bool negative = length > 0 && text[0] == '-';
    bool overflow = false;
    uint64_t magnitude = 0;

    for (size_t i = negative ? 1 : 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return NUMBER_NOT_INTEGER;
        overflow |= __builtin_mul_overflow(magnitude, 10, &magnitude);
        overflow |= __builtin_add_overflow(magnitude, (uint64_t)(text[i] - '0'), &magnitude);
    }
    if (negative && magnitude == 0 && !overflow)
        return NUMBER_NOT_INTEGER;
    if (overflow || (negative && magnitude > (uint64_t)1 << 63))
        return NUMBER_OUT_OF_RANGE;
    *ret_negative = negative;
    *ret_magnitude = magnitude;
    return NUMBER_OK;
}
