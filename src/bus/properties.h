/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan's properties of a unit as parts of a D-Bus message; runs in dray. */
#ifndef DRAY_BUS_PROPERTIES_H
#define DRAY_BUS_PROPERTIES_H

#include "bus/marshal.h"
#include "plan/plan_unit.h"

/*
 * Adds (sv).  Returns 0, or -EPROTO when value and signature do not fit; whether there was room is
 * in the writer.
 */
int bus_put_property(struct bus_writer *writer, const struct plan *plan,
                     const struct plan_unit_property *property);

/* Adds (sv) of a text, and begins one of another type, whose value follows. */
void bus_put_text_property(struct bus_writer *writer, const char *name, const char *text);
void bus_begin_property(struct bus_writer *writer, const char *name, const char *signature);

#endif
