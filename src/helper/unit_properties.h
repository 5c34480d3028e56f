/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of a request as parts of a D-Bus message. */
#ifndef DRAY_HELPER_UNIT_PROPERTIES_H
#define DRAY_HELPER_UNIT_PROPERTIES_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "helper/protocol.h"

/* One property of a request; the texts are copies. */
struct unit_property {
    char name[128];
    char signature[16];
    bool optional;
    const char *value;
    size_t value_length;
};

/*
 * The property at *@place of the request, which is moved past it.
 * Returns 1, 0 at the end, -EPROTO when it is damaged.
 */
int unit_property_next(const struct helper_unit_request *request, size_t *place,
                       struct unit_property *ret);

/* Appends (sv).  -EPROTO when value and signature do not fit. */
int unit_property_append(sd_bus_message *message, const struct unit_property *property);

#endif
