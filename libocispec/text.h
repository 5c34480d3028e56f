/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at JSON as bytes: before it is parsed, and to find places in it afterwards. */
#ifndef OCISPEC_TEXT_H
#define OCISPEC_TEXT_H

#include <stddef.h>

/*
 * Checks that @text is UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF)
 * that escapes of surrogates come in pairs and that blanks are JSON's, since the lexer is lax in
 * these.
 * Returns NULL, or what is wrong, with its place in *@ret_offset.
 */
const char *text_check(const char *text, size_t length, size_t *ret_offset);

/* Length of the well-formed UTF-8 sequence at @text, of which @left bytes may be read, or 0. */
size_t text_utf8_sequence(const char *text, size_t left);

/* Where the token that ends in front of @end begins. */
size_t text_token_start(const char *text, size_t end);

#endif
