/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The systemd cgroup manager: the container's scope, asked for through the helper, or through
 * libsystemd itself where dray is a dynamic program.  Runs in dray.
 */
#ifndef DRAY_STEPS_SCOPE_H
#define DRAY_STEPS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/*
 * Journal record: a unit that was asked for.  The description tells it from a unit of the same name
 * that somebody else made since.
 */
struct scope_record {
    uint32_t size; /* bytes in use; the rest is not stored */
    uint8_t user;  /* of the user's systemd */
    uint8_t padding[3];
    char unit[256];
    char description[1280];
};

/* A connection to systemd. */
struct scope_link;

/* True when the "systemd" that this process sees is another user's: then the caller's is meant. */
bool scope_is_of_user(bool rootless, bool in_user_namespace);

/*
 * Starts to connect; returns at once.  An error that is not about dray itself comes with the first
 * request.  Release with scope_disconnect().
 * @wake: a descriptor that, when it is readable, ends waiting within this process; or -1.
 */
int scope_connect(bool user, int wake, struct scope_link **ret, struct error *error);
void scope_disconnect(struct scope_link *link);

/*
 * Asks for the plan's scope around process @pid: the answer comes with scope_await(), for which
 * scope_descriptor() becomes readable (-1: it is there at once).
 */
int scope_request(struct scope_link *link, const struct plan *plan,
                  const struct scope_record *record, pid_t pid, struct error *error);
int scope_await(struct scope_link *link, struct error *error);
int scope_descriptor(const struct scope_link *link);

/* Fills in a record for a container's scope around the process. */
void scope_describe(const struct plan *plan, pid_t pid, uint64_t start_time,
                    struct scope_record *ret);

/* Checks a record that was stored; -EPROTO without an error set when it is damaged. */
int scope_read_record(const void *payload, size_t length, struct scope_record *ret);

/* Sets the plan's properties, or puts back what they were before. */
int scope_set(struct scope_link *link, const struct plan *plan, const struct scope_record *record,
              struct error *error);
int scope_restore(struct scope_link *link, const struct scope_record *record, struct error *error);

/* Lets systemd move process @pid to the cgroup @below ("/a", or "/") of the unit's. */
int scope_attach(struct scope_link *link, const struct scope_record *record, const char *below,
                 pid_t pid, struct error *error);

/*
 * Stops the unit, if it is still the one of the record, and makes systemd forget its failure.
 * Connects for that alone.
 */
int scope_stop(const struct scope_record *record, struct error *error);

#endif
