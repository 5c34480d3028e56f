/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A writer for the JSON the probe prints; runs in the container under test. */
#include "json.h"

#include <stdio.h>
#include <string.h>

static bool comma_needed;

static void before_value(void)
{
    if (comma_needed) {
        putchar(',');
    }
    comma_needed = true;
}

void json_begin(char bracket)
{
    before_value();
    putchar(bracket);
    comma_needed = false;
}

void json_end(char bracket)
{
    putchar(bracket);
    comma_needed = true;
}

static void write_quoted(const char *bytes, size_t length)
{
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == '"' || byte == '\\') {
            printf("\\%c", byte);
        } else if (byte < 0x20 || byte > 0x7e) {
            printf("\\u%04x", byte);
        } else {
            putchar(byte);
        }
    }
    putchar('"');
}

void json_key(const char *key)
{
    before_value();
    write_quoted(key, strlen(key));
    putchar(':');
    comma_needed = false;
}

void json_bytes(const char *bytes, size_t length)
{
    before_value();
    write_quoted(bytes, length);
}

void json_string(const char *text)
{
    json_bytes(text, strlen(text));
}

void json_integer(long long value)
{
    before_value();
    printf("%lld", value);
}

void json_unsigned(unsigned long long value)
{
    before_value();
    printf("%llu", value);
}

void json_bool(bool value)
{
    before_value();
    fputs(value ? "true" : "false", stdout);
}

void json_null(void)
{
    before_value();
    fputs("null", stdout);
}

void json_put_string(const char *key, const char *text)
{
    json_key(key);
    json_string(text);
}

void json_put_integer(const char *key, long long value)
{
    json_key(key);
    json_integer(value);
}

void json_put_bool(const char *key, bool value)
{
    json_key(key);
    json_bool(value);
}

void json_finish(void)
{
    putchar('\n');
    fflush(stdout);
    comma_needed = false;
}
