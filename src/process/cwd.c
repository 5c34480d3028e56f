/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The working directory of the container's process; runs in the stage. */
#include "process/cwd.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/path.h"

#define DIRECTORY_SIZE 4096 /* PATH_MAX: getcwd(2) gives no longer ones */

void process_make_cwd(const struct plan *plan, int root)
{
    const char *cwd = plan_text(plan, plan->process.cwd);
    _cleanup_close_ int made = -1;

    /* the root is there */
    if (cwd[0] != '/' || cwd[1] != '\0')
        made = path_make_in_root(root, cwd, PATH_DIRECTORY, 0, NULL);
}

/*
 * The kernel says "(unreachable)/…" of a directory outside the root, and ENOENT of a removed one.
 * libc's getcwd() hides that, so the system call itself.
 */
static int check_inside_root(const char *cwd, struct error *error)
{
    char directory[DIRECTORY_SIZE];

    if (syscall(SYS_getcwd, directory, sizeof(directory)) < 0)
        return error_set(error, ERROR_CWD_FAILED, errno,
                         "cannot tell where the working directory \"%s\" is", cwd);
    if (directory[0] != '/')
        return error_set(error, ERROR_CWD_FAILED, 0,
                         "the working directory \"%s\" lies outside the container's root", cwd);
    return 0;
}

int process_enter_cwd(const struct plan *plan, bool last, bool *entered, struct error *error)
{
    const char *cwd = plan_text(plan, plan->process.cwd);
    int r = 0;

    if (*entered)
        return 0;
    if (chdir(cwd) < 0) {
        if (!last && (errno == EACCES || errno == EPERM))
            return 0;
        r = error_set(error, ERROR_CWD_FAILED, errno, "cannot enter the working directory \"%s\"",
                      cwd);
    }
    if (r == 0)
        r = check_inside_root(cwd, error);
    if (r < 0) {
        plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_CWD}, error);
        return r;
    }
    *entered = true;
    return 0;
}
