/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snprintf() of a static program that is linked with musl, in the place of libc's: see format.c.
 * glibc's cannot be replaced, as other parts of that library rely on what is beside it.
 */
#include <stdio.h>

#include "base/format.h"

#ifndef __GLIBC__
int vsnprintf(char *out, size_t size, const char *format, va_list list)
{
    return format_text_list(out, size, format, list);
}

int snprintf(char *out, size_t size, const char *format, ...)
{
    va_list list;
    int length;

    va_start(list, format);
    length = format_text_list(out, size, format, list);
    va_end(list);
    return length;
}
#endif
