/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Did you mean": the nearest word by edit distance, ignoring case. */
#include <stdint.h>
#include <string.h>

#include "ocispec/diagnostic.h"

#define WORD_MAX 63 /* longer words get no suggestion */

static unsigned char lower(char character)
{
    unsigned char byte = (unsigned char)character;

    return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn one into the other. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *older = rows[0], *previous = rows[1], *current = rows[2];

    for (size_t j = 0; j <= b_length; j++)
        previous[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *reused = older;

        current[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            unsigned best = previous[j - 1] + (same ? 0 : 1);

            best = least(best, least(previous[j], current[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                best = least(best, older[j - 2] + 1);
            current[j] = best;
        }
        older = previous;
        previous = current;
        current = reused;
    }
    return previous[b_length];
}

const char *oci_suggest(const char *word, size_t length, const char *const *candidates)
{
    const char *best = NULL;
    unsigned best_distance;

    if (length == 0 || length > WORD_MAX)
        return NULL;
    best_distance = (unsigned)(length < 3 ? 1 : length / 3) + 1;
    for (; *candidates != NULL; candidates++) {
        size_t candidate_length = strlen(*candidates);
        unsigned distance;

        if (candidate_length > WORD_MAX)
            continue;
        distance = edit_distance(word, length, *candidates, candidate_length);
        if (distance < best_distance) {
            best_distance = distance;
            best = *candidates;
        }
    }
    return best;
}
