/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Architectures as system call filters see them, and the numbers of their system calls.  Runs in
 * dray; pure.
 */
#ifndef DRAY_SECURITY_SECCOMP_ARCH_H
#define DRAY_SECURITY_SECCOMP_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "ocispec/words.h"

#define FILTER_X32_BIT 0x40000000U /* __X32_SYSCALL_BIT */

struct filter_arch {
    enum oci_seccomp_arch word;
    const int16_t *numbers; /* in seccomp_table.h; NULL: this machine cannot run it */
    uint32_t audit;         /* AUDIT_ARCH_* as in struct seccomp_data; x32 shares that of x86_64 */
    uint32_t bit;           /* set in every number of the ABI: FILTER_X32_BIT or 0 */
    bool wide;              /* arguments are compared as 64 bits, else by their low word */
    bool big_endian;        /* the low word of an argument comes second */
    bool zero_escape;       /* number 0 carries numbers that the kernel does not know (s390) */
    /* numbers of socketcall(2) and ipc(2), -1 where calls are not multiplexed through them */
    int16_t socketcall;
    int16_t ipc;
    const int16_t *direct_sockets; /* by call of socketcall(2); the calls' own numbers or -1 */
};

/* Where a system call arrives on an architecture. */
struct filter_number {
    int32_t direct;      /* without the architecture's bit; -1: nowhere */
    int32_t multiplexer; /* number of socketcall(2) or ipc(2) when it also comes that way, or -1 */
    uint32_t call;       /* first argument of the multiplexer */
};

/* Looks up an architecture.  Returns 0, or -ENOTSUP for a value that is none. */
int filter_arch_find(enum oci_seccomp_arch word, struct filter_arch *ret);

/* The architecture that this program was built for. */
void filter_arch_native(struct filter_arch *ret);

/* The id of a system call's name, or -ENOENT for a name that is unknown. */
int filter_name_find(const char *name);

/* Where the system call with an id arrives on @arch, whose numbers are known. */
struct filter_number filter_arch_number(const struct filter_arch *arch, unsigned id);

#endif
