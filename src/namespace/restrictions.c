/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "namespace/restrictions.h"

#include <fcntl.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "io/file.h"

/* Debian's switch, AppArmor's (Ubuntu's default since 24.04), and user_namespaces(7)'s limit */
static const struct {
    const char *path;
    char forbids; /* what the file begins with, and all of its line */
    const char *text;
} settings[] = {
    {"/proc/sys/user/max_user_namespaces", '0',
     "; /proc/sys/user/max_user_namespaces is 0: as root: sysctl user.max_user_namespaces=10000"},
    {"/proc/sys/kernel/unprivileged_userns_clone", '0',
     "; /proc/sys/kernel/unprivileged_userns_clone is 0: as root: sysctl "
     "kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1',
     "; /proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1: give dray an AppArmor profile "
     "with \"userns,\", or as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
};

const char *restrictions_explain(void)
{
    char value[32];

    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        if (file_read_at(AT_FDCWD, settings[i].path, value, sizeof(value)) > 0 &&
            value[0] == settings[i].forbids && (value[1] == '\n' || value[1] == '\0'))
            return settings[i].text;
    return "";
}
