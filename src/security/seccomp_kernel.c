/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the kernel by calls that cannot succeed: a filter at address 0 is EFAULT once the flags have
 * been accepted, EINVAL before.  Runs in dray.
 */
#include "security/seccomp_kernel.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "security/seccomp_arch.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static bool knows_flags(unsigned long flags)
{
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

bool seccomp_kernel_has_filters(void)
{
    return knows_flags(0);
}

static uint32_t flag_bit(unsigned word)
{
    switch (word) {
    case OCI_SECCOMP_FLAG_TSYNC:
        return SECCOMP_FILTER_FLAG_TSYNC;
    case OCI_SECCOMP_FLAG_LOG:
        return SECCOMP_FILTER_FLAG_LOG;
    case OCI_SECCOMP_FLAG_SPEC_ALLOW:
        return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    default:
        return SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    }
}

static bool knows_flag(unsigned word)
{
    /* refused on its own */
    unsigned long beside =
        word == OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;

    return knows_flags(flag_bit(word) | beside);
}

uint32_t seccomp_kernel_flags(void)
{
    uint32_t flags = 0;

    for (unsigned word = OCI_SECCOMP_FLAG_NONE + 1; word < OCI_SECCOMP_FLAG_COUNT; word++)
        if (knows_flag(word))
            flags |= flag_bit(word);
    return flags;
}

static bool always(unsigned word)
{
    return word != 0;
}

static bool knows_arch(unsigned word)
{
    struct filter_arch arch;

    return filter_arch_find((enum oci_seccomp_arch)word, &arch) == 0;
}

/* The words of @set that @is_offered, sorted. */
static int list_words(const struct oci_words *set, bool (*is_offered)(unsigned word),
                      struct oci_arena *arena, struct oci_strings *ret)
{
    const char **items = oci_arena_alloc_array(arena, set->count, sizeof(*items));
    size_t count = 0;

    if (items == NULL)
        return -ENOMEM;
    for (unsigned word = 1; word < set->count; word++) {
        size_t at = count;

        if (!is_offered(word))
            continue;
        for (; at > 0 && strcmp(items[at - 1], set->words[word]) > 0; at--)
            items[at] = items[at - 1];
        items[at] = set->words[word];
        count++;
    }
    *ret = (struct oci_strings){.items = items, .count = count, .set = true};
    return 0;
}

int seccomp_describe(struct oci_arena *arena, struct oci_features_seccomp *ret)
{
    struct oci_features_seccomp made = {
        .enabled = {.set = true, .value = seccomp_kernel_has_filters()}};

    if (list_words(&oci_seccomp_action_words, always, arena, &made.actions) < 0 ||
        list_words(&oci_seccomp_operator_words, always, arena, &made.operators) < 0 ||
        list_words(&oci_seccomp_arch_words, knows_arch, arena, &made.archs) < 0 ||
        list_words(&oci_seccomp_flag_words, always, arena, &made.known_flags) < 0 ||
        list_words(&oci_seccomp_flag_words, knows_flag, arena, &made.supported_flags) < 0)
        return -ENOMEM;
    *ret = made;
    return 0;
}
