/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The target's parts that unit tests use too. */
#ifndef DRAY_TESTS_FUZZ_FUZZ_OCISPEC_H
#define DRAY_TESTS_FUZZ_FUZZ_OCISPEC_H

#include <stddef.h>
#include <stdint.h>

#include "ocispec/table.h"

/* Aborts when libocispec breaks a promise about this text. */
void fuzz_document(const struct oci_table *table, const char *text, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
