/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands the notification descriptor of a filter to the agent that serves it.  Runs in dray. */
#ifndef DRAY_SECURITY_SECCOMP_NOTIFY_H
#define DRAY_SECURITY_SECCOMP_NOTIFY_H

#include <stddef.h>

#include "base/error.h"

/*
 * Connects to the agent's stream socket, sends one container process state with the descriptor and
 * closes the connection (config-linux.md, "The Container Process State").
 *
 * @listener: of the loaded filter; stays the caller's.
 * @path: linux.seccomp.listenerPath, of any length.
 * @state: the JSON text, whose "fds" is ["seccompFd"].
 * @timeout_ms: for all of it.
 *
 * @error: SECCOMP_LISTENER, with ETIMEDOUT when the agent does not take the connection or the
 *         message in time.
 */
int seccomp_forward_listener(int listener, const char *path, const char *state, size_t length,
                             int timeout_ms, struct error *error);

#endif
