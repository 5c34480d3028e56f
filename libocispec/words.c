/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The word sets of words.h, made from its lists. */
#include "ocispec/words.h"

#include <string.h>

#define WORD_TEXT(name, word) word,
#define WORD_SET(set, prefix, list)                                           \
    static const char *const set##_texts[] = {NULL, list(WORD_TEXT) NULL};    \
    const struct oci_words oci_##set##_words = {set##_texts, prefix##_COUNT}; \
    const char *oci_##set##_name(enum oci_##set value)                        \
    {                                                                         \
        return oci_word_name(&oci_##set##_words, value);                      \
    }
OCI_WORD_SETS(WORD_SET)

unsigned oci_word_value(const struct oci_words *set, const char *word, size_t length)
{
    for (unsigned value = 1; value < set->count; value++) {
        const char *candidate = set->words[value];

        if (strncmp(candidate, word, length) == 0 && candidate[length] == '\0')
            return value;
    }
    return 0;
}

const char *oci_word_name(const struct oci_words *set, unsigned value)
{
    return value < set->count ? set->words[value] : NULL;
}
