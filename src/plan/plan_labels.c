/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans the labels of the process.  A label that the host cannot give is an error: a container must
 * not run less confined than its config says.  Runs in dray.
 */
#include <errno.h>
#include <string.h>

#include "plan/plan_process_parts.h"

static int plan_apparmor(const struct plan_input *input, struct plan_builder *builder)
{
    const char *profile = input->process->apparmor_profile;

    if (profile == NULL || profile[0] == '\0')
        return 0;
    if (!input->host->apparmor) {
        if (strcmp(profile, "unconfined") == 0)
            return 0;
        error_set_pointer(builder->error, "/process/apparmorProfile");
        return error_set(builder->error, ERROR_APPARMOR_FAILED, 0,
                         "the AppArmor profile \"%s\" is asked for, but AppArmor is not enabled "
                         "on this host",
                         profile);
    }
    builder->plan->process.apparmor = plan_add_string(builder, profile);
    return builder->plan->process.apparmor != 0 ? 0 : -ENOMEM;
}

static int plan_selinux(const struct plan_input *input, struct plan_builder *builder)
{
    const char *label = input->process->selinux_label;

    if (label == NULL || label[0] == '\0')
        return 0;
    if (!input->host->selinux) {
        error_set_pointer(builder->error, "/process/selinuxLabel");
        return error_set(builder->error, ERROR_SELINUX_FAILED, 0,
                         "the SELinux label \"%s\" is asked for, but SELinux is not enabled on "
                         "this host",
                         label);
    }
    builder->plan->process.selinux = plan_add_string(builder, label);
    return builder->plan->process.selinux != 0 ? 0 : -ENOMEM;
}

int plan_process_labels(const struct plan_input *input, struct plan_builder *builder)
{
    int r = plan_apparmor(input, builder);

    if (r == 0)
        r = plan_selinux(input, builder);
    return r;
}
