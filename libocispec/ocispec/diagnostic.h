/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with a document: plain objects that the caller turns into errors or prints.
 */
#ifndef OCISPEC_DIAGNOSTIC_H
#define OCISPEC_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

enum oci_fault_kind {
    OCI_FAULT_NONE = 0,
    OCI_FAULT_SYNTAX,        /* not JSON: also invalid UTF-8, truncated, more after the document */
    OCI_FAULT_TOO_LARGE,     /* the document's size or its nesting */
    OCI_FAULT_TYPE,          /* another JSON type is expected */
    OCI_FAULT_RANGE,         /* a number outside its range */
    OCI_FAULT_MISSING,       /* a required member */
    OCI_FAULT_DUPLICATE,     /* a key or a list entry that may occur once */
    OCI_FAULT_VALUE,         /* a word that is not known, or text of the wrong form */
    OCI_FAULT_CONFLICT,      /* two members that cannot both be right */
    OCI_FAULT_VERSION,       /* an ociVersion that is none or not supported */
    OCI_FAULT_UNKNOWN_KEY,   /* ignored at run time (the spec says so), shown by a check */
    OCI_FAULT_NOT_SUPPORTED, /* right by the spec, but nothing here does it */
    OCI_FAULT_KIND_COUNT
};

struct oci_fault {
    enum oci_fault_kind kind;
    unsigned line;       /* 1-based; 0 while not looked up */
    unsigned column;     /* 1-based, in bytes */
    size_t offset;       /* of the value (or key) at fault, in bytes; (size_t) -1: not known */
    char pointer[256];   /* JSON pointer (RFC 6901), "" is the whole document */
    char expected[128];  /* "string", "integer from 0 to 65535"; "" when there is nothing to say */
    char message[256];   /* the words for people, without place and suggestion */
    char suggestion[64]; /* the word that was probably meant, or "" */
};

/*
 * Where faults go.  With `all` false, work ends at the first fault; with it true everything is
 * looked at and up to `capacity` faults are kept (`count` goes on counting).
 */
struct oci_report {
    struct oci_fault *faults; /* the caller's array */
    size_t capacity;
    size_t count;
    bool all;
    bool unknown_keys; /* unknown keys are faults too */
};

/* A report that ends at the first fault, which goes to *@fault. */
#define OCI_REPORT_FIRST(fault) ((struct oci_report){.faults = (fault), .capacity = 1})

/* Stable name of a kind ("RANGE"); "UNKNOWN" for a number that is none. */
const char *oci_fault_kind_name(enum oci_fault_kind kind);

/*
 * Adds a fault to @report.  @pointer and @message are formatted by the caller; texts that are too
 * long are cut.  Returns true when work has to end ("first only").
 */
bool oci_report_add(struct oci_report *report, const struct oci_fault *fault);

/*
 * Finds the value that @pointer names in the JSON @text by scanning it, without parsing it into
 * anything.  Lines and columns begin at 1; a column counts bytes.
 *
 * When the value is not there (a missing member), the place of its nearest enclosing value that
 * exists is given.  Returns 0, or -EINVAL when @text is not JSON up to there.
 */
int oci_locate(const char *text, size_t length, const char *pointer, unsigned *ret_line,
               unsigned *ret_column);

/* Line and column of a byte; an offset behind the end is the end. */
void oci_locate_offset(const char *text, size_t length, size_t offset, unsigned *ret_line,
                       unsigned *ret_column);

/* Looks up line and column for every fault of @report that has none. */
void oci_report_locate(struct oci_report *report, const char *text, size_t length);

/*
 * Writes "LINE:COLUMN (POINTER): MESSAGE; did you mean \"SUGGESTION\"?" as far as the parts are
 * known; returns the length as snprintf does.
 */
size_t oci_fault_format(const struct oci_fault *fault, char *out, size_t size);

/*
 * The candidate nearest to @word by edit distance, or NULL when none is near enough to be worth
 * suggesting.  @candidates ends with NULL.
 */
const char *oci_suggest(const char *word, size_t length, const char *const *candidates);

#endif
