/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows that make and fill a group of resctrl, and their undoing; runs in dray. */
#include "steps/rdt.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "steps/rows.h"

/* How often another makes the group between our look and our making it. */
#define MAKE_TRIES 4

static int explain(struct operation *operation, int r)
{
    if (r < 0)
        error_set_pointer(operation->error, "/linux/intelRdt");
    return r;
}

int row_rdt_group(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    struct error *error = operation->error;
    _cleanup_close_ int root = rdt_open(error);
    int r = -EEXIST;

    if (root < 0)
        return explain(operation, root);
    for (int i = 0; i < MAKE_TRIES && r == -EEXIST && error->code == ERROR_NONE; i++) {
        r = rdt_describe(root, plan, &operation->rdt, error);
        if (r == 0)
            r = journal_append(operation->journal, JOURNAL_RDT, &operation->rdt,
                               sizeof(operation->rdt), error);
        if (r == 0)
            r = rdt_make(root, plan, &operation->rdt, error);
    }
    if (r == -EEXIST)
        error_set(error, ERROR_RDT_GROUP, EEXIST,
                  "the class of service \"%s\" comes and goes meanwhile", operation->rdt.group);
    return explain(operation, r);
}

int row_rdt_attach(struct operation *operation)
{
    _cleanup_close_ int root = rdt_open(operation->error);

    return explain(operation, root < 0
                                  ? root
                                  : rdt_attach(root, &operation->rdt, operation->stage.identity.pid,
                                               operation->error));
}

static int read_record(const struct journal_record *record, struct rdt_record *ret,
                       struct error *error)
{
    struct rdt_record copy;

    if (record->length == sizeof(copy)) {
        memcpy(&copy, record->payload, sizeof(copy));
        if (rdt_record_is_sound(&copy)) {
            *ret = copy;
            return 0;
        }
    }
    return error_set(error, ERROR_STATE_DAMAGED, EPROTO,
                     "the journal's record of a group of resctrl is damaged");
}

int rdt_find_record(const struct journal *journal, struct rdt_record *ret, struct error *error)
{
    const struct journal_record *record = journal_find(journal, JOURNAL_RDT);
    int r;

    if (record == NULL)
        return 0;
    r = read_record(record, ret, error);
    return r < 0 ? r : 1;
}

int rdt_undo(const struct journal *journal, const struct journal_record *record,
             struct error *error)
{
    struct error ignored = {0};
    _cleanup_close_ int root = -1;
    struct rdt_record rdt;
    int r;

    if (record != journal_find(journal, JOURNAL_RDT))
        return 0;
    r = read_record(record, &rdt, error);
    if (r < 0)
        return r;
    /* not mounted any more: its groups went with it */
    root = rdt_open(&ignored);
    return root < 0 ? 0
                    : rdt_remove(root, &rdt, journal_find(journal, JOURNAL_STATUS) == NULL, error);
}
