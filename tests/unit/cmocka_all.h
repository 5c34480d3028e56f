/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmocka wants these in front of it. */
#ifndef DRAY_TESTS_UNIT_CMOCKA_ALL_H
#define DRAY_TESTS_UNIT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
