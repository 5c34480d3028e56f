/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that hooks write to when annotations ask for it; runs in dray. */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "hook/hook.h"

static int open_output(const struct plan *plan, plan_string path, const char *what, int *ret,
                       struct error *error)
{
    const char *name = plan_text(plan, path);

    *ret = -1;
    if (name == NULL)
        return 0;
    *ret = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
    if (*ret >= 0)
        return 0;
    return error_set(error, ERROR_HOOK_FAILED, errno, "cannot open \"%s\" for the %s of hooks",
                     name, what);
}

int hook_open_outputs(const struct plan *plan, int *ret_stdout, int *ret_stderr,
                      struct error *error)
{
    _cleanup_close_ int output = -1;
    int errors = -1, r = open_output(plan, plan->hooks.stdout_path, "stdout", &output, error);

    if (r == 0)
        r = open_output(plan, plan->hooks.stderr_path, "stderr", &errors, error);
    if (r < 0)
        return r;
    *ret_stdout = take_fd(&output);
    *ret_stderr = errors;
    return 0;
}
