/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults of documents, as libocispec reports them, become errors. */
#ifndef DRAY_STEPS_FAULT_H
#define DRAY_STEPS_FAULT_H

#include "base/error.h"
#include "ocispec/ocispec.h"

/*
 * Fills in *@error from @fault.
 * @document: the file's name; @text: what it holds, to find line and column; may be NULL.
 * Returns -EINVAL.
 */
int fault_to_error(const struct oci_fault *fault, const char *document, const char *text,
                   size_t length, struct error *error);

#endif
