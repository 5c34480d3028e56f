/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steps/fault.h"

#include <errno.h>
#include <stdio.h>

static const enum error_code codes[OCI_FAULT_KIND_COUNT] = {
    [OCI_FAULT_NONE] = ERROR_INTERNAL,
    [OCI_FAULT_SYNTAX] = ERROR_CONFIG_SYNTAX,
    [OCI_FAULT_TOO_LARGE] = ERROR_CONFIG_TOO_LARGE,
    [OCI_FAULT_TYPE] = ERROR_CONFIG_TYPE,
    [OCI_FAULT_RANGE] = ERROR_CONFIG_RANGE,
    [OCI_FAULT_MISSING] = ERROR_CONFIG_MISSING,
    [OCI_FAULT_DUPLICATE] = ERROR_CONFIG_DUPLICATE,
    [OCI_FAULT_VALUE] = ERROR_CONFIG_VALUE,
    [OCI_FAULT_CONFLICT] = ERROR_CONFIG_CONFLICT,
    [OCI_FAULT_VERSION] = ERROR_CONFIG_VERSION,
    [OCI_FAULT_UNKNOWN_KEY] = ERROR_CONFIG_VALUE,
    [OCI_FAULT_NOT_SUPPORTED] = ERROR_NOT_SUPPORTED,
};

int fault_to_error(const struct oci_fault *fault, const char *document, const char *text,
                   size_t length, struct error *error)
{
    struct oci_fault located = *fault;
    struct oci_report report = {.faults = &located, .capacity = 1, .count = 1};

    if (located.line == 0 && text != NULL)
        oci_report_locate(&report, text, length);
    if (located.suggestion[0] != '\0')
        error_set(error, codes[fault->kind], 0, "%s; did you mean \"%s\"?", located.message,
                  located.suggestion);
    else
        error_set(error, codes[fault->kind], 0, "%s", located.message);
    snprintf(error->document, sizeof(error->document), "%s", document);
    error_set_pointer(error, "%s", located.pointer);
    error->line = located.line;
    error->column = located.column;
    return -EINVAL;
}
