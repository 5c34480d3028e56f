/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The seam to the JSON lexer.  lex_yajl.c is the only file that knows which one it is; it calls
 * the read_*() functions below for every token.
 */
#ifndef OCISPEC_LEX_H
#define OCISPEC_LEX_H

#include <stdbool.h>
#include <stddef.h>

struct lexer;
struct reader;

enum lex_result {
    LEX_DONE,
    LEX_STOPPED, /* one of the functions below returned false */
    LEX_INVALID, /* not JSON */
    LEX_NO_MEMORY,
};

/* Lexes the whole of the reader's text.  *@ret_lexer is valid while this runs. */
enum lex_result lex_run(struct reader *reader, struct lexer **ret_lexer);

/* Offset of the byte behind the token that is being reported. */
size_t lex_offset(const struct lexer *lexer);

/* One call per token; false ends the lexing.  Strings are decoded, not terminated, and only valid
 * during the call. */
bool read_null(struct reader *reader);
bool read_bool(struct reader *reader, bool value);
bool read_number(struct reader *reader, const char *text, size_t length);
bool read_string(struct reader *reader, const char *text, size_t length);
bool read_key(struct reader *reader, const char *text, size_t length);
bool read_object_start(struct reader *reader);
bool read_object_end(struct reader *reader);
bool read_array_start(struct reader *reader);
bool read_array_end(struct reader *reader);

#endif
