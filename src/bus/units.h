/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units of systemd's, as org.freedesktop.systemd1(5) lets one make and change them: a container's
 * scope with the systemd cgroup manager.  Runs in dray.
 */
#ifndef DRAY_BUS_UNITS_H
#define DRAY_BUS_UNITS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "bus/connection.h"
#include "plan/plan.h"

/* A connection and what was replaced through it; opaque. */
struct units;

/*
 * Starts to connect to the system's systemd or to the user's; returns at once.  An error that is
 * not about dray itself comes with the first request.  Release with units_disconnect(); NULL is
 * fine.
 */
int units_connect(bool user, struct units **ret, struct error *error);
void units_disconnect(struct units *units);

/*
 * Asks for the plan's scope around process @pid, with a description that says whose unit it is.
 * The plan stays until units_await_start(), which returns when the scope is there.
 * @wake: what else ends the waiting; or NULL.
 */
int units_start(struct units *units, const struct plan *plan, const char *description, pid_t pid,
                struct error *error);
int units_await_start(struct units *units, const struct bus_wake *wake, struct error *error);

/* Sets the plan's properties of @unit; what they were is kept for units_restore(). */
int units_set(struct units *units, const struct plan *plan, const char *unit, struct error *error);
int units_restore(struct units *units, const char *unit, struct error *error);

/* Lets systemd move process @pid to the cgroup @below ("/a", or "/") of the unit's. */
int units_attach(struct units *units, const char *unit, const char *below, pid_t pid,
                 const struct bus_wake *wake, struct error *error);

/*
 * Stops the unit, if it is still the described one, and makes systemd forget its failure.
 * Connects for that alone.
 */
int units_stop(bool user, const char *unit, const char *description, struct error *error);

#endif
