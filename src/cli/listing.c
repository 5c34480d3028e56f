/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's list of containers as structs.  Runs in dray. */
#include "cli/listing.h"

#include <errno.h>
#include <string.h>

static const struct oci_row container_rows[] = {
    OCI_ROW_STRING(struct listed_container, "id", id, OCI_REQUIRED),
    OCI_ROW_I32(struct listed_container, "pid", pid, 0),
    OCI_ROW_STRING(struct listed_container, "status", status, OCI_REQUIRED),
    OCI_ROW_STRING(struct listed_container, "bundle", bundle, 0),
    OCI_ROW_STRING(struct listed_container, "created", created, 0),
    OCI_ROW_STRING(struct listed_container, "owner", owner, 0),
};
static const struct oci_table container_table =
    OCI_TABLE(struct listed_container, "container", container_rows);

static const struct oci_row listing_rows[] = {
    OCI_ROW_OBJECTS(struct listing, "containers", containers, 0, struct listed_container,
                    &container_table),
};
static const struct oci_table listing_table = OCI_TABLE(struct listing, "list", listing_rows);

int listing_read(const char *json, struct oci_arena *arena, struct listing **ret,
                 struct error *error)
{
    struct oci_fault fault = {0};
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    char *document = oci_arena_format(arena, "{\"containers\":%s}", json);
    void *listing = NULL;
    int result;

    if (document == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot read the list");
    result = oci_parse(&listing_table, arena, document, strlen(document), &listing, &report);
    if (result < 0)
        return error_set(error, ERROR_INTERNAL, -result, "cannot read the list of containers: %s",
                         fault.message);
    *ret = listing;
    return 0;
}
