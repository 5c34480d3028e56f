/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's list of containers as structs.  Runs in dray. */
#ifndef DRAY_CLI_LISTING_H
#define DRAY_CLI_LISTING_H

#include <dray/dray.h>

#include "base/error.h"
#include "ocispec/ocispec.h"

struct listed_container {
    const char *id;
    int32_t pid;
    const char *status;
    const char *bundle;
    const char *created;
    const char *owner;
};

/* Everything is owned by @arena. */
struct listing {
    struct listed_container *containers;
    size_t containers_count;
};

/*
 * Reads the array that dray_list() returns.  Returns 0, or a negative errno value with *@error.
 */
int listing_read(const char *json, struct oci_arena *arena, struct listing **ret,
                 struct error *error);

#endif
