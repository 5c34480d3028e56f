/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words and places of what the reader refuses. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lex.h"
#include "read.h"
#include "text.h"

/* Pointer to the value at hand, or to the container around it without the last step. */
static void build_pointer(const struct reader *reader, char *pointer, size_t size)
{
    fault_set_text(pointer, size, reader->prefix);
    for (unsigned i = 1; i < reader->frame_count; i++) {
        const struct frame *frame = &reader->frames[i];

        switch (frame->mode) {
        case FRAME_OBJECT:
        case FRAME_OBJECT_MAP:
        case FRAME_STRING_MAP:
            if (frame->key != NULL)
                fault_pointer_append(pointer, size, frame->key, frame->key_length);
            break;
        case FRAME_OBJECTS:
            if (i + 1 < reader->frame_count && reader->frames[i + 1].single)
                break; /* the document has no array there */
            __attribute__((fallthrough));
        case FRAME_STRINGS:
        case FRAME_U32S:
        case FRAME_ENUMS:
            fault_pointer_append_index(pointer, size, frame->index);
            break;
        default:
            break;
        }
    }
}

/* A fault at the token that the lexer is at. */
static struct oci_fault fault_here(const struct reader *reader, enum oci_fault_kind kind)
{
    struct oci_fault fault = {.kind = kind};

    fault.offset = text_token_start(reader->text, lex_offset(reader->lexer));
    build_pointer(reader, fault.pointer, sizeof(fault.pointer));
    return fault;
}

/* Adds the fault with its position; true means "go on". */
static bool add(struct reader *reader, struct oci_fault *fault)
{
    oci_locate_offset(reader->text, reader->length, fault->offset, &fault->line, &fault->column);
    reader->faults++;
    return !oci_report_add(reader->report, fault);
}

static void describe_words(const struct oci_words *words, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, words->count > 2 ? "one of " : "");

    for (unsigned i = 1; i < words->count; i++) {
        size_t needed = strlen(words->words[i]) + (i > 1 ? 2 : 0);

        if (used + needed + sizeof(", …") > size) {
            snprintf(out + used, size - used, ", …");
            return;
        }
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", i > 1 ? ", " : "", words->words[i]);
    }
}

/* "integer from 0 to 65535" */
static void describe_kind(const struct slot *slot, char *out, size_t size)
{
    static const char *const names[] = {
        [OCI_KIND_STRING] = "string",
        [OCI_KIND_BOOL] = "true or false",
        [OCI_KIND_OPTIONAL_BOOL] = "true or false",
        [OCI_KIND_ENUM] = "string",
        [OCI_KIND_ENUMS] = "array of strings",
        [OCI_KIND_STRINGS] = "array of strings",
        [OCI_KIND_U32S] = "array of integers",
        [OCI_KIND_STRING_MAP] = "object with strings as values",
        [OCI_KIND_OBJECT] = "object",
        [OCI_KIND_OBJECTS] = "array of objects",
        [OCI_KIND_OBJECT_MAP] = "object with objects as values",
        [OCI_KIND_RAW] = "object",
    };

    if (kind_is_integer(slot->kind)) {
        struct oci_range range = row_range(slot->row, slot->kind);

        snprintf(out, size, "integer from %" PRId64 " to %" PRIu64, range.min, range.max);
    } else if (slot->kind == OCI_KIND_ENUM) {
        describe_words(slot->row->words, out, size);
    } else {
        fault_set_text(out, size, names[slot->kind]);
    }
}

static const char *article(const char *noun)
{
    return strchr("aeiou", noun[0]) != NULL ? "an" : "a";
}

bool read_fault_type(struct reader *reader, const struct slot *slot, const char *found)
{
    struct oci_fault fault = fault_here(reader, OCI_FAULT_TYPE);
    const char *expected = fault.expected;

    describe_kind(slot, fault.expected, sizeof(fault.expected));
    if (slot->kind == OCI_KIND_ENUM)
        fault_set_message(&fault, "a string is expected, not %s: %s", found, expected);
    else if (strncmp(expected, "true", 4) == 0)
        fault_set_message(&fault, "%s is expected, not %s", expected, found);
    else
        fault_set_message(&fault, "%s %s is expected, not %s", article(expected), expected, found);
    return add(reader, &fault);
}

bool read_fault_value(struct reader *reader, const struct slot *slot, enum oci_fault_kind kind,
                      const char *text, size_t length)
{
    struct oci_fault fault = fault_here(reader, kind);
    struct fault_quote quote = fault_quote(text, length);
    const char *suggestion = NULL;

    if (slot->kind == OCI_KIND_STRING) {
        fault_set_text(fault.expected, sizeof(fault.expected), slot->row->form->expected);
        fault_set_message(&fault, "\"%s\" is not %s %s", quote.text, article(fault.expected),
                          fault.expected);
        return add(reader, &fault);
    }
    describe_kind(slot, fault.expected, sizeof(fault.expected));
    if (slot->kind == OCI_KIND_ENUM) {
        suggestion = oci_suggest(text, length, slot->row->words->words + 1);
        fault_set_message(&fault, "\"%s\" is not known here", quote.text);
    } else {
        fault.offset = lex_offset(reader->lexer) - length;
        fault_set_message(&fault, "%s is not an %s", quote.text, fault.expected);
    }
    if (suggestion != NULL)
        fault_set_text(fault.suggestion, sizeof(fault.suggestion), suggestion);
    return add(reader, &fault);
}

bool read_fault_nul(struct reader *reader)
{
    struct oci_fault fault = fault_here(reader, OCI_FAULT_VALUE);

    fault_set_text(fault.expected, sizeof(fault.expected), "string without a NUL");
    fault_set_message(&fault, "a string may not hold a NUL character");
    return add(reader, &fault);
}

bool read_fault_duplicate(struct reader *reader, const char *key, size_t length)
{
    struct oci_fault fault = fault_here(reader, OCI_FAULT_DUPLICATE);

    /* Keys of members are on the stack already, those of maps are not. */
    if (reader_top(reader)->key == NULL)
        fault_pointer_append(fault.pointer, sizeof(fault.pointer), key, length);
    fault_set_message(&fault, "the key \"%s\" occurs twice", fault_quote(key, length).text);
    return add(reader, &fault);
}

bool read_fault_unknown_key(struct reader *reader, const struct oci_table *table, const char *key,
                            size_t length)
{
    struct oci_fault fault = fault_here(reader, OCI_FAULT_UNKNOWN_KEY);
    const char *keys[65];
    const char *suggestion;

    for (unsigned i = 0; i < table->row_count; i++)
        keys[i] = table->rows[i].key;
    keys[table->row_count] = NULL;
    suggestion = oci_suggest(key, length, keys);
    if (suggestion != NULL)
        fault_set_text(fault.suggestion, sizeof(fault.suggestion), suggestion);
    fault_set_message(&fault, "the key \"%s\" is not known in \"%s\" and ignored",
                      fault_quote(key, length).text, table->name);
    return add(reader, &fault);
}

bool read_fault_missing(struct reader *reader, const struct frame *frame, const struct oci_row *row)
{
    struct oci_fault fault = fault_here(reader, OCI_FAULT_MISSING);
    const struct slot slot = {.row = row, .kind = row->kind};

    fault.offset = frame->start;
    fault_pointer_append(fault.pointer, sizeof(fault.pointer), row->key, row->key_length);
    describe_kind(&slot, fault.expected, sizeof(fault.expected));
    fault_set_message(&fault, "\"%s\" is required in \"%s\"", row->key, frame->table->name);
    return add(reader, &fault);
}

bool read_fault_empty(struct reader *reader, const struct frame *frame)
{
    struct oci_fault fault = {.kind = OCI_FAULT_VALUE, .offset = frame->start};

    reader->frame_count--; /* the array itself, not an entry of it */
    build_pointer(reader, fault.pointer, sizeof(fault.pointer));
    reader->frame_count++;
    fault_set_text(fault.expected, sizeof(fault.expected), "at least one entry");
    fault_set_message(&fault, "\"%s\" needs at least one entry", frame->row->key);
    return add(reader, &fault);
}

void read_fault_syntax(struct reader *reader, size_t offset, const char *message)
{
    struct oci_fault fault = {.kind = OCI_FAULT_SYNTAX, .offset = offset};

    build_pointer(reader, fault.pointer, sizeof(fault.pointer));
    fault_set_message(&fault, "not valid JSON: %s", message);
    add(reader, &fault);
}

bool read_fault_depth(struct reader *reader)
{
    struct oci_fault fault = fault_here(reader, OCI_FAULT_TOO_LARGE);

    snprintf(fault.expected, sizeof(fault.expected), "at most %d levels", OCI_DEPTH_LIMIT);
    fault_set_message(&fault, "objects and arrays are nested more than %d levels deep",
                      OCI_DEPTH_LIMIT);
    add(reader, &fault);
    return false;
}

void read_fault_size(struct reader *reader)
{
    struct oci_fault fault = {.kind = OCI_FAULT_TOO_LARGE};

    snprintf(fault.expected, sizeof(fault.expected), "at most %zu bytes", OCI_SIZE_LIMIT);
    fault_set_message(&fault, "the document has %zu bytes, more than the %zu that are read",
                      reader->length, OCI_SIZE_LIMIT);
    add(reader, &fault);
}
