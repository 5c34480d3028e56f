/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error object.  Runs in dray and in the stage: no allocation, no stdio streams. */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum error_exit_class exit_class;
    const char *hint;
} codes[ERROR_CODE_COUNT] = {
    [ERROR_NONE] = {"NONE", EXIT_CLASS_GENERAL, NULL},
#define ERROR_CODE(name, exit_class, hint) [ERROR_##name] = {#name, exit_class, hint},
#include "base/error_codes.def"
#undef ERROR_CODE
};

int error_set(struct error *error, enum error_code code, int sys_errno, const char *format, ...)
{
    if (error != NULL && error->code == ERROR_NONE) {
        va_list arguments;

        error->code = code;
        error->sys_errno = sys_errno;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof(error->message), format, arguments);
        va_end(arguments);
    }
    return sys_errno > 0 ? -sys_errno : -EINVAL;
}

void error_set_pointer(struct error *error, const char *format, ...)
{
    va_list arguments;

    if (error == NULL || error->pointer[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(error->pointer, sizeof(error->pointer), format, arguments);
    va_end(arguments);
}

void error_set_subject(struct error *error, const char *subject)
{
    if (error == NULL || subject == NULL || error->subject[0] != '\0')
        return;
    snprintf(error->subject, sizeof(error->subject), "%s", subject);
}

void error_set_detail(struct error *error, const char *text, size_t length)
{
    const size_t room = sizeof(error->detail) - 1;

    if (error == NULL || text == NULL)
        return;
    if (length > room) {
        text += length - room;
        length = room;
    }
    memcpy(error->detail, text, length);
    error->detail[length] = '\0';
}

void error_clear(struct error *error)
{
    memset(error, 0, sizeof(*error));
}

const char *error_code_name(uint32_t code)
{
    return code < ERROR_CODE_COUNT ? codes[code].name : "UNKNOWN";
}

const char *error_code_hint(uint32_t code)
{
    return code < ERROR_CODE_COUNT ? codes[code].hint : NULL;
}

enum error_exit_class error_code_exit_class(uint32_t code)
{
    return code < ERROR_CODE_COUNT ? codes[code].exit_class : EXIT_CLASS_GENERAL;
}

void error_sanitize(struct error *error)
{
    if (error->code >= ERROR_CODE_COUNT)
        error->code = ERROR_INTERNAL;
    if (error->sys_errno < 0 || error->sys_errno > 4095)
        error->sys_errno = 0;
    error->document[sizeof(error->document) - 1] = '\0';
    error->pointer[sizeof(error->pointer) - 1] = '\0';
    error->subject[sizeof(error->subject) - 1] = '\0';
    error->message[sizeof(error->message) - 1] = '\0';
    error->detail[sizeof(error->detail) - 1] = '\0';
}
