/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Origins of operations as JSON pointers; runs in dray and in the stage. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

static const char *const templates[ORIGIN_COUNT] = {
#define ORIGIN(name, pointer) [ORIGIN_##name] = pointer,
#include "plan/origin.def"
#undef ORIGIN
};

/* Appends @key escaped as RFC 6901 wants it: "~" is "~0", "/" is "~1". */
static void append_escaped(char *out, size_t size, const char *key)
{
    size_t length = strlen(out);

    for (; *key != '\0' && length + 3 < size; key++) {
        if (*key == '~' || *key == '/') {
            out[length++] = '~';
            out[length++] = *key == '~' ? '0' : '1';
        } else {
            out[length++] = *key;
        }
    }
    out[length] = '\0';
}

void plan_origin_explain(const struct plan *plan, struct plan_origin origin, struct error *error)
{
    const char *template, *place;
    char pointer[sizeof(error->pointer)];
    size_t head;

    if (origin.kind == ORIGIN_NONE || origin.kind >= ORIGIN_COUNT)
        return;
    template = templates[origin.kind];
    place = strchr(template, '%');
    if (place == NULL) {
        error_set_pointer(error, "%s", template);
        return;
    }
    head = (size_t)(place - template);
    memcpy(pointer, template, head);
    pointer[head] = '\0';
    if (place[1] == 'u')
        snprintf(pointer + head, sizeof(pointer) - head, "%u", origin.index);
    else if (place[1] == 'p' && origin.index != 0 && origin.index < plan->size)
        snprintf(pointer + head, sizeof(pointer) - head, "%s", plan_text(plan, origin.index));
    else if (origin.index != 0 && origin.index < plan->size)
        append_escaped(pointer, sizeof(pointer), plan_text(plan, origin.index));
    error_set_pointer(error, "%s%s", pointer, place + 2);
}
