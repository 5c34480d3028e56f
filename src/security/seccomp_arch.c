/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Architectures of system call filters.  Facts: linux/audit.h for the values, the kernel's system
 * call tables for the direct numbers of calls that socketcall(2) and ipc(2) multiplex (libseccomp
 * answers these names with its pseudo numbers, so the direct ones stand here; a test compares them
 * with libseccomp's way back from number to name).
 */
#include "security/seccomp_arch.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stddef.h>

#include "base/cleanup.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif
#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 (EM_LOONGARCH | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif

#define SOCKET_CALLS 21

/* linux/net.h: socket bind connect listen accept getsockname getpeername socketpair send recv
 * sendto recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg, from 1
 * on */
static const int16_t x86_sockets[SOCKET_CALLS] = {-1,  359, 361, 362, 363, -1,  367,
                                                  368, 360, -1,  -1,  369, 371, 373,
                                                  366, 365, 370, 372, 364, 337, 345};
static const int16_t s390_sockets[SOCKET_CALLS] = {-1,  359, 361, 362, 363, -1,  367,
                                                   368, 360, -1,  -1,  369, 371, 373,
                                                   366, 365, 370, 372, 364, 357, 358};
static const int16_t ppc_sockets[SOCKET_CALLS] = {-1,  326, 327, 328, 329, 330, 331,
                                                  332, 333, 334, 336, 335, 337, 338,
                                                  339, 340, 341, 342, 344, 343, 349};
static const int16_t mips_sockets[SOCKET_CALLS] = {-1,   4183, 4169, 4170, 4174, 4168, 4172,
                                                   4171, 4184, 4178, 4175, 4180, 4176, 4182,
                                                   4181, 4173, 4179, 4177, 4334, 4335, 4343};

/* linux/ipc.h: by call of ipc(2); the same on every architecture, less the base of the numbers */
static const int16_t ipc_calls[25] = {
    [2] = 393,  [3] = 394,  [4] = 392,  [11] = 400, [12] = 401, [13] = 399,
    [14] = 402, [21] = 397, [22] = 398, [23] = 395, [24] = 396};

struct arch_row {
    uint32_t token; /* 0: the same as audit */
    uint32_t audit;
    int16_t socketcall;
    int16_t ipc;
    const int16_t *direct_sockets;
};

static const struct arch_row arch_rows[OCI_ARCH_COUNT] = {
    [OCI_ARCH_X86] = {0, AUDIT_ARCH_I386, 102, 117, x86_sockets},
    [OCI_ARCH_X86_64] = {0, AUDIT_ARCH_X86_64, -1, -1, NULL},
    [OCI_ARCH_X32] = {SCMP_ARCH_X32, AUDIT_ARCH_X86_64, -1, -1, NULL},
    [OCI_ARCH_ARM] = {0, AUDIT_ARCH_ARM, -1, -1, NULL},
    [OCI_ARCH_AARCH64] = {0, AUDIT_ARCH_AARCH64, -1, -1, NULL},
    [OCI_ARCH_LOONGARCH64] = {0, AUDIT_ARCH_LOONGARCH64, -1, -1, NULL},
    [OCI_ARCH_M68K] = {0, AUDIT_ARCH_M68K, -1, -1, NULL},
    [OCI_ARCH_MIPS] = {0, AUDIT_ARCH_MIPS, 4102, 4117, mips_sockets},
    [OCI_ARCH_MIPS64] = {0, AUDIT_ARCH_MIPS64, -1, -1, NULL},
    [OCI_ARCH_MIPS64N32] = {0, AUDIT_ARCH_MIPS64N32, -1, -1, NULL},
    [OCI_ARCH_MIPSEL] = {0, AUDIT_ARCH_MIPSEL, 4102, 4117, mips_sockets},
    [OCI_ARCH_MIPSEL64] = {0, AUDIT_ARCH_MIPSEL64, -1, -1, NULL},
    [OCI_ARCH_MIPSEL64N32] = {0, AUDIT_ARCH_MIPSEL64N32, -1, -1, NULL},
    [OCI_ARCH_PPC] = {0, AUDIT_ARCH_PPC, 102, 117, ppc_sockets},
    [OCI_ARCH_PPC64] = {0, AUDIT_ARCH_PPC64, 102, 117, ppc_sockets},
    [OCI_ARCH_PPC64LE] = {0, AUDIT_ARCH_PPC64LE, 102, 117, ppc_sockets},
    [OCI_ARCH_S390] = {0, AUDIT_ARCH_S390, 102, 117, s390_sockets},
    [OCI_ARCH_S390X] = {0, AUDIT_ARCH_S390X, 102, 117, s390_sockets},
    [OCI_ARCH_SH] = {0, AUDIT_ARCH_SHEL, -1, -1, NULL},
    [OCI_ARCH_SHEB] = {0, AUDIT_ARCH_SH, -1, -1, NULL},
    [OCI_ARCH_PARISC] = {0, AUDIT_ARCH_PARISC, -1, -1, NULL},
    [OCI_ARCH_PARISC64] = {0, AUDIT_ARCH_PARISC64, -1, -1, NULL},
    [OCI_ARCH_RISCV64] = {0, AUDIT_ARCH_RISCV64, -1, -1, NULL},
};

static void fill_arch(const struct arch_row *row, struct filter_arch *ret)
{
    bool x32 = row->token == SCMP_ARCH_X32;
    bool n32 = (row->audit & __AUDIT_ARCH_CONVENTION_MASK) != 0;

    *ret = (struct filter_arch){
        .token = row->token != 0 ? row->token : row->audit,
        .audit = row->audit,
        .bit = x32 ? FILTER_X32_BIT : 0,
        .wide = (row->audit & __AUDIT_ARCH_64BIT) != 0 && !x32 && !n32,
        .big_endian = (row->audit & __AUDIT_ARCH_LE) == 0,
        .zero_escape = row->audit == AUDIT_ARCH_S390 || row->audit == AUDIT_ARCH_S390X,
        .socketcall = row->socketcall,
        .ipc = row->ipc,
        .direct_sockets = row->direct_sockets,
    };
}

int filter_arch_find(enum oci_seccomp_arch word, struct filter_arch *ret)
{
    if (word <= OCI_ARCH_NONE || word >= OCI_ARCH_COUNT)
        return -ENOTSUP;
    fill_arch(&arch_rows[word], ret);
    if (seccomp_syscall_resolve_name_arch(ret->token, "read") == __NR_SCMP_ERROR)
        return -ENOTSUP;
    return 0;
}

void filter_arch_native(struct filter_arch *ret)
{
    uint32_t token = seccomp_arch_native();

    for (size_t i = OCI_ARCH_NONE + 1; i < ARRAY_SIZE(arch_rows); i++) {
        fill_arch(&arch_rows[i], ret);
        if (ret->token == token)
            return;
    }
}

static int32_t ipc_number(const struct filter_arch *arch, uint32_t call)
{
    bool has_semtimedop = arch->audit == AUDIT_ARCH_S390X || arch->audit == AUDIT_ARCH_PPC64 ||
                          arch->audit == AUDIT_ARCH_PPC64LE;

    if (call >= ARRAY_SIZE(ipc_calls) || ipc_calls[call] == 0 || (call == 4 && !has_semtimedop))
        return -1;
    return ipc_calls[call] + arch->ipc - 117; /* MIPS numbers begin at 4000 */
}

int filter_arch_resolve(const struct filter_arch *arch, const char *name, struct filter_number *ret)
{
    int number = seccomp_syscall_resolve_name_arch(arch->token, name);

    if (number == __NR_SCMP_ERROR)
        return -ENOENT;
    *ret = (struct filter_number){.direct = -1, .multiplexer = -1};
    if (number >= 0) {
        ret->direct = (int32_t)((uint32_t)number & ~arch->bit);
    } else if (number <= -101 && number > -100 - SOCKET_CALLS && arch->socketcall >= 0) {
        ret->multiplexer = arch->socketcall;
        ret->call = (uint32_t)(-100 - number);
        ret->direct = arch->direct_sockets[ret->call];
    } else if (number <= -201 && number > -225 && arch->ipc >= 0) {
        ret->multiplexer = arch->ipc;
        ret->call = (uint32_t)(-200 - number);
        ret->direct = ipc_number(arch, ret->call);
    }
    return 0;
}
