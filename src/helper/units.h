/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests about units of systemd's.  Uses sd-bus. */
#ifndef DRAY_HELPER_UNITS_H
#define DRAY_HELPER_UNITS_H

#include <stdbool.h>

#include "helper/protocol.h"

/* A connection and what was replaced through it; opaque. */
struct units;

/*
 * Begins to connect to the system's systemd or the user's; an error comes with the first answer.
 * @caller: a descriptor that ends all waiting when it is readable or hung up; -1.  NULL: out of
 * memory.
 */
struct units *units_open(bool user, int caller);
void units_close(struct units *units);

/* Answers a request; its strings and properties are checked.  0 or a negative errno value. */
int units_answer(struct units *units, const struct helper_unit_request *request,
                 struct error *error);

#endif
