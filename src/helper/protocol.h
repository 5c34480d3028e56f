/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How dray asks the helper: one fixed-layout request on the helper's standard input, a SEQPACKET
 * socket, and one reply back.  The helper is dynamic, so that libmount and libsystemd need not be
 * in dray.
 *
 * With the argument "system" or "user" the helper connects to that bus before it is asked anything,
 * and answers requests about units until dray closes its end; without, it answers one about mounts.
 * With "seccomp" it is the process of plugins (helper/plugins.h).
 */
#ifndef DRAY_HELPER_PROTOCOL_H
#define DRAY_HELPER_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define HELPER_MAGIC 0x32706c68u /* "hlp2": changes with the layout */

enum helper_operation {
    HELPER_UNMOUNT_BELOW = 1, /* unmounts everything below path, the last mount first */
    HELPER_COUNT_BELOW = 2,   /* counts the mounts below path */
    HELPER_UNIT_START = 3,    /* makes a scope around a process; waits until it is there */
    HELPER_UNIT_SET = 4,      /* sets properties; what they were is kept for RESTORE */
    HELPER_UNIT_RESTORE = 5,  /* puts back what SET replaced */
    HELPER_UNIT_STOP = 6,     /* if it is the described one: stops it and forgets its failure */
    HELPER_UNIT_ATTACH = 7,   /* moves a process into a scope that is there */
};

struct helper_request {
    uint32_t magic;
    uint32_t operation; /* enum helper_operation */
    char path[4096];
};

#define HELPER_NAME_MAX       256   /* systemd's UNIT_NAME_MAX, with the NUL */
#define HELPER_DESCRIPTION    1280  /* an id and some words */
#define HELPER_PROPERTIES_MAX 65536 /* bytes */

struct helper_unit_request {
    uint32_t magic;
    uint32_t operation; /* enum helper_operation */
    int32_t pid;
    int32_t deadline_ms; /* for all of it */
    char unit[HELPER_NAME_MAX];
    char slice[HELPER_NAME_MAX];
    char subgroup[HELPER_NAME_MAX];       /* ATTACH: below the unit's cgroup; or "" */
    char description[HELPER_DESCRIPTION]; /* whose unit it is */
    uint32_t properties_size;             /* bytes in use; the rest is not sent */
    char properties[HELPER_PROPERTIES_MAX];
};

/* In front of each property in the request; then name, signature, value (plan/unit_value.h). */
struct helper_property {
    uint16_t name_length;
    uint8_t signature_length;
    uint8_t optional;
    uint32_t value_length;
};

/* Bytes of a request that are sent. */
static inline size_t helper_unit_request_size(const struct helper_unit_request *request)
{
    return offsetof(struct helper_unit_request, properties) + request->properties_size;
}

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
