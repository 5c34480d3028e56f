/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Feeds any bytes to libocispec.  Built as it is for libFuzzer, or with standalone_driver.c for
 * running a corpus without it.  The first byte chooses the document, the rest is its text.
 *
 * Besides not crashing: what was read is JSON in the eyes of the library's own scanner, too; it can
 * be written, read again and is the same; a copy is the same; a fault has its place in the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_ocispec.h"
#include "ocispec/ocispec.h"
#include "scan.h"

#define DEMAND(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define FAULTS_MAX 8

static void check_faults(struct oci_report *report, const char *text, size_t length)
{
    size_t kept = report->count < report->capacity ? report->count : report->capacity;
    char words[1024];

    oci_report_locate(report, text, length);
    for (size_t i = 0; i < kept; i++) {
        const struct oci_fault *fault = &report->faults[i];

        DEMAND(fault->kind != OCI_FAULT_NONE && fault->message[0] != '\0');
        DEMAND(fault->line > 0 && fault->column > 0 && fault->column <= length + 1);
        DEMAND(fault->offset <= length || fault->offset == SIZE_MAX);
        DEMAND(oci_fault_format(fault, words, sizeof(words)) < sizeof(words));
    }
}

/* @object was read from a text: it survives being copied, written and read. */
static void check_object(const struct oci_table *table, const void *object, struct oci_arena *arena)
{
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    const char *first, *second;
    size_t first_length, second_length;
    void *copy, *again;

    DEMAND(oci_copy(table, object, arena, &copy) == 0);
    DEMAND(oci_equal(table, object, copy));
    DEMAND(oci_write(table, copy, OCI_WRITE_COMPACT, arena, &first, &first_length) == 0);
    DEMAND(oci_parse(table, arena, first, first_length, &again, &report) == 0);
    DEMAND(oci_equal(table, object, again));
    DEMAND(oci_write(table, again, OCI_WRITE_COMPACT, arena, &second, &second_length) == 0);
    DEMAND(first_length == second_length && memcmp(first, second, first_length) == 0);
}

void fuzz_document(const struct oci_table *table, const char *text, size_t length)
{
    struct oci_fault faults[FAULTS_MAX];
    struct oci_report first = OCI_REPORT_FIRST(faults);
    struct oci_report all = {
        .faults = faults, .capacity = FAULTS_MAX, .all = true, .unknown_keys = true};
    struct oci_report validated = {.faults = faults, .capacity = FAULTS_MAX, .all = true};
    struct oci_arena arena;
    const char *error;
    void *object, *checked;
    size_t offset;
    int r;

    oci_arena_init(&arena);
    r = oci_parse(table, &arena, text, length, &object, &first);
    DEMAND((r == 0) == (first.count == 0));
    check_faults(&first, text, length);
    if (oci_parse(table, &arena, text, length, &checked, &all) == 0)
        DEMAND(r == 0);
    check_faults(&all, text, length);
    if (r == 0) {
        DEMAND(!scan_find_error(text, length, &offset, &error));
        check_object(table, object, &arena);
        if (table == &oci_spec_table)
            r = oci_spec_validate(object, OCI_VALIDATE_RUNNABLE | OCI_VALIDATE_CHECK, &validated);
        else if (table == &oci_process_table)
            r = oci_process_validate(object, OCI_VALIDATE_RUNNABLE, &validated);
        else if (table == &oci_linux_resources_table)
            r = oci_linux_resources_validate(object, &validated);
        DEMAND((r == 0) == (validated.count == 0));
        check_faults(&validated, text, length);
    }
    oci_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct oci_table *const tables[] = {
        &oci_spec_table,  &oci_process_table,  &oci_linux_resources_table,
        &oci_state_table, &oci_features_table, &oci_container_process_state_table,
    };

    if (size > 0)
        fuzz_document(tables[data[0] % (sizeof(tables) / sizeof(tables[0]))],
                      (const char *)data + 1, size - 1);
    return 0;
}
