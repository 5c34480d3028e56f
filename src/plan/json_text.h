/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON written straight into a buffer of the right size: measured first, then written.  dray. */
#ifndef DRAY_PLAN_JSON_TEXT_H
#define DRAY_PLAN_JSON_TEXT_H

#include <stddef.h>

struct json_text {
    char *out;     /* NULL: only measure */
    size_t length; /* bytes so far, without a NUL, which is not written */
};

/* As it is. */
void json_add_raw(struct json_text *text, const char *raw);

/* As a JSON string: quoted, RFC 8259's characters escaped, "/" not. */
void json_add_string(struct json_text *text, const char *string);

#endif
