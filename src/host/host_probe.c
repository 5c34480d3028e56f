/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this kernel is and what the caller may do.  Runs in dray only, once per command that plans.
 * What few commands need is asked for those: LSMs by two access(2).
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/number.h"
#include "host/host.h"

/* inode of the initial user namespace in nsfs: include/linux/proc_ns.h, part of the kernel's ABI */
#define USER_NAMESPACE_INITIAL 0xEFFFFFFDu

static int probe_version(struct host *host, struct error *error)
{
    struct utsname names;
    const char *text = names.release;
    uint64_t major, minor;

    if (uname(&names) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot read the kernel's version");
    if (parse_u64_prefix(&text, &major) < 0 || *text++ != '.' ||
        parse_u64_prefix(&text, &minor) < 0 || major > UINT32_MAX || minor > UINT32_MAX)
        return error_set(error, ERROR_SYSTEM, EPROTO, "cannot understand the kernel version \"%s\"",
                         names.release);
    host->kernel_major = (uint32_t)major;
    host->kernel_minor = (uint32_t)minor;
    return 0;
}

/*
 * The highest capability the kernel has, by bisection: PR_CAPBSET_READ fails above it.  Six calls
 * would do; the most likely answer is tried first.
 */
static uint32_t find_last_capability(void)
{
    uint32_t known = CAP_CHECKPOINT_RESTORE, low = 0, high = 64;

    if (prctl(PR_CAPBSET_READ, known, 0, 0, 0) >= 0) {
        if (prctl(PR_CAPBSET_READ, known + 1, 0, 0, 0) < 0)
            return known;
        low = known + 1;
    } else {
        high = known;
    }
    while (low + 1 < high) { /* low is valid, high is not */
        uint32_t middle = (low + high) / 2;

        if (prctl(PR_CAPBSET_READ, middle, 0, 0, 0) >= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/*
 * dray was executed a moment ago, so what it has it also has in the bounding set; only the others
 * are asked for one by one (none for an ordinary root).
 */
static int probe_capabilities(struct host *host, struct error *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) < 0)
        return error_set(error, ERROR_SYSTEM, errno, "cannot read the capabilities of the caller");
    host->capabilities = data[0].effective | (uint64_t)data[1].effective << 32;
    host->last_capability = find_last_capability();
    host->bounding = host->capabilities;
    for (uint32_t i = 0; i <= host->last_capability; i++)
        if ((host->bounding & 1ull << i) == 0 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
            host->bounding |= 1ull << i;
    return 0;
}

int host_probe_user_namespace(bool *ret_initial)
{
    struct stat status;

    /* without the file there are no user namespaces */
    if (stat("/proc/self/ns/user", &status) < 0)
        return -errno;
    *ret_initial = status.st_ino == USER_NAMESPACE_INITIAL;
    return 0;
}

/* Whoever is refused the look, such as an engine in a domain of its own, is told so by a module. */
static bool is_there(const char *path)
{
    return access(path, F_OK) == 0 || errno == EACCES;
}

void host_probe_security_modules(struct host *host)
{
    host->apparmor = is_there("/sys/kernel/security/apparmor");
    host->selinux = is_there("/sys/fs/selinux/enforce");
}

int host_probe(struct host *ret, struct error *error)
{
    bool initial;
    int r;

    memset(ret, 0, sizeof(*ret));
    ret->effective_uid = geteuid();
    ret->effective_gid = getegid();
    r = probe_version(ret, error);
    if (r < 0)
        return r;
    r = probe_capabilities(ret, error);
    if (r < 0)
        return r;
    ret->in_user_namespace = host_probe_user_namespace(&initial) == 0 && !initial;
    return host_probe_cgroups(&ret->cgroups, error);
}
