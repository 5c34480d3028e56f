/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader: a stack of frames, one for each container that is open, driven by the lexer.
 *
 * What the next value means follows from the frame on top: for an object the row of the key that
 * came before, for an array its row.  Positions are not recorded; the JSON pointer is the path
 * through the stack, and the offset is the lexer's when a fault has to be told.
 */
#ifndef OCISPEC_READ_H
#define OCISPEC_READ_H

#include <stdint.h>

#include "fault.h"
#include "key_set.h"
#include "ocispec/ocispec.h"

#define READ_FRAMES_MAX 32 /* deeper than any document that tables describe */

enum frame_mode {
    FRAME_ROOT,       /* the place of the document itself */
    FRAME_OBJECT,     /* a struct */
    FRAME_OBJECTS,    /* an array of structs */
    FRAME_OBJECT_MAP, /* a map to structs */
    FRAME_STRING_MAP,
    FRAME_STRINGS,
    FRAME_U32S,
    FRAME_ENUMS,
    FRAME_SKIP, /* something unknown or wrong, with all that is in it */
};

struct frame {
    enum frame_mode mode;
    bool single;               /* OBJECT: also the end of an array of one (OCI_ONE_OR_MANY) */
    const struct oci_row *row; /* what the container is; ROOT: what the document is */
    const struct oci_table *table;
    char *object;    /* OBJECT: the struct; else the struct that has the member */
    size_t start;    /* offset of the opening bracket */
    const char *key; /* the key that awaits its value; NULL in arrays */
    size_t key_length;
    const struct oci_row *key_row; /* its row; NULL: unknown */
    uint64_t seen;                 /* OBJECT: the rows that had their key */
    unsigned cursor;               /* OBJECT: the row to compare with first */
    char *items;                   /* OBJECTS, OBJECT_MAP: the structs */
    size_t count;                  /* of accepted entries */
    size_t index;                  /* of the entry at hand */
    size_t capacity;
    struct key_set keys; /* maps */
    unsigned skip_depth; /* SKIP: containers within */
    bool raw;            /* SKIP: the text is kept */
};

struct reader {
    struct oci_arena *arena;
    struct oci_report *report;
    const char *text;
    size_t length;
    const char *prefix; /* JSON pointer of the document within a larger one */
    struct lexer *lexer;
    bool no_memory;
    unsigned depth;
    size_t end;    /* offset behind the document */
    size_t faults; /* found here */
    /* Entries of the list or string map that is open; those do not nest. */
    char *scratch;
    size_t scratch_capacity;
    unsigned frame_count;
    struct frame frames[READ_FRAMES_MAX];
};

/* What a value is for. */
struct slot {
    const struct oci_row *row;
    enum oci_kind kind; /* of the value itself */
    char *object;       /* the struct that has the member */
};

static inline struct frame *reader_top(struct reader *reader)
{
    return &reader->frames[reader->frame_count - 1];
}

/*
 * Reads @reader->text into the place that frame 0 stands for.  Returns 0, -EINVAL or -ENOMEM.
 */
int reader_run(struct reader *reader, const struct oci_row *row, void *object);

/* For scratch space: room for @size bytes behind the @used ones; NULL sets no_memory. */
char *reader_reserve(struct reader *reader, size_t used, size_t size);

bool reader_fail_memory(struct reader *reader);

/* read_fault.c: add a fault about the value at hand; true means "go on". */

/* The value is of another JSON type, which @found names ("a string"). */
bool read_fault_type(struct reader *reader, const struct slot *slot, const char *found);

/* The value is of the right type but not one that may be here. */
bool read_fault_value(struct reader *reader, const struct slot *slot, enum oci_fault_kind kind,
                      const char *text, size_t length);

/* A string with a NUL in it. */
bool read_fault_nul(struct reader *reader);

bool read_fault_duplicate(struct reader *reader, const char *key, size_t length);
bool read_fault_unknown_key(struct reader *reader, const struct oci_table *table, const char *key,
                            size_t length);
bool read_fault_missing(struct reader *reader, const struct frame *frame,
                        const struct oci_row *row);
bool read_fault_empty(struct reader *reader, const struct frame *frame);

/* These end the reading in any case. */
void read_fault_syntax(struct reader *reader, size_t offset, const char *message);
bool read_fault_depth(struct reader *reader);
void read_fault_size(struct reader *reader);

/* read_value.c: stores a scalar; true means "go on". */
bool read_scalar_bool(struct reader *reader, const struct slot *slot, bool value);
bool read_scalar_number(struct reader *reader, const struct slot *slot, const char *text,
                        size_t length);
bool read_scalar_string(struct reader *reader, const struct slot *slot, const char *text,
                        size_t length);

/* Whether @kind is one of the integers. */
bool kind_is_integer(enum oci_kind kind);

/* The numbers that a row accepts. */
struct oci_range row_range(const struct oci_row *row, enum oci_kind kind);

#endif
