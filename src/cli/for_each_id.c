/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kill and delete share: one container, or with --regex several.  Runs in dray. */
#include <regex.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/listing.h"

static int compile(regex_t *regex, const char *expression, struct error *error)
{
    char reason[128];
    int result = regcomp(regex, expression, REG_EXTENDED | REG_NOSUB);

    if (result == 0)
        return 0;
    regerror(result, regex, reason, sizeof(reason));
    return error_set(error, ERROR_USAGE, 0, "\"%s\" is no regular expression: %s", expression,
                     reason);
}

/* The code of that name; the library hands it out as text. */
static enum error_code code_of(const char *name)
{
    for (uint32_t code = 1; code < ERROR_CODE_COUNT; code++) {
        if (strcmp(error_code_name(code), name) == 0)
            return (enum error_code)code;
    }
    return ERROR_SYSTEM;
}

static int visit(struct invocation *invocation, const struct listing *listing, const regex_t *regex,
                 int (*act)(struct invocation *invocation, const char *id))
{
    int first_fault = 0;

    for (size_t i = 0; i < listing->containers_count; i++) {
        const char *id = listing->containers[i].id;
        int result = 0;

        if (regexec(regex, id, 0, NULL, 0) == 0)
            result = act(invocation, id);
        if (result == 0 || first_fault < 0)
            continue;
        /* The library forgets its error with the next call. */
        first_fault = result;
        error_set(&invocation->error, code_of(dray_error_code(invocation->dray)), 0, "%s",
                  dray_error_message(invocation->dray));
    }
    return first_fault;
}

int command_for_each_id(struct invocation *invocation,
                        int (*act)(struct invocation *invocation, const char *id))
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    _cleanup_free_ char *json = NULL;
    struct listing *listing;
    regex_t regex;
    int result;

    if (!invocation->arguments.regex)
        return act(invocation, command_id(invocation));
    result = dray_list(invocation->dray, &json);
    if (result < 0)
        return result;
    oci_arena_init(&arena);
    result = listing_read(json, &arena, &listing, &invocation->error);
    if (result == 0)
        result = compile(&regex, command_id(invocation), &invocation->error);
    if (result < 0)
        return result;
    result = visit(invocation, listing, &regex, act);
    regfree(&regex);
    return result;
}
