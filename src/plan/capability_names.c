/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/capability_names.h"

#include <string.h>
#include <strings.h>

#define NAME(name)                           \
    {                                        \
        "CAP_" name, sizeof("CAP_" name) - 1 \
    }

static const struct {
    const char *text;
    size_t length; /* compared first: it tells most names apart */
} names[CAPABILITIES_KNOWN] = {
    NAME("CHOWN"),
    NAME("DAC_OVERRIDE"),
    NAME("DAC_READ_SEARCH"),
    NAME("FOWNER"),
    NAME("FSETID"),
    NAME("KILL"),
    NAME("SETGID"),
    NAME("SETUID"),
    NAME("SETPCAP"),
    NAME("LINUX_IMMUTABLE"),
    NAME("NET_BIND_SERVICE"),
    NAME("NET_BROADCAST"),
    NAME("NET_ADMIN"),
    NAME("NET_RAW"),
    NAME("IPC_LOCK"),
    NAME("IPC_OWNER"),
    NAME("SYS_MODULE"),
    NAME("SYS_RAWIO"),
    NAME("SYS_CHROOT"),
    NAME("SYS_PTRACE"),
    NAME("SYS_PACCT"),
    NAME("SYS_ADMIN"),
    NAME("SYS_BOOT"),
    NAME("SYS_NICE"),
    NAME("SYS_RESOURCE"),
    NAME("SYS_TIME"),
    NAME("SYS_TTY_CONFIG"),
    NAME("MKNOD"),
    NAME("LEASE"),
    NAME("AUDIT_WRITE"),
    NAME("AUDIT_CONTROL"),
    NAME("SETFCAP"),
    NAME("MAC_OVERRIDE"),
    NAME("MAC_ADMIN"),
    NAME("SYSLOG"),
    NAME("WAKE_ALARM"),
    NAME("BLOCK_SUSPEND"),
    NAME("AUDIT_READ"),
    NAME("PERFMON"),
    NAME("BPF"),
    NAME("CHECKPOINT_RESTORE"),
};

const char *capability_name(unsigned number)
{
    return number < CAPABILITIES_KNOWN ? names[number].text : NULL;
}

int capability_from_name(const char *name)
{
    size_t length = strlen(name);

    for (int number = 0; number < CAPABILITIES_KNOWN; number++)
        if (names[number].length == length && strcasecmp(names[number].text, name) == 0)
            return number;
    return -1;
}
