/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checking functions of _FORTIFY_SOURCE, which the distribution's archives of yajl, libseccomp
 * and libcap call because they were built with glibc's headers.  Part of a program that is linked
 * with musl, which has no such functions, and of no other.  The names are glibc's (the Linux
 * Standard Base documents them).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *target, const void *source, size_t length, size_t room);
int __snprintf_chk(char *target, size_t size, int flag, size_t room, const char *format, ...);
int __sprintf_chk(char *target, int flag, size_t room, const char *format, ...);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __asprintf_chk(char **ret, int flag, const char *format, ...);

void *__memcpy_chk(void *target, const void *source, size_t length, size_t room)
{
    if (length > room)
        abort();
    return memcpy(target, source, length);
}

int __snprintf_chk(char *target, size_t size, int flag, size_t room, const char *format, ...)
{
    va_list arguments;
    int length;

    (void)flag;
    if (size > room)
        abort();
    va_start(arguments, format);
    length = vsnprintf(target, size, format, arguments);
    va_end(arguments);
    return length;
}

int __sprintf_chk(char *target, int flag, size_t room, const char *format, ...)
{
    va_list arguments;
    int length;

    (void)flag;
    va_start(arguments, format);
    length = vsnprintf(target, room, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length >= room)
        abort();
    return length;
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    va_list arguments;
    int length;

    (void)flag;
    va_start(arguments, format);
    length = vfprintf(stream, format, arguments);
    va_end(arguments);
    return length;
}

int __asprintf_chk(char **ret, int flag, const char *format, ...)
{
    va_list arguments;
    int length;

    (void)flag;
    va_start(arguments, format);
    length = vasprintf(ret, format, arguments);
    va_end(arguments);
    return length;
}
