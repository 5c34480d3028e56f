/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capability sets, by raw system calls; runs in the stage. */
#include "security/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SET_BITS 64 /* capset(2) version 3 has two words; the kernel says where it ends */

/* of no process but the calling thread */
static const struct __user_cap_header_struct header_of_self = {
    .version = _LINUX_CAPABILITY_VERSION_3,
    .pid = 0,
};

int capabilities_set(uint64_t effective, uint64_t permitted, uint64_t inheritable,
                     struct error *error)
{
    struct __user_cap_header_struct header = header_of_self;
    struct __user_cap_data_struct data[2];

    for (unsigned word = 0; word < 2; word++) {
        data[word].effective = (uint32_t)(effective >> word * 32);
        data[word].permitted = (uint32_t)(permitted >> word * 32);
        data[word].inheritable = (uint32_t)(inheritable >> word * 32);
    }
    if (syscall(SYS_capset, &header, data) < 0)
        return error_set(error, ERROR_CAPABILITY_FAILED, errno,
                         "cannot set the capabilities (effective %#llx, permitted %#llx, "
                         "inheritable %#llx)",
                         (unsigned long long)effective, (unsigned long long)permitted,
                         (unsigned long long)inheritable);
    return 0;
}

int capabilities_get(uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable,
                     struct error *error)
{
    struct __user_cap_header_struct header = header_of_self;
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        return error_set(error, ERROR_CAPABILITY_FAILED, errno, "cannot read the capabilities");
    if (ret_effective != NULL)
        *ret_effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    if (ret_permitted != NULL)
        *ret_permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    if (ret_inheritable != NULL)
        *ret_inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
    return 0;
}

int capabilities_drop_bounding(uint64_t bounding, struct error *error)
{
    for (unsigned long number = 0; number < SET_BITS; number++) {
        if ((bounding & CAPABILITY_BIT(number)) || prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
            continue;
        if (errno == EINVAL)
            return 0; /* above the kernel's last one */
        /* without CAP_SETPCAP it is enough that it is not there */
        if (errno == EPERM && prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 0)
            continue;
        return error_set(error, ERROR_CAPABILITY_FAILED, EPERM,
                         "cannot drop capability %lu from the bounding set", number);
    }
    return 0;
}

int capabilities_set_ambient(uint64_t ambient, struct error *error)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return error_set(error, ERROR_CAPABILITY_FAILED, errno,
                         "cannot clear the ambient capabilities");
    for (unsigned long number = 0; number < SET_BITS; number++) {
        if ((ambient & CAPABILITY_BIT(number)) == 0)
            continue;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
            return error_set(error, ERROR_CAPABILITY_FAILED, errno,
                             "cannot raise the ambient capability %lu", number);
    }
    return 0;
}
