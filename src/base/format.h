/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formatted text: the part of snprintf(3) that we use. */
#ifndef DRAY_BASE_FORMAT_H
#define DRAY_BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * As snprintf(3) and vsnprintf(3), for the conversions c d i o p s u x X %, the flags "-0#", width,
 * precision and every length modifier of integers.  Another conversion appears in the text as it
 * stands in @format and takes no argument.
 */
int format_text(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int format_text_list(char *out, size_t size, const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));

#endif
