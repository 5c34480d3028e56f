/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/number_list.h"

#include <errno.h>
#include <stddef.h>

#include "base/number.h"

/*
 * Takes one "7" or "0-3" from the head of *@text, with the comma that follows it.
 * Returns 1, 0 at the end of the list, or a negative errno value.
 */
static int take_range(const char **text, uint32_t limit, uint64_t *ret_first, uint64_t *ret_last)
{
    int r;

    if (**text == '\0')
        return 0;
    r = parse_u64_prefix(text, ret_first);
    if (r < 0)
        return r;
    *ret_last = *ret_first;
    if (**text == '-') {
        (*text)++;
        r = parse_u64_prefix(text, ret_last);
        if (r < 0)
            return r;
    }
    if (*ret_last < *ret_first)
        return -EINVAL;
    if (*ret_last >= limit)
        return -ERANGE;
    if (**text == ',') {
        (*text)++;
        return **text != '\0' ? 1 : -EINVAL;
    }
    return **text == '\0' ? 1 : -EINVAL;
}

static void set_bits(uint64_t *words, uint64_t first, uint64_t last)
{
    for (uint64_t word = first / 64; word <= last / 64; word++) {
        uint64_t bits = UINT64_MAX;

        if (word == first / 64)
            bits &= UINT64_MAX << first % 64;
        if (word == last / 64)
            bits &= UINT64_MAX >> (63 - last % 64);
        words[word] |= bits;
    }
}

int plan_add_number_list(struct plan_builder *builder, const char *text, uint32_t limit,
                         struct plan_array *ret_mask)
{
    uint64_t first, last, largest = 0, *words;
    const char *rest = text;
    int r;

    if (*text == '\0')
        return -EINVAL;
    while ((r = take_range(&rest, limit, &first, &last)) > 0)
        if (last > largest)
            largest = last;
    if (r < 0)
        return r;
    words = plan_add_array(builder, sizeof(*words), largest / 64 + 1, ret_mask);
    if (words == NULL)
        return -ENOMEM;
    for (rest = text; take_range(&rest, limit, &first, &last) > 0;)
        set_bits(words, first, last);
    return 0;
}
