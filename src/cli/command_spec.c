/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray spec: a config.json to begin with.  Runs in dray. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/output.h"
#include "io/file.h"

/* O_EXCL: neither a file that is there nor what a symbolic link names is ever overwritten. */
static int write_new_file(struct invocation *invocation, int dir, const struct buffer *text)
{
    const char *name =
        invocation->arguments.file != NULL ? invocation->arguments.file : "config.json";
    _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int result;

    if (fd < 0 && errno == EEXIST)
        return error_set(&invocation->error, ERROR_USAGE, 0, "spec: \"%s\" exists; remove it first",
                         name);
    if (fd < 0)
        return error_set(&invocation->error, ERROR_SYSTEM, errno, "spec: cannot make \"%s\"", name);
    result = file_write_all(fd, text->text, text->length);
    if (result < 0) {
        unlinkat(dir, name, 0);
        return error_set(&invocation->error, ERROR_SYSTEM, -result, "spec: cannot write \"%s\"",
                         name);
    }
    return 0;
}

int command_spec(struct invocation *invocation)
{
    const char *bundle = invocation->arguments.bundle != NULL ? invocation->arguments.bundle : ".";
    _cleanup_buffer_ struct buffer text = {0};
    _cleanup_free_ char *json = NULL;
    _cleanup_close_ int dir = -1;
    int result = command_open_library(invocation);

    if (result == 0)
        result = dray_spec(invocation->dray, invocation->arguments.rootless_spec, &json);
    if (result < 0)
        return result;
    output_add_json(&text, json, 4);
    if (text.failed)
        return error_set(&invocation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "spec: out of memory");
    dir = openat(AT_FDCWD, bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return error_set(&invocation->error, ERROR_SYSTEM, errno,
                         "spec: cannot open the bundle \"%s\"", bundle);
    return write_new_file(invocation, dir, &text);
}
