/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loopback device of a new network namespace.  Runs in the stage. */
#ifndef DRAY_NAMESPACE_LOOPBACK_H
#define DRAY_NAMESPACE_LOOPBACK_H

#include "base/error.h"

/*
 * Brings "lo" up, which a new network namespace has down (netdevice(7)); its addresses come with
 * it. A kernel without IPv4 or without the device is no error: then there is nothing to bring up.
 */
int loopback_bring_up(struct error *error);

#endif
