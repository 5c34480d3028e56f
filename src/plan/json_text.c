/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/json_text.h"

#include <string.h>

static void add(struct json_text *text, const char *bytes, size_t length)
{
    if (text->out != NULL)
        memcpy(text->out + text->length, bytes, length);
    text->length += length;
}

void json_add_raw(struct json_text *text, const char *raw)
{
    add(text, raw, strlen(raw));
}

static void add_escape(struct json_text *text, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef", controls[] = "\b\t\n\f\r", letters[] = "btnfr";
    const char *control = memchr(controls, byte, sizeof(controls) - 1);
    char escape[6] = {'\\', (char)byte};
    size_t length = 2;

    if (control != NULL) {
        escape[1] = letters[control - controls];
    } else if (byte < 0x20) {
        memcpy(escape, "\\u00", 4);
        escape[4] = digits[byte >> 4];
        escape[5] = digits[byte & 15];
        length = 6;
    }
    add(text, escape, length);
}

void json_add_string(struct json_text *text, const char *string)
{
    const char *plain = string;

    add(text, "\"", 1);
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;

        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        add(text, plain, (size_t)(string - plain));
        add_escape(text, byte);
        plain = string + 1;
    }
    add(text, plain, (size_t)(string - plain));
    add(text, "\"", 1);
}
