/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How dray asks the helper: one fixed-layout request on the helper's standard input, a SEQPACKET
 * socket, and one reply back.  The helper is dynamic, so that libmount need not be in dray.
 *
 * Without an argument it answers one request about mounts; with "seccomp" it is the process of
 * plugins (helper/plugins.h).
 */
#ifndef DRAY_HELPER_PROTOCOL_H
#define DRAY_HELPER_PROTOCOL_H

#include <stdint.h>

#include "base/error.h"

#define HELPER_MAGIC 0x33706c68u /* "hlp3": changes with the layout */

enum helper_operation {
    HELPER_UNMOUNT_BELOW = 1, /* unmounts everything below path, the last mount first */
    HELPER_COUNT_BELOW = 2,   /* counts the mounts below path */
};

struct helper_request {
    uint32_t magic;
    uint32_t operation; /* enum helper_operation */
    char path[4096];
};

/* The paths and the name are what plugins are told. */
struct helper_plugins_request {
    uint32_t magic;
    char plugins[4096]; /* names of shared objects, with ":" between them */
    char name[1280];    /* the container's */
    char state_directory[4096];
    char bundle[4096];
    char config[4096]; /* the configuration that the container was made with */
};

struct helper_reply {
    int32_t result; /* 0 or a count, or a negative errno value */
    struct error error;
};

#endif
