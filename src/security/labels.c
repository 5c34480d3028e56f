/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AppArmor profile and SELinux context of the program; runs in the stage. */
#include "security/labels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/procfs.h"

#define LABEL_SIZE 4096 /* the kernel takes at most a page */

int apparmor_set_exec_profile(const struct plan *plan, int proc, struct error *error)
{
    const char *profile = plan_text(plan, plan->process.apparmor);
    char command[LABEL_SIZE];
    int length, r;

    if (profile == NULL)
        return 0;
    length = snprintf(command, sizeof(command), "exec %s", profile);
    if (length < 0 || (size_t)length >= sizeof(command)) {
        r = error_set(error, ERROR_APPARMOR_FAILED, ENAMETOOLONG,
                      "the name of the AppArmor profile is too long");
    } else {
        /* attr/exec may belong to another module when several are stacked (Linux 5.8) */
        r = procfs_write_file(proc, "thread-self/attr/apparmor/exec", command, (size_t)length);
        if (r == -ENOENT)
            r = procfs_write_file(proc, "thread-self/attr/exec", command, (size_t)length);
        if (r == 0)
            return 0;
        /* the phrase /proc/…/attr/exec is what engines look for */
        error_set(error, ERROR_APPARMOR_FAILED, -r,
                  "cannot write the AppArmor profile \"%s\" to /proc/self/attr/exec%s", profile,
                  r == -ENOENT ? " (is it loaded?)" : "");
    }
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_APPARMOR}, error);
    return r;
}

static int write_selinux(const struct plan *plan, int proc, const char *file, struct error *error)
{
    const char *label = plan_text(plan, plan->process.selinux);
    char path[64];
    int r;

    if (label == NULL)
        return 0;
    snprintf(path, sizeof(path), "thread-self/attr/%s", file);
    /* with its NUL, as libselinux writes it */
    r = procfs_write_file(proc, path, label, strlen(label) + 1);
    if (r == 0)
        return 0;
    error_set(error, ERROR_SELINUX_FAILED, -r,
              "cannot write the SELinux label \"%s\" to /proc/self/attr/%s", label, file);
    plan_origin_explain(plan, (struct plan_origin){.kind = ORIGIN_SELINUX}, error);
    return r;
}

int selinux_set_exec_label(const struct plan *plan, int proc, struct error *error)
{
    return write_selinux(plan, proc, "exec", error);
}

int selinux_set_key_label(const struct plan *plan, int proc, struct error *error)
{
    return write_selinux(plan, proc, "keycreate", error);
}
