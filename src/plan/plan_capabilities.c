/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans the capability sets.  What cannot be granted is left out with a warning, as runc does:
 * engines ask for the full set also where the caller lacks some.  Runs in dray.
 */
#include <stdio.h>
#include <string.h>

#include "plan/capability_names.h"
#include "plan/plan_process_parts.h"

/* Appends the names of the bits of @set, ", " between them, to @text. */
static void list_names(uint64_t set, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (unsigned number = 0; number < 64 && length < size; number++) {
        const char *name = capability_name(number);

        if ((set >> number & 1) == 0 || name == NULL)
            continue;
        length +=
            (size_t)snprintf(text + length, size - length, "%s%s", length > 0 ? ", " : "", name);
    }
}

/* One warning naming all of @set; nothing when it is empty. */
static void warn_of(struct plan_builder *builder, uint64_t set, const char *why)
{
    char names[1024];

    if (set == 0)
        return;
    list_names(set, names, sizeof(names));
    plan_warn(builder, ORIGIN_CAPABILITIES, 0, "%s: %s", why, names);
}

/* The bits of a list; unknown names are ignored with one warning for the whole object. */
static uint64_t parse_set(struct plan_builder *builder, const struct oci_strings *names,
                          uint64_t known)
{
    uint64_t set = 0;

    for (size_t i = 0; i < names->count; i++) {
        int number = capability_from_name(names->items[i]);
        uint64_t bit = number >= 0 ? (uint64_t)1 << number : 0;

        if ((bit & known) == 0)
            plan_warn(builder, ORIGIN_CAPABILITIES, 0, "unknown capability \"%s\" is ignored",
                      names->items[i]);
        set |= bit & known;
    }
    return set;
}

/* Keeps each set within what the kernel lets the stage set. */
static void limit_sets(const struct plan_input *input, struct plan_builder *builder,
                       struct plan_capabilities *sets)
{
    uint64_t bounding = input->host->bounding, permitted = input->host->capabilities;
    uint64_t refused;

    /* in a user namespace of its own the stage has them all, whatever the caller has */
    if (plan_has_user_namespace(input->spec))
        bounding = permitted = UINT64_MAX;
    refused = sets->bounding & ~bounding;
    refused |= (sets->effective | sets->permitted | sets->inheritable) & ~permitted;
    warn_of(builder, refused, "not granted, because the caller does not have them");
    sets->bounding &= bounding;
    sets->permitted &= permitted;
    sets->effective &= permitted;
    sets->inheritable &= permitted;
    sets->ambient &= permitted;

    warn_of(builder, sets->effective & ~sets->permitted,
            "not made effective, because they are not in the permitted set");
    sets->effective &= sets->permitted;
    warn_of(builder, sets->inheritable & ~sets->bounding,
            "not made inheritable, because they are not in the bounding set");
    sets->inheritable &= sets->bounding;
    warn_of(builder, sets->ambient & ~(sets->permitted & sets->inheritable),
            "not made ambient, because they are not both permitted and inheritable");
    sets->ambient &= sets->permitted & sets->inheritable;
}

int plan_process_capabilities(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_capabilities *asked = input->process->capabilities;
    struct plan_capabilities *sets = &builder->plan->process.capabilities;
    uint64_t known = UINT64_MAX;

    if (asked == NULL)
        return 0; /* no capabilities object: no capability */
    if (input->host->last_capability < 63)
        known = ((uint64_t)2 << input->host->last_capability) - 1;
    sets->bounding = parse_set(builder, &asked->bounding, known);
    sets->effective = parse_set(builder, &asked->effective, known);
    sets->permitted = parse_set(builder, &asked->permitted, known);
    sets->inheritable = parse_set(builder, &asked->inheritable, known);
    sets->ambient = parse_set(builder, &asked->ambient, known);
    limit_sets(input, builder, sets);
    return 0;
}
