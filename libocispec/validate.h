/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the rules share.  A rule looks at structs and calls validation_refuse() for what is wrong.
 * Where it is costs nothing unless that happens: places are links on the C stack.
 */
#ifndef OCISPEC_VALIDATE_H
#define OCISPEC_VALIDATE_H

#include "ocispec/ocispec.h"

struct validation {
    struct oci_report *report;
    const struct oci_spec *spec; /* NULL for a process or resources alone */
    unsigned flags;
    size_t faults;
    bool stopped; /* only the first fault was wanted */
};

/* One step of a JSON pointer: a key, or an index when there is none. */
struct place {
    const struct place *parent; /* NULL: the document */
    const char *key;
    size_t index;
};

#define PLACE_KEY(parent, key) (&(const struct place){(parent), (key), 0})
#define PLACE_ENTRY(parent, i) (&(const struct place){(parent), NULL, (i)})

void validation_refuse(struct validation *validation, const struct place *place,
                       enum oci_fault_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a word that should have been one of @candidates (NULL at the end). */
void validation_refuse_word(struct validation *validation, const struct place *place,
                            const char *word, const char *const *candidates, const char *format,
                            ...) __attribute__((format(printf, 5, 6)));

/* Forms that several rules need. */
bool form_is_absolute(const char *path);
bool form_has_dot_dot(const char *path);    /* a ".." between slashes */
bool form_is_number_list(const char *text); /* "0-3,7"; also "" */
bool form_is_interface_name(const char *name, size_t length);

static inline bool text_is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

void validate_env(struct validation *validation, const struct place *place,
                  const struct oci_strings *env);

/* Sizes, overflow and overlap of an ID map. */
void validate_id_mappings(struct validation *validation, const struct place *place,
                          const struct oci_id_mapping *mappings, size_t count);

/* The areas. */
void validate_process(struct validation *validation, const struct place *place,
                      const struct oci_process *process);
void validate_mounts(struct validation *validation, const struct oci_spec *spec);
void validate_hooks(struct validation *validation, const struct oci_hooks *hooks);
void validate_linux(struct validation *validation, const struct oci_spec *spec);
void validate_sysctl(struct validation *validation, const struct oci_spec *spec);
void validate_resources(struct validation *validation, const struct place *place,
                        const struct oci_linux_resources *resources);
void validate_seccomp(struct validation *validation, const struct place *place,
                      const struct oci_linux_seccomp *seccomp);

#endif
