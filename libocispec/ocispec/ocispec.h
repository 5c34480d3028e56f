/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libocispec: the documents of the OCI runtime specification 1.3.0 as plain C structs.
 *
 *     struct oci_arena arena;
 *     struct oci_fault fault;
 *     struct oci_report report = OCI_REPORT_FIRST(&fault);
 *     struct oci_spec *spec;
 *
 *     oci_arena_init(&arena);
 *     if (oci_spec_parse(&arena, text, length, &spec, &report) < 0 ||
 *         oci_spec_validate(spec, OCI_VALIDATE_RUNNABLE, &report) < 0)
 *         ... fault says what and where ...
 *     oci_arena_done(&arena);
 *
 * Nothing here logs, exits, aborts, touches files or the environment; there is no global state.
 * All functions return 0 or a negative errno value:
 *   -EINVAL  the document is at fault, *report has at least one entry
 *   -ENOMEM  the arena could not grow (nothing is added to the report)
 * Outputs are untouched on failure.
 */
#ifndef OCISPEC_OCISPEC_H
#define OCISPEC_OCISPEC_H

#include "ocispec/arena.h"
#include "ocispec/diagnostic.h"
#include "ocispec/documents.h"
#include "ocispec/spec.h"
#include "ocispec/table.h"

#define OCI_SIZE_LIMIT  ((size_t)64 << 20) /* bytes of a document */
#define OCI_DEPTH_LIMIT 128                /* objects and arrays within each other */

/* The tables, for the generic functions below. */
extern const struct oci_table oci_spec_table;
extern const struct oci_table oci_process_table;
extern const struct oci_table oci_linux_resources_table;
extern const struct oci_table oci_mount_table;
extern const struct oci_table oci_hook_table;
extern const struct oci_table oci_state_table;
extern const struct oci_table oci_container_process_state_table;
extern const struct oci_table oci_features_table;

/*
 * Reads a document into a struct made in @arena, which also owns every string in it; @text may go
 * afterwards.  JSON as in RFC 8259 and nothing more: UTF-8, no comments, one value, no duplicate
 * keys where keys are known, no "\u0000" in strings.  Unknown keys are ignored (and, when
 * report->unknown_keys is set, reported).  Faults come with offset, line and column.
 */
int oci_parse(const struct oci_table *table, struct oci_arena *arena, const char *text,
              size_t length, void **ret, struct oci_report *report);

/* The same with the struct's type. */
int oci_spec_parse(struct oci_arena *arena, const char *text, size_t length, struct oci_spec **ret,
                   struct oci_report *report);
int oci_process_parse(struct oci_arena *arena, const char *text, size_t length,
                      struct oci_process **ret, struct oci_report *report);
int oci_linux_resources_parse(struct oci_arena *arena, const char *text, size_t length,
                              struct oci_linux_resources **ret, struct oci_report *report);
int oci_mount_parse(struct oci_arena *arena, const char *text, size_t length,
                    struct oci_mount **ret, struct oci_report *report);
int oci_state_parse(struct oci_arena *arena, const char *text, size_t length,
                    struct oci_state **ret, struct oci_report *report);
int oci_features_parse(struct oci_arena *arena, const char *text, size_t length,
                       struct oci_features **ret, struct oci_report *report);
int oci_container_process_state_parse(struct oci_arena *arena, const char *text, size_t length,
                                      struct oci_container_process_state **ret,
                                      struct oci_report *report);

enum oci_write_flags {
    OCI_WRITE_COMPACT = 0,
    OCI_WRITE_INDENT = 1, /* four blanks a level and a newline at the end, for people */
};

/*
 * Writes the document.  Slashes are not escaped; absent members are left out.  The text is in the
 * arena and ends with a NUL that @ret_length does not count.
 */
int oci_write(const struct oci_table *table, const void *object, unsigned flags,
              struct oci_arena *arena, const char **ret_text, size_t *ret_length);

/* A deep copy that shares nothing with @object. */
int oci_copy(const struct oci_table *table, const void *object, struct oci_arena *arena,
             void **ret);

/* Whether two documents say the same: same members, same order in lists and maps. */
bool oci_equal(const struct oci_table *table, const void *left, const void *right);

/* A value within a document, as oci_get() finds it. */
struct oci_value {
    const struct oci_row *row; /* what the member is; NULL for the whole document */
    enum oci_kind kind;        /* of the value itself: an entry of STRINGS is a STRING */
    const void *place;         /* points to the member, entry or struct */
};

/*
 * Finds what JSON pointer @pointer (RFC 6901) names.  Returns -ENOENT when it is absent and
 * -EINVAL when the pointer is malformed or leads through something that has no members.
 */
int oci_get(const struct oci_table *table, const void *object, const char *pointer,
            struct oci_value *ret);

/*
 * Sets what @pointer names to the value that the JSON @text holds, making missing objects on the
 * way; "-" or the count as an array's index appends an object or string.  The old value stays in
 * the arena.  Returns -ENOENT for a pointer to nothing that could be there, -EINVAL with a fault
 * in @report when the value is not right for its place.
 */
int oci_set(const struct oci_table *table, void *object, struct oci_arena *arena,
            const char *pointer, const char *text, size_t length, struct oci_report *report);

enum oci_validate_flags {
    OCI_VALIDATE_RUNNABLE = 1, /* a process that can be started is needed */
    OCI_VALIDATE_CHECK = 2,    /* also what a run only warns about: unknown capabilities */
    /* SCMP_ACT_NOTIFY needs no listenerPath: the caller knows an agent from elsewhere */
    OCI_VALIDATE_SECCOMP_RECEIVER = 4,
};

/*
 * The rules that concern more than one member or more than a type, from the text of the spec and
 * from what kernel and runtimes demand.  Pure: nothing is looked up on the host.  Faults carry a
 * pointer and no position; oci_report_locate() adds it from the text.
 * Returns 0 or -EINVAL.
 */
int oci_spec_validate(const struct oci_spec *spec, unsigned flags, struct oci_report *report);
int oci_process_validate(const struct oci_process *process, unsigned flags,
                         struct oci_report *report);
int oci_linux_resources_validate(const struct oci_linux_resources *resources,
                                 struct oci_report *report);

/* The number of a capability or rlimit; -1 when the name is not known. */
int oci_capability_number(const char *name); /* "CAP_CHOWN" is 0, as in <linux/capability.h> */
int oci_rlimit_number(const char *name);     /* "RLIMIT_NOFILE", as in <sys/resource.h> */

/* Every capability's name in the order of their numbers, ending with NULL. */
const char *const *oci_capability_names(void);

/* Every rlimit's name, ending with NULL. */
const char *const *oci_rlimit_names(void);

/* The namespace entry of a type, or NULL. */
const struct oci_linux_namespace *oci_spec_namespace(const struct oci_spec *spec,
                                                     enum oci_namespace_type type);

#endif
