/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors are data: one plain object per context, filled in once, where the fault is first
 * understood, and carried unchanged to whoever prints it, also across the border between the
 * stage and dray (the flight recorder holds one).
 *
 * Functions return 0 or a negative errno value for control flow and leave the words here.
 * Nothing in here allocates, logs or prints.
 */
#ifndef DRAY_BASE_ERROR_H
#define DRAY_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum error_code {
    ERROR_NONE = 0,
#define ERROR_CODE(name, exit_class, hint) ERROR_##name,
#include "base/error_codes.def"
#undef ERROR_CODE
    ERROR_CODE_COUNT
};

/* What a caller's exit code says of an error (docs/errors.md). */
enum error_exit_class {
    EXIT_CLASS_GENERAL,        /* 1 */
    EXIT_CLASS_NOT_FOUND,      /* the program is missing: 127 where the command says so */
    EXIT_CLASS_NOT_EXECUTABLE, /* the program cannot be executed: 126 where the command says so */
};

struct error {
    uint32_t code; /* enum error_code; ERROR_NONE while nothing failed */
    int32_t sys_errno;
    uint32_t step; /* row of the command's step table plus one; 0: not in a step */
    uint32_t role; /* enum step_role of that row */
    uint32_t line; /* of the document; 0 until somebody looked it up */
    uint32_t column;
    char document[128]; /* the file that the pointer points into, "" is config.json */
    char pointer[256];  /* JSON pointer of the value at fault, RFC 6901 */
    char subject[256];  /* the thing at fault: a path, a name */
    char message[640];
    char detail[1024]; /* foreign text: the kernel's log lines, the tail of a hook's stderr */
};

/*
 * Fills in *@error, unless it already holds an error: the first one is the origin and stays.
 *
 * @sys_errno: positive errno value, or 0 when no system call is behind the fault.
 * @format: the message without errno text, which is added when it is printed.  It must not hold
 *          the phrases that engines look for ("no such file or directory", "permission denied",
 *          "operation not permitted", "executable file not found") unless the fault is the
 *          container's own executable.
 *
 * Returns -@sys_errno, or -EINVAL when that is 0.
 */
int error_set(struct error *error, enum error_code code, int sys_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds the JSON pointer of the value at fault, if none is set yet. */
void error_set_pointer(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds the thing at fault, if none is set yet. */
void error_set_subject(struct error *error, const char *subject);

/* Adds foreign text; at most the last bytes that fit are kept. */
void error_set_detail(struct error *error, const char *text, size_t length);

/* Forgets the error so that the object can be used again. */
void error_clear(struct error *error);

/* Stable name of a code ("MOUNT_FAILED"); "UNKNOWN" for a number that is none. */
const char *error_code_name(uint32_t code);

/* What to do about it, or NULL when there is no general advice. */
const char *error_code_hint(uint32_t code);

enum error_exit_class error_code_exit_class(uint32_t code);

/* Name of an errno value ("ENOENT"), or NULL when it has none. */
const char *error_errno_name(int sys_errno);

/*
 * Makes an error that came from the stage safe to use: every string terminated, every number in
 * range.  The page it was in is shared with a process that may have been taken over.
 */
void error_sanitize(struct error *error);

/*
 * Writes the one line that people read, without the program's name in front and without a newline:
 * "error[CODE] message: ERRNO; config.json:214:17 (/mounts/9); hint: …".
 * Control characters are escaped.  Returns the length as snprintf does.
 */
size_t error_format_text(const struct error *error, char *out, size_t size);

/*
 * The message alone, as log objects carry it in "msg": message, errno name, place; no hint.
 * Returns the length as snprintf does.
 */
size_t error_format_message(const struct error *error, char *out, size_t size);

#endif
