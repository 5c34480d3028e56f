/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exact integers from the text of JSON numbers. */
#ifndef OCISPEC_NUMBER_H
#define OCISPEC_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum number_result {
    NUMBER_OK,
    NUMBER_NOT_INTEGER,  /* a fraction, an exponent or "-0" */
    NUMBER_OUT_OF_RANGE, /* of -2^63 to 2^64 - 1 */
};

/* @text is a number by JSON's grammar.  The value is *@ret_magnitude, negative if *@ret_negative.
 */
enum number_result number_parse(const char *text, size_t length, bool *ret_negative,
                                uint64_t *ret_magnitude);

#endif
