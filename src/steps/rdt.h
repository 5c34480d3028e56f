/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's group of resctrl for the commands after create.  Runs in dray. */
#ifndef DRAY_STEPS_RDT_H
#define DRAY_STEPS_RDT_H

#include "rdt/rdt.h"
#include "state/journal.h"
#include "steps/undo.h"

/*
 * The group that the journal tells of.
 * Returns 1, 0 when the container has none, or -EPROTO with the error set for a damaged record.
 */
int rdt_find_record(const struct journal *journal, struct rdt_record *ret, struct error *error);

/* Undoes one JOURNAL_RDT record; each is the whole story so far. */
int rdt_undo(const struct journal *journal, const struct journal_record *record,
             struct error *error);

#endif
