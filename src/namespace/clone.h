/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clone3(2) with a stack of its own and a function to run, which libc does not offer.
 */
#ifndef DRAY_NAMESPACE_CLONE_H
#define DRAY_NAMESPACE_CLONE_H

#include <sys/types.h>

#include "io/syscalls.h"

/*
 * Clones; the child runs @function(@data) on the stack of @request, whose result becomes its exit
 * status.  With CLONE_VM | CLONE_VFORK the caller sleeps until the child has executed a program or
 * ended, so no page table is copied, and the child must leave the caller's memory alone but for
 * what is meant for it.
 *
 * ENOSYS where the architecture has no such entry here, or the kernel (or a filter of an older
 * container engine around us) has no clone3.
 *
 * Returns the child's pid, or -1 with errno.
 */
pid_t clone3_with_function(const struct clone_request *request, int (*function)(void *),
                           void *data);

#endif
