/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray list: the containers of a state directory.  Runs in dray. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/output.h"

#define COLUMNS 6

static const char *cell(const char *text)
{
    return text != NULL ? text : "";
}

static void add_ids(struct buffer *text, const struct listing *listing)
{
    for (size_t i = 0; i < listing->containers_count; i++) {
        buffer_add_printable(text, listing->containers[i].id, strlen(listing->containers[i].id));
        buffer_add_char(text, '\n');
    }
}

static int add_table(struct buffer *text, const struct listing *listing, struct oci_arena *arena)
{
    static const char *const header[COLUMNS] = {"ID",     "PID",     "STATUS",
                                                "BUNDLE", "CREATED", "OWNER"};
    size_t rows = listing->containers_count + 1;
    const char **cells = oci_arena_alloc_array(arena, rows, COLUMNS * sizeof(*cells));

    if (cells == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < COLUMNS; i++)
        cells[i] = header[i];
    for (size_t i = 0; i < listing->containers_count; i++) {
        const struct listed_container *container = &listing->containers[i];
        const char **row = cells + (i + 1) * COLUMNS;

        row[0] = container->id;
        row[1] = oci_arena_format(arena, "%d", container->pid);
        row[2] = container->status;
        row[3] = cell(container->bundle);
        row[4] = cell(container->created);
        row[5] = cell(container->owner);
        if (row[1] == NULL)
            return -ENOMEM;
    }
    output_add_table(text, cells, rows, COLUMNS);
    return 0;
}

int command_list(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    _cleanup_buffer_ struct buffer text = {0};
    _cleanup_free_ char *json = NULL;
    struct listing *listing;
    int result = command_open_library(invocation);

    if (result == 0)
        result = dray_list(invocation->dray, &json);
    if (result < 0)
        return result;
    if (arguments->format == OUTPUT_JSON && !arguments->quiet) {
        output_add_json(&text, json, 0);
        return output_write(&text, &invocation->error);
    }
    oci_arena_init(&arena);
    result = listing_read(json, &arena, &listing, &invocation->error);
    if (result < 0)
        return result;
    if (arguments->quiet)
        add_ids(&text, listing);
    else if (add_table(&text, listing, &arena) < 0)
        return error_set(&invocation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot store the list");
    return output_write(&text, &invocation->error);
}
