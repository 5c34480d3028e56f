/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The annotations that dray acts upon: one table for all who read them.  Runs in dray only. */
#ifndef DRAY_PLAN_ANNOTATIONS_H
#define DRAY_PLAN_ANNOTATIONS_H

#include <stdbool.h>

#include "base/error.h"
#include "ocispec/spec.h"

enum annotation {
#define ANNOTATION(identifier, name, safety, meaning) ANNOTATION_##identifier,
#include "plan/annotations.def"
#undef ANNOTATION
    ANNOTATION_COUNT
};

struct annotation_row {
    const char *name;
    const char *meaning; /* for people */
    bool unsafe;         /* potentiallyUnsafeConfigAnnotations of the features document */
};

extern const struct annotation_row annotation_rows[ANNOTATION_COUNT];

/* The value that the config has for it, or NULL. */
const char *annotation_get(const struct oci_spec *spec, enum annotation annotation);

/*
 * The value as a flag: absent, "0" and "false" are false; "1" and "true" are true; everything else
 * is ERROR_CONFIG_VALUE.
 */
int annotation_get_flag(const struct oci_spec *spec, enum annotation annotation, bool *ret,
                        struct error *error);

/* The value as an absolute path, or NULL; ERROR_CONFIG_VALUE when it is none. */
int annotation_get_path(const struct oci_spec *spec, enum annotation annotation, const char **ret,
                        struct error *error);

/* Sets an error with the annotation's JSON pointer. */
int annotation_refuse(enum annotation annotation, enum error_code code, struct error *error,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
