/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session keyring.  Runs in the stage. */
#ifndef DRAY_SECURITY_KEYRING_H
#define DRAY_SECURITY_KEYRING_H

#include "plan/plan.h"

/*
 * Joins a new session keyring with the name of the plan (create), or the container's by that name
 * (exec), so that keys of the caller are out of reach; its permissions let processes of the
 * container's user search it.  Does nothing when the plan wants none.  A kernel without keyrings is
 * no error.
 */
int keyring_join(const struct plan *plan, struct error *error);

#endif
