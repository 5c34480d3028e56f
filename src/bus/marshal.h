/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D-Bus messages as bytes (D-Bus Specification, "Marshaling" and "Message Format"), as far as calls
 * of methods take it; in the machine's byte order.  Runs in dray.
 */
#ifndef DRAY_BUS_MARSHAL_H
#define DRAY_BUS_MARSHAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages being written one behind the other into memory of the caller's. */
struct bus_writer {
    unsigned char *data;
    size_t capacity;
    size_t length;
    size_t start; /* of the message that is being written: what alignment is relative to */
    bool failed;  /* it does not fit: what was added since is missing */
};

/* A method call.  Texts are UTF-8 and shorter than the memory that the message is written to. */
struct bus_call {
    const char *destination; /* or NULL: the peer itself */
    const char *object;
    const char *interface;
    const char *method;
    const char *signature; /* of its arguments; "" */
    bool no_reply;         /* none is wanted */
};

/* Alignment of a value whose signature begins with @type, in bytes; 0: there is no such type. */
size_t bus_alignment(char type);

/* Adds zeros until the next byte is at a multiple of @alignment. */
void bus_put_padding(struct bus_writer *writer, size_t alignment);

/* Adds a number of the fixed type y b n q i u x t d; for d its bits. */
void bus_put_number(struct bus_writer *writer, char type, uint64_t number);

/* Adds a text of type s, o or g; it holds no NUL. */
void bus_put_text(struct bus_writer *writer, char type, const char *text, size_t length);

/* The same of a terminated string s. */
void bus_put_string(struct bus_writer *writer, const char *text);

/* Adds elements of an array as they were written elsewhere, where alignment 8 began. */
void bus_put_values(struct bus_writer *writer, const void *values, size_t length);

/* Where an array's length stands and where its elements begin. */
struct bus_array {
    size_t place;
    size_t begin;
};

/* Begins an array whose elements' signature begins with @element, and ends it. */
struct bus_array bus_begin_array(struct bus_writer *writer, char element);
void bus_end_array(struct bus_writer *writer, struct bus_array array);

/* Begins a call; its arguments are added then.  @serial: not 0. */
void bus_begin_call(struct bus_writer *writer, const struct bus_call *call, uint32_t serial);

/* Takes back all of it. */
void bus_drop_call(struct bus_writer *writer);

/* Ends it: the header learns how long the arguments are. */
void bus_end_call(struct bus_writer *writer);

#endif
