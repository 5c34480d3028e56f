/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only way text becomes a number: decimal digits and nothing else, the whole text, range
 * checked.  No sign unless the type has one, no leading blanks, no "0x", no silent wrap-around.
 */
#ifndef DRAY_BASE_NUMBER_H
#define DRAY_BASE_NUMBER_H

#include <stdint.h>

/* Each returns 0, -EINVAL when @text is not a number at all, -ERANGE when it is too large. */
int parse_u64(const char *text, uint64_t *ret);
int parse_u32(const char *text, uint32_t *ret);
int parse_i64(const char *text, int64_t *ret);
int parse_i32(const char *text, int32_t *ret);

/*
 * Parses digits at the head of *@text and moves it past them; for lists such as "0-3,7".
 * Returns as parse_u64 does.
 */
int parse_u64_prefix(const char **text, uint64_t *ret);

/* Decimal digits of @number into @out (at least 21 bytes); returns their count. */
unsigned format_u64(char *out, uint64_t number);

#endif
