/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal's records: what a container's creation left behind that outlives dray, each written
 * before it is made.  Undoing reads them backwards (src/state/journal.h).  The last record of a
 * creation is the container's status: one file holds all that later commands read of it.
 */
#ifndef DRAY_PLAN_JOURNAL_FORMAT_H
#define DRAY_PLAN_JOURNAL_FORMAT_H

#include <stdint.h>

/* Numbers are stable: a newer dray replays the journal of an older one. */
enum journal_kind {
    JOURNAL_CGROUP = 2,  /* cgroup_describe(): what will be made and where */
    JOURNAL_PROCESS = 3, /* struct process_identity of a process in the container */
    JOURNAL_HOST_MOUNTS =
        4,              /* text: mounts below this path of the host's table are the container's */
    JOURNAL_HOOKS = 5,  /* text, the bundle: hooks have run, so poststop hooks are owed */
    JOURNAL_STATUS = 6, /* the status document; the creation is complete (state/status.h) */
    JOURNAL_SCOPE = 7,  /* struct scope_record: a unit of systemd's (steps/scope.h) */
    JOURNAL_NET_DEVICE = 8, /* struct net_device_record: moves into the container */
    JOURNAL_RDT = 9,        /* struct rdt_record: the groups of resctrl */
    JOURNAL_CRIU = 10, /* struct process_identity of a criu that holds the container's processes */
};

struct journal_header {
    uint32_t kind;   /* enum journal_kind */
    uint32_t length; /* of the payload that follows, bytes */
};

#endif
