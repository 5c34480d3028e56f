/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bringing a network device back from a container whose creation failed.  Runs in dray. */
#ifndef DRAY_STEPS_NET_DEVICES_H
#define DRAY_STEPS_NET_DEVICES_H

#include "steps/undo.h"

/*
 * Undoes one JOURNAL_NET_DEVICE record.  The container's namespace is found through the caller's
 * descriptor, a process of the journal that lives, or the path it was joined by; when it is gone,
 * so are its virtual devices, and physical ones are the kernel's to return.  A container that was
 * created keeps its devices until its namespace ends (config-linux.md "Namespace Lifecycle and
 * Container Termination").
 */
int net_device_undo(const struct undo_request *request, const struct journal *journal,
                    const struct journal_record *record, struct error *error);

#endif
