/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A writer for the JSON the probe prints: it keeps the commas, the caller keeps the order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Containers of the document; every begin has its end. */
void json_begin(char bracket);
void json_end(char bracket);

/* Names the value that follows, inside an object. */
void json_key(const char *key);

void json_string(const char *text);
/* Bytes of any kind; what is not printable ASCII is written as a u00XX escape of that byte. */
void json_bytes(const char *bytes, size_t length);
void json_integer(long long value);
void json_unsigned(unsigned long long value);
void json_bool(bool value);
void json_null(void);

/* "KEY": value, in one call. */
void json_put_string(const char *key, const char *text);
void json_put_integer(const char *key, long long value);
void json_put_bool(const char *key, bool value);

/* Ends the line, so that a reader can take one document a line, and flushes. */
void json_finish(void);
