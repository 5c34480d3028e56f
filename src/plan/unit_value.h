/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of D-Bus types as plain bytes, for the plan and for messages to the helper.  A signature
 * tells how to read them; in its order there stand, unaligned, in the machine's byte order:
 *
 *     y b n q i u x t d    8 bytes: the number, sign-extended; for d its bits
 *     s o g                4 bytes of length, then the text without a NUL
 *     a…                   4 bytes: how many elements follow
 *     (…)                  its members
 *
 * The list of properties that is built while planning is here, too.  Runs in dray only.
 */
#ifndef DRAY_PLAN_UNIT_VALUE_H
#define DRAY_PLAN_UNIT_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "plan/builder.h"

/* A value in the making, in the builder's scratch memory. */
struct unit_value {
    struct plan_builder *builder;
    char *bytes;
    size_t length;
    size_t capacity;
    bool failed; /* out of memory */
};

void unit_value_add_number(struct unit_value *value, uint64_t number);
void unit_value_add_text(struct unit_value *value, const char *text, size_t length);
/* Returns where the count stands, for unit_value_set_count(). */
size_t unit_value_add_count(struct unit_value *value, uint32_t count);
void unit_value_set_count(struct unit_value *value, size_t place, uint32_t count);

/* A list of properties in the making. */
struct unit_properties {
    struct plan_unit_property *items;
    uint32_t count;
    uint32_t capacity;
};

/* Appends a property with that value; one of the same name that is there already is replaced. */
int unit_properties_add(struct unit_properties *list, const char *name, const char *signature,
                        struct unit_value *value, bool optional, struct plan_origin origin);

/* The same with one number or one text. */
int unit_properties_add_number(struct plan_builder *builder, struct unit_properties *list,
                               const char *name, const char *signature, uint64_t number,
                               bool optional, struct plan_origin origin);
int unit_properties_add_text(struct plan_builder *builder, struct unit_properties *list,
                             const char *name, const char *text, struct plan_origin origin);

/* Copies the list into the plan. */
int unit_properties_finish(const struct unit_properties *list, struct plan_builder *builder,
                           struct plan_array *ret);

/*
 * Reads the text form of a GVariant (as in runc's and crun's annotations) as a value of
 * @signature, which a type prefix in the text must agree with: basic types but objects, and arrays
 * and tuples of them.  Returns 0, -EINVAL (not of that type, or not the text of a value) or -ERANGE
 * without an error set, or -ENOMEM with one.
 */
int unit_value_parse(struct unit_value *value, const char *signature, const char *text);

#endif
