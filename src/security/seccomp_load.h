/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts the calling thread under a seccomp filter, seccomp(2).  Runs in the stage. */
#ifndef DRAY_SECURITY_SECCOMP_LOAD_H
#define DRAY_SECURITY_SECCOMP_LOAD_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Loads a filter.  It holds from the return of this call on, also for what the caller does next.
 *
 * @flags: SECCOMP_FILTER_FLAG_*; SPEC_ALLOW is dropped when the kernel does not know it, which
 *         leaves the filter stricter; every other flag must be known.
 * @ret_listener: with @new_listener the close-on-exec descriptor for notifications; unused without.
 *
 * @error: SECCOMP_LOAD; EACCES means that the thread has neither no-new-privileges nor
 *         CAP_SYS_ADMIN in its user namespace.
 */
int seccomp_load_filter(const struct sock_filter *instructions, size_t count, uint32_t flags,
                        bool new_listener, int *ret_listener, struct error *error);

#endif
