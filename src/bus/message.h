/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D-Bus messages that were received (D-Bus Specification, "Message Format").  Nothing in them is
 * believed: every length and offset is checked against the message's end.  Runs in dray.
 */
#ifndef DRAY_BUS_MESSAGE_H
#define DRAY_BUS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "bus/marshal.h"

#define BUS_VERSION           1
#define BUS_HEAD_SIZE         16 /* bytes that tell how long a message is */
#define BUS_NO_REPLY_EXPECTED 1  /* flag */
#define BUS_MESSAGE_MAX       (128u << 20)
#define BUS_ARRAY_MAX         (64u << 20)
#define BUS_DEPTH_MAX         32 /* of values within values; the specification allows 64 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BUS_NATIVE_ORDER  'l'
#define BUS_FOREIGN_ORDER 'B'
#else
#define BUS_NATIVE_ORDER  'B'
#define BUS_FOREIGN_ORDER 'l'
#endif

enum bus_message_type {
    BUS_METHOD_CALL = 1,
    BUS_METHOD_RETURN = 2,
    BUS_ERROR = 3,
    BUS_SIGNAL = 4,
};

enum bus_field {
    BUS_FIELD_PATH = 1,
    BUS_FIELD_INTERFACE = 2,
    BUS_FIELD_MEMBER = 3,
    BUS_FIELD_ERROR_NAME = 4,
    BUS_FIELD_REPLY_SERIAL = 5,
    BUS_FIELD_DESTINATION = 6,
    BUS_FIELD_SENDER = 7,
    BUS_FIELD_SIGNATURE = 8,
    BUS_FIELD_MAX = BUS_FIELD_SIGNATURE,
};

/* Values that are read one after the other.  Offsets count from the message's start. */
struct bus_reader {
    const unsigned char *data;
    size_t length;
    size_t offset;
};

/* Texts are in the message, terminated; "" where it has none. */
struct bus_message {
    uint8_t type; /* enum bus_message_type, or one that is to be ignored */
    uint32_t serial;
    uint32_t reply_serial;               /* 0: it answers nothing */
    const char *text[BUS_FIELD_MAX + 1]; /* by enum bus_field */
    struct bus_reader body;
};

/*
 * How long the message is that begins with the BUS_HEAD_SIZE bytes of @head.
 * Returns 0 or -EPROTO for what is no message.
 */
int bus_message_size(const unsigned char *head, size_t *ret);

/*
 * Reads the header of a whole message.  Returns 0; -EOPNOTSUPP for one in the other byte order,
 * which may be sound; or -EPROTO.
 */
int bus_message_parse(const unsigned char *data, size_t length, struct bus_message *ret);

/* Reads a number of a fixed type; the text of s, o or g.  0 or -EPROTO. */
int bus_read_number(struct bus_reader *reader, char type, uint64_t *ret);
int bus_read_text(struct bus_reader *reader, char type, const char **ret);

/*
 * Reads the one value that *@signature begins with, which is moved past it, and writes it to
 * @writer, or nowhere where that is NULL.  0 or -EPROTO.
 */
int bus_copy_value(struct bus_reader *reader, const char **signature, struct bus_writer *writer);

#endif
