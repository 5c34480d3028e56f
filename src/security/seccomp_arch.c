/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Architectures of system call filters.  Facts: linux/audit.h for the values, the kernel's system
 * call tables for the direct numbers of calls that socketcall(2) and ipc(2) multiplex (libseccomp
 * answers these names with its pseudo numbers, so the direct ones stand here; a test compares them
 * with libseccomp's way back from number to name).  Runs in dray; pure.
 */
#include "security/seccomp_arch.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "security/seccomp_table.h"

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
    uint32_t audit;
    int16_t socketcall;
    int16_t ipc;
    const int16_t *direct_sockets;
};

static const struct arch_row arch_rows[OCI_ARCH_COUNT] = {
    [OCI_ARCH_X86] = {AUDIT_ARCH_I386, 102, 117, x86_sockets},
    [OCI_ARCH_X86_64] = {AUDIT_ARCH_X86_64, -1, -1, NULL},
    [OCI_ARCH_X32] = {AUDIT_ARCH_X86_64, -1, -1, NULL},
    [OCI_ARCH_ARM] = {AUDIT_ARCH_ARM, -1, -1, NULL},
    [OCI_ARCH_AARCH64] = {AUDIT_ARCH_AARCH64, -1, -1, NULL},
    [OCI_ARCH_LOONGARCH64] = {AUDIT_ARCH_LOONGARCH64, -1, -1, NULL},
    [OCI_ARCH_M68K] = {AUDIT_ARCH_M68K, -1, -1, NULL},
    [OCI_ARCH_MIPS] = {AUDIT_ARCH_MIPS, 4102, 4117, mips_sockets},
    [OCI_ARCH_MIPS64] = {AUDIT_ARCH_MIPS64, -1, -1, NULL},
    [OCI_ARCH_MIPS64N32] = {AUDIT_ARCH_MIPS64N32, -1, -1, NULL},
    [OCI_ARCH_MIPSEL] = {AUDIT_ARCH_MIPSEL, 4102, 4117, mips_sockets},
    [OCI_ARCH_MIPSEL64] = {AUDIT_ARCH_MIPSEL64, -1, -1, NULL},
    [OCI_ARCH_MIPSEL64N32] = {AUDIT_ARCH_MIPSEL64N32, -1, -1, NULL},
    [OCI_ARCH_PPC] = {AUDIT_ARCH_PPC, 102, 117, ppc_sockets},
    [OCI_ARCH_PPC64] = {AUDIT_ARCH_PPC64, 102, 117, ppc_sockets},
    [OCI_ARCH_PPC64LE] = {AUDIT_ARCH_PPC64LE, 102, 117, ppc_sockets},
    [OCI_ARCH_S390] = {AUDIT_ARCH_S390, 102, 117, s390_sockets},
    [OCI_ARCH_S390X] = {AUDIT_ARCH_S390X, 102, 117, s390_sockets},
    [OCI_ARCH_SH] = {AUDIT_ARCH_SHEL, -1, -1, NULL},
    [OCI_ARCH_SHEB] = {AUDIT_ARCH_SH, -1, -1, NULL},
    [OCI_ARCH_PARISC] = {AUDIT_ARCH_PARISC, -1, -1, NULL},
    [OCI_ARCH_PARISC64] = {AUDIT_ARCH_PARISC64, -1, -1, NULL},
    [OCI_ARCH_RISCV64] = {AUDIT_ARCH_RISCV64, -1, -1, NULL},
};

/* As the compiler's macros name it. */
#if defined(__x86_64__) && defined(__ILP32__)
#define NATIVE OCI_ARCH_X32
#elif defined(__x86_64__)
#define NATIVE OCI_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE OCI_ARCH_X86
#elif defined(__aarch64__)
#define NATIVE OCI_ARCH_AARCH64
#elif defined(__arm__)
#define NATIVE OCI_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE OCI_ARCH_RISCV64
#elif defined(__loongarch64)
#define NATIVE OCI_ARCH_LOONGARCH64
#elif defined(__s390x__)
#define NATIVE OCI_ARCH_S390X
#elif defined(__s390__)
#define NATIVE OCI_ARCH_S390
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define NATIVE OCI_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define NATIVE OCI_ARCH_PPC64
#elif defined(__powerpc__)
#define NATIVE OCI_ARCH_PPC
#elif defined(__MIPSEL__) && defined(_ABI64) && _MIPS_SIM == _ABI64
#define NATIVE OCI_ARCH_MIPSEL64
#elif defined(__MIPSEL__) && defined(_ABIN32) && _MIPS_SIM == _ABIN32
#define NATIVE OCI_ARCH_MIPSEL64N32
#elif defined(__MIPSEL__)
#define NATIVE OCI_ARCH_MIPSEL
#elif defined(__MIPSEB__) && defined(_ABI64) && _MIPS_SIM == _ABI64
#define NATIVE OCI_ARCH_MIPS64
#elif defined(__MIPSEB__) && defined(_ABIN32) && _MIPS_SIM == _ABIN32
#define NATIVE OCI_ARCH_MIPS64N32
#elif defined(__MIPSEB__)
#define NATIVE OCI_ARCH_MIPS
#elif defined(__hppa__)
#define NATIVE OCI_ARCH_PARISC
#elif defined(__m68k__)
#define NATIVE OCI_ARCH_M68K
#elif defined(__sh__) && defined(__LITTLE_ENDIAN__)
#define NATIVE OCI_ARCH_SH
#elif defined(__sh__)
#define NATIVE OCI_ARCH_SHEB
#else
#error "this machine's architecture has no name in the OCI specification"
#endif

int filter_arch_find(enum oci_seccomp_arch word, struct filter_arch *ret)
{
    const struct arch_row *row;
    bool x32 = word == OCI_ARCH_X32;
    bool n32;

    if (word <= OCI_ARCH_NONE || word >= OCI_ARCH_COUNT)
        return -ENOTSUP;
    row = &arch_rows[word];
    n32 = (row->audit & __AUDIT_ARCH_CONVENTION_MASK) != 0;
    *ret = (struct filter_arch){
        .word = word,
        .numbers = filter_table_numbers[word],
        .audit = row->audit,
        .bit = x32 ? FILTER_X32_BIT : 0,
        .wide = (row->audit & __AUDIT_ARCH_64BIT) != 0 && !x32 && !n32,
        .big_endian = (row->audit & __AUDIT_ARCH_LE) == 0,
        .zero_escape = row->audit == AUDIT_ARCH_S390 || row->audit == AUDIT_ARCH_S390X,
        .socketcall = row->socketcall,
        .ipc = row->ipc,
        .direct_sockets = row->direct_sockets,
    };
    return 0;
}

void filter_arch_native(struct filter_arch *ret)
{
    (void)filter_arch_find(NATIVE, ret);
}

static int32_t ipc_number(const struct filter_arch *arch, uint32_t call)
{
    bool has_semtimedop = arch->audit == AUDIT_ARCH_S390X || arch->audit == AUDIT_ARCH_PPC64 ||
                          arch->audit == AUDIT_ARCH_PPC64LE;

    if (call >= ARRAY_SIZE(ipc_calls) || ipc_calls[call] == 0 || (call == 4 && !has_semtimedop))
        return -1;
    return ipc_calls[call] + arch->ipc - 117; /* MIPS numbers begin at 4000 */
}

int filter_name_find(const char *name)
{
    uint32_t slot = filter_table_hash(name);

    for (; filter_table_slots[slot] != 0; slot = (slot + 1) % FILTER_TABLE_SLOTS) {
        int id = filter_table_slots[slot] - 1;

        if (strcmp(&filter_table_names[filter_table_offsets[id]], name) == 0)
            return id;
    }
    return -ENOENT;
}

struct filter_number filter_arch_number(const struct filter_arch *arch, unsigned id)
{
    struct filter_number found = {.direct = -1, .multiplexer = -1};
    int number = arch->numbers[id];

    if (number >= FILTER_TABLE_ARM) {
        found.direct = number - FILTER_TABLE_ARM + FILTER_TABLE_ARM_BASE;
    } else if (number >= 0) {
        found.direct = number;
    } else if (number <= -101 && number > -100 - SOCKET_CALLS && arch->socketcall >= 0) {
        found.multiplexer = arch->socketcall;
        found.call = (uint32_t)(-100 - number);
        found.direct = arch->direct_sockets[found.call];
    } else if (number <= -201 && arch->ipc >= 0) {
        found.multiplexer = arch->ipc;
        found.call = (uint32_t)(-200 - number);
        found.direct = ipc_number(arch, found.call);
    }
    return found;
}
