/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AppArmor profile and SELinux label of what is restored; runs in dray. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "steps/restore.h"
#include "steps/restore_check.h"

#define LABEL_MAX 4096

/*
 * The label that processes are to have, "apparmor:NAME" or "selinux:LABEL" as CRIU takes it: that
 * of the command line, else of the new configuration.  False when neither gives one.
 */
static bool find_wanted(struct operation *operation, char out[LABEL_MAX])
{
    const struct plan *plan = operation_plan(operation);
    const char *given = operation->restore->request->lsm_profile;
    const char *apparmor = plan_text(plan, plan->process.apparmor);
    const char *selinux = plan_text(plan, plan->process.selinux);

    if (given != NULL)
        snprintf(out, LABEL_MAX, "%s", given);
    else if (apparmor != NULL)
        snprintf(out, LABEL_MAX, "apparmor:%s", apparmor);
    else if (selinux != NULL)
        snprintf(out, LABEL_MAX, "selinux:%s", selinux);
    else
        return false;
    return true;
}

void restore_put_labels(struct operation *operation, struct wire_writer *options)
{
    const struct plan *plan = operation_plan(operation);
    const char *context = operation->restore->request->lsm_mount_context;
    char wanted[LABEL_MAX];

    if (find_wanted(operation, wanted))
        criu_set_text(options, CRIU_OPTION_LSM_PROFILE, wanted);
    if (context == NULL)
        context = plan_text(plan, plan->rootfs.mount_label);
    if (context != NULL)
        criu_set_text(options, CRIU_OPTION_LSM_MOUNT_CONTEXT, context);
}

/* What the kernel says: "NAME (enforce)" of AppArmor, the label alone of SELinux. */
static bool read_label(pid_t pid, pid_t thread, bool apparmor, char out[LABEL_MAX])
{
    char path[80];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/attr/apparmor/current", pid, thread);
    if (apparmor && file_read_at(AT_FDCWD, path, out, LABEL_MAX) >= 0)
        return true;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/attr/current", pid, thread);
    return file_read_at(AT_FDCWD, path, out, LABEL_MAX) >= 0;
}

const char *restore_find_other_label(struct operation *operation, pid_t pid, pid_t thread)
{
    static const char prefix[] = "apparmor:";
    char wanted[LABEL_MAX], label[LABEL_MAX];
    bool apparmor;
    const char *name;
    size_t length;

    if (!find_wanted(operation, wanted))
        return NULL;
    apparmor = strncmp(wanted, prefix, strlen(prefix)) == 0;
    name = strchr(wanted, ':');
    name = name != NULL ? name + 1 : wanted;
    length = strlen(name);
    if (read_label(pid, thread, apparmor, label) && strncmp(label, name, length) == 0 &&
        (label[length] == '\0' || label[length] == '\n' || label[length] == ' '))
        return NULL;
    return apparmor ? "another AppArmor profile than the one asked for"
                    : "another SELinux label than the one asked for";
}
