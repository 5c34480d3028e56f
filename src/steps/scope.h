/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of a container's scope, and whose systemd it is of; runs in dray. */
#ifndef DRAY_STEPS_SCOPE_H
#define DRAY_STEPS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/*
 * Journal record: a unit that was asked for.  The description tells it from a unit of the same name
 * that somebody else made since.
 */
struct scope_record {
    uint32_t size; /* bytes in use; the rest is not stored */
    uint8_t user;  /* of the user's systemd */
    uint8_t padding[3];
    char unit[256];
    char description[1280];
};

/* True when the "systemd" that this process sees is another user's: then the caller's is meant. */
bool scope_is_of_user(bool rootless, bool in_user_namespace);

/* Fills in a record for a container's scope around the process. */
void scope_describe(const struct plan *plan, pid_t pid, uint64_t start_time,
                    struct scope_record *ret);

/* Checks a record that was stored; -EPROTO without an error set when it is damaged. */
int scope_read_record(const void *payload, size_t length, struct scope_record *ret);

#endif
