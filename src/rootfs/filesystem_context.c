/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File system contexts; in the stage. */
#include "rootfs/filesystem_context.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/syscalls.h"

/* A key is never longer, and the kernel takes values of up to 255 characters. */
#define OPTION_SIZE 512

static const struct {
    uint64_t flag;
    const char *name;
} flag_names[] = {
    {MS_RDONLY, "ro"},     {MS_SYNCHRONOUS, "sync"},  {MS_DIRSYNC, "dirsync"},
    {MS_MANDLOCK, "mand"}, {MS_LAZYTIME, "lazytime"},
};

int filesystem_context_set_flags(int context, uint64_t flags)
{
    for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
        if (flags & flag_names[i].flag &&
            sys_fsconfig(context, FSCONFIG_SET_FLAG, flag_names[i].name, NULL, 0) < 0)
            return -errno;
    return 0;
}

int filesystem_context_set_option(int context, const char *option)
{
    size_t key_length = strcspn(option, "="), length = strlen(option);
    char copy[OPTION_SIZE], *value;

    if (option[key_length] == '\0')
        return sys_fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0) < 0 ? -errno : 0;
    if (length >= sizeof(copy))
        return -ENAMETOOLONG;
    memcpy(copy, option, length + 1);
    copy[key_length] = '\0';
    value = copy + key_length + 1;
    length -= key_length + 1;
    /* mount(2) needs quotes around a label with commas; here they would be part of it */
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value[length - 1] = '\0';
        value++;
    }
    return sys_fsconfig(context, FSCONFIG_SET_STRING, copy, value, 0) < 0 ? -errno : 0;
}

int filesystem_context_set_options(int context, const char *options)
{
    while (options[0] != '\0') {
        size_t length = strcspn(options, ",");
        char option[OPTION_SIZE];
        int r;

        if (length >= sizeof(option))
            return -ENAMETOOLONG;
        memcpy(option, options, length);
        option[length] = '\0';
        r = filesystem_context_set_option(context, option);
        if (r < 0)
            return r;
        options += length + (options[length] == ',');
    }
    return 0;
}

int filesystem_context_set_data(int context, const struct plan *plan,
                                const struct plan_mount *mount)
{
    for (uint32_t i = 0; i < mount->data.count; i++) {
        int r = filesystem_context_set_option(context, plan_text_at(plan, mount->data, i));

        if (r < 0)
            return r;
    }
    if (mount->label != 0)
        return filesystem_context_set_option(context, plan_text(plan, mount->label));
    return 0;
}

void filesystem_context_read_log(int context, struct error *error)
{
    char log[sizeof(error->detail)];
    size_t used = 0;
    ssize_t length;

    /* one message for each read: "e text", "w text" or "i text" */
    while (used + 1 < sizeof(log) &&
           (length = read(context, log + used, sizeof(log) - used - 1)) > 0) {
        if (length > 2 && log[used + 1] == ' ') {
            length -= 2;
            memmove(log + used, log + used + 2, (size_t)length);
        }
        used += (size_t)length;
        if (log[used - 1] != '\n')
            log[used++] = '\n';
    }
    if (used > 0 && error->code == ERROR_NONE)
        error_set_detail(error, log, used - (log[used - 1] == '\n'));
}
