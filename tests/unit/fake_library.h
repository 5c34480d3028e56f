/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A libdray that writes down what it is asked for. */
#ifndef DRAY_TESTS_UNIT_FAKE_LIBRARY_H
#define DRAY_TESTS_UNIT_FAKE_LIBRARY_H

#define FAKE_CALLS_SIZE 4096

/* What it was asked for since a test emptied the text. */
extern char fake_calls[FAKE_CALLS_SIZE];

#endif
