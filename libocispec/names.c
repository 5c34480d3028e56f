/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open sets of names: a kernel may know more, a document may hold any. */
#include <string.h>
#include <sys/resource.h>

#include "ocispec/ocispec.h"

/* In the order of <linux/capability.h>. */
static const char *const capabilities[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
    NULL,
};

static const char *const rlimits[] = {
    "RLIMIT_AS",
    "RLIMIT_CORE",
    "RLIMIT_CPU",
    "RLIMIT_DATA",
    "RLIMIT_FSIZE",
    "RLIMIT_LOCKS",
    "RLIMIT_MEMLOCK",
    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",
    "RLIMIT_NOFILE",
    "RLIMIT_NPROC",
    "RLIMIT_RSS",
    "RLIMIT_RTPRIO",
    "RLIMIT_RTTIME",
    "RLIMIT_SIGPENDING",
    "RLIMIT_STACK",
    NULL,
};

/* Beside the names above. */
static const int rlimit_numbers[] = {
    RLIMIT_AS,     RLIMIT_CORE,           RLIMIT_CPU,        RLIMIT_DATA,
    RLIMIT_FSIZE,  10 /* RLIMIT_LOCKS */, RLIMIT_MEMLOCK,    RLIMIT_MSGQUEUE,
    RLIMIT_NICE,   RLIMIT_NOFILE,         RLIMIT_NPROC,      RLIMIT_RSS,
    RLIMIT_RTPRIO, RLIMIT_RTTIME,         RLIMIT_SIGPENDING, RLIMIT_STACK,
};

const char *const *oci_capability_names(void)
{
    return capabilities;
}

const char *const *oci_rlimit_names(void)
{
    return rlimits;
}

int oci_capability_number(const char *name)
{
    if (strncmp(name, "CAP_", 4) != 0 || name[4] == '\0')
        return -1;
    /* Every process has dozens of these: two characters tell nearly all of them apart. */
    for (int i = 0; capabilities[i] != NULL; i++)
        if (capabilities[i][4] == name[4] && capabilities[i][5] == name[5] &&
            strcmp(capabilities[i] + 5, name + 5) == 0)
            return i;
    return -1;
}

int oci_rlimit_number(const char *name)
{
    for (int i = 0; rlimits[i] != NULL; i++)
        if (strcmp(rlimits[i], name) == 0)
            return rlimit_numbers[i];
    return -1;
}
