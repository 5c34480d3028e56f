/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What making a document needs.  Runs in dray. */
#include <errno.h>
#include <string.h>

#include "api/documents.h"
#include "ocispec/ocispec.h"

struct oci_strings document_list(struct document *document, size_t capacity)
{
    struct oci_strings list = {0};

    list.items = oci_arena_alloc_array(&document->arena, capacity + 1, sizeof(*list.items));
    if (list.items == NULL)
        document->failed = true;
    list.set = list.items != NULL;
    return list;
}

void document_list_add(struct oci_strings *list, const char *text)
{
    if (list->set)
        list->items[list->count++] = text;
}

struct oci_strings document_list_of(struct document *document, const char *const *items)
{
    struct oci_strings list;
    size_t count = 0;

    while (items[count] != NULL)
        count++;
    list = document_list(document, count);
    for (size_t i = 0; i < count; i++)
        document_list_add(&list, items[i]);
    return list;
}

int document_finish(struct document *document, const struct oci_table *table, const void *object,
                    char **ret_json, struct error *error)
{
    const char *text = NULL;
    char *json = NULL;
    size_t length;

    if (!document->failed &&
        oci_write(table, object, OCI_WRITE_INDENT, &document->arena, &text, &length) == 0)
        json = strdup(text);
    oci_arena_done(&document->arena);
    if (json == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot make the document");
    *ret_json = json;
    return 0;
}
