/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The closed sets of words in OCI documents.  Each set is one list of (C name, word) pairs, from
 * which the enum, the table for the parser and the function that gives the word back are made.
 * 0 is always "absent".
 */
#ifndef OCISPEC_WORDS_H
#define OCISPEC_WORDS_H

#include <stddef.h>

#define OCI_NAMESPACE_TYPE_WORDS(WORD)     \
    WORD(OCI_NAMESPACE_MOUNT, "mount")     \
    WORD(OCI_NAMESPACE_PID, "pid")         \
    WORD(OCI_NAMESPACE_NETWORK, "network") \
    WORD(OCI_NAMESPACE_UTS, "uts")         \
    WORD(OCI_NAMESPACE_IPC, "ipc")         \
    WORD(OCI_NAMESPACE_USER, "user")       \
    WORD(OCI_NAMESPACE_CGROUP, "cgroup")   \
    WORD(OCI_NAMESPACE_TIME, "time")

/* linux.devices[].type */
#define OCI_DEVICE_TYPE_WORDS(WORD)  \
    WORD(OCI_DEVICE_CHARACTER, "c")  \
    WORD(OCI_DEVICE_BLOCK, "b")      \
    WORD(OCI_DEVICE_UNBUFFERED, "u") \
    WORD(OCI_DEVICE_FIFO, "p")

/* linux.resources.devices[].type */
#define OCI_DEVICE_RULE_TYPE_WORDS(WORD) \
    WORD(OCI_DEVICE_RULE_ALL, "a")       \
    WORD(OCI_DEVICE_RULE_CHARACTER, "c") \
    WORD(OCI_DEVICE_RULE_BLOCK, "b")

/* The spec names the first four; runtimes accept the recursive words and engines use them. */
#define OCI_ROOTFS_PROPAGATION_WORDS(WORD)         \
    WORD(OCI_PROPAGATION_PRIVATE, "private")       \
    WORD(OCI_PROPAGATION_SHARED, "shared")         \
    WORD(OCI_PROPAGATION_SLAVE, "slave")           \
    WORD(OCI_PROPAGATION_UNBINDABLE, "unbindable") \
    WORD(OCI_PROPAGATION_RPRIVATE, "rprivate")     \
    WORD(OCI_PROPAGATION_RSHARED, "rshared")       \
    WORD(OCI_PROPAGATION_RSLAVE, "rslave")         \
    WORD(OCI_PROPAGATION_RUNBINDABLE, "runbindable")

#define OCI_PERSONALITY_DOMAIN_WORDS(WORD) \
    WORD(OCI_PERSONALITY_LINUX, "LINUX")   \
    WORD(OCI_PERSONALITY_LINUX32, "LINUX32")

#define OCI_SECCOMP_ACTION_WORDS(WORD)                      \
    WORD(OCI_SECCOMP_KILL, "SCMP_ACT_KILL")                 \
    WORD(OCI_SECCOMP_KILL_PROCESS, "SCMP_ACT_KILL_PROCESS") \
    WORD(OCI_SECCOMP_KILL_THREAD, "SCMP_ACT_KILL_THREAD")   \
    WORD(OCI_SECCOMP_TRAP, "SCMP_ACT_TRAP")                 \
    WORD(OCI_SECCOMP_ERRNO, "SCMP_ACT_ERRNO")               \
    WORD(OCI_SECCOMP_TRACE, "SCMP_ACT_TRACE")               \
    WORD(OCI_SECCOMP_ALLOW, "SCMP_ACT_ALLOW")               \
    WORD(OCI_SECCOMP_LOG, "SCMP_ACT_LOG")                   \
    WORD(OCI_SECCOMP_NOTIFY, "SCMP_ACT_NOTIFY")

#define OCI_SECCOMP_OPERATOR_WORDS(WORD) \
    WORD(OCI_SECCOMP_NE, "SCMP_CMP_NE")  \
    WORD(OCI_SECCOMP_LT, "SCMP_CMP_LT")  \
    WORD(OCI_SECCOMP_LE, "SCMP_CMP_LE")  \
    WORD(OCI_SECCOMP_EQ, "SCMP_CMP_EQ")  \
    WORD(OCI_SECCOMP_GE, "SCMP_CMP_GE")  \
    WORD(OCI_SECCOMP_GT, "SCMP_CMP_GT")  \
    WORD(OCI_SECCOMP_MASKED_EQ, "SCMP_CMP_MASKED_EQ")

#define OCI_SECCOMP_ARCH_WORDS(WORD)                    \
    WORD(OCI_ARCH_X86, "SCMP_ARCH_X86")                 \
    WORD(OCI_ARCH_X86_64, "SCMP_ARCH_X86_64")           \
    WORD(OCI_ARCH_X32, "SCMP_ARCH_X32")                 \
    WORD(OCI_ARCH_ARM, "SCMP_ARCH_ARM")                 \
    WORD(OCI_ARCH_AARCH64, "SCMP_ARCH_AARCH64")         \
    WORD(OCI_ARCH_LOONGARCH64, "SCMP_ARCH_LOONGARCH64") \
    WORD(OCI_ARCH_M68K, "SCMP_ARCH_M68K")               \
    WORD(OCI_ARCH_MIPS, "SCMP_ARCH_MIPS")               \
    WORD(OCI_ARCH_MIPS64, "SCMP_ARCH_MIPS64")           \
    WORD(OCI_ARCH_MIPS64N32, "SCMP_ARCH_MIPS64N32")     \
    WORD(OCI_ARCH_MIPSEL, "SCMP_ARCH_MIPSEL")           \
    WORD(OCI_ARCH_MIPSEL64, "SCMP_ARCH_MIPSEL64")       \
    WORD(OCI_ARCH_MIPSEL64N32, "SCMP_ARCH_MIPSEL64N32") \
    WORD(OCI_ARCH_PPC, "SCMP_ARCH_PPC")                 \
    WORD(OCI_ARCH_PPC64, "SCMP_ARCH_PPC64")             \
    WORD(OCI_ARCH_PPC64LE, "SCMP_ARCH_PPC64LE")         \
    WORD(OCI_ARCH_S390, "SCMP_ARCH_S390")               \
    WORD(OCI_ARCH_S390X, "SCMP_ARCH_S390X")             \
    WORD(OCI_ARCH_SH, "SCMP_ARCH_SH")                   \
    WORD(OCI_ARCH_SHEB, "SCMP_ARCH_SHEB")               \
    WORD(OCI_ARCH_PARISC, "SCMP_ARCH_PARISC")           \
    WORD(OCI_ARCH_PARISC64, "SCMP_ARCH_PARISC64")       \
    WORD(OCI_ARCH_RISCV64, "SCMP_ARCH_RISCV64")

#define OCI_SECCOMP_FLAG_WORDS(WORD)                                    \
    WORD(OCI_SECCOMP_FLAG_TSYNC, "SECCOMP_FILTER_FLAG_TSYNC")           \
    WORD(OCI_SECCOMP_FLAG_LOG, "SECCOMP_FILTER_FLAG_LOG")               \
    WORD(OCI_SECCOMP_FLAG_SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW") \
    WORD(OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")

#define OCI_MEMORY_POLICY_MODE_WORDS(WORD)                                  \
    WORD(OCI_MEMORY_POLICY_DEFAULT, "MPOL_DEFAULT")                         \
    WORD(OCI_MEMORY_POLICY_BIND, "MPOL_BIND")                               \
    WORD(OCI_MEMORY_POLICY_INTERLEAVE, "MPOL_INTERLEAVE")                   \
    WORD(OCI_MEMORY_POLICY_WEIGHTED_INTERLEAVE, "MPOL_WEIGHTED_INTERLEAVE") \
    WORD(OCI_MEMORY_POLICY_PREFERRED, "MPOL_PREFERRED")                     \
    WORD(OCI_MEMORY_POLICY_PREFERRED_MANY, "MPOL_PREFERRED_MANY")           \
    WORD(OCI_MEMORY_POLICY_LOCAL, "MPOL_LOCAL")

#define OCI_MEMORY_POLICY_FLAG_WORDS(WORD)                               \
    WORD(OCI_MEMORY_POLICY_FLAG_NUMA_BALANCING, "MPOL_F_NUMA_BALANCING") \
    WORD(OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES, "MPOL_F_RELATIVE_NODES") \
    WORD(OCI_MEMORY_POLICY_FLAG_STATIC_NODES, "MPOL_F_STATIC_NODES")

#define OCI_SCHEDULER_POLICY_WORDS(WORD) \
    WORD(OCI_SCHED_OTHER, "SCHED_OTHER") \
    WORD(OCI_SCHED_FIFO, "SCHED_FIFO")   \
    WORD(OCI_SCHED_RR, "SCHED_RR")       \
    WORD(OCI_SCHED_BATCH, "SCHED_BATCH") \
    WORD(OCI_SCHED_ISO, "SCHED_ISO")     \
    WORD(OCI_SCHED_IDLE, "SCHED_IDLE")   \
    WORD(OCI_SCHED_DEADLINE, "SCHED_DEADLINE")

#define OCI_SCHEDULER_FLAG_WORDS(WORD)                               \
    WORD(OCI_SCHED_FLAG_RESET_ON_FORK, "SCHED_FLAG_RESET_ON_FORK")   \
    WORD(OCI_SCHED_FLAG_RECLAIM, "SCHED_FLAG_RECLAIM")               \
    WORD(OCI_SCHED_FLAG_DL_OVERRUN, "SCHED_FLAG_DL_OVERRUN")         \
    WORD(OCI_SCHED_FLAG_KEEP_POLICY, "SCHED_FLAG_KEEP_POLICY")       \
    WORD(OCI_SCHED_FLAG_KEEP_PARAMS, "SCHED_FLAG_KEEP_PARAMS")       \
    WORD(OCI_SCHED_FLAG_UTIL_CLAMP_MIN, "SCHED_FLAG_UTIL_CLAMP_MIN") \
    WORD(OCI_SCHED_FLAG_UTIL_CLAMP_MAX, "SCHED_FLAG_UTIL_CLAMP_MAX")

#define OCI_IO_PRIORITY_CLASS_WORDS(WORD)           \
    WORD(OCI_IOPRIO_REALTIME, "IOPRIO_CLASS_RT")    \
    WORD(OCI_IOPRIO_BEST_EFFORT, "IOPRIO_CLASS_BE") \
    WORD(OCI_IOPRIO_IDLE, "IOPRIO_CLASS_IDLE")

#define OCI_VM_IMAGE_FORMAT_WORDS(WORD) \
    WORD(OCI_VM_IMAGE_RAW, "raw")       \
    WORD(OCI_VM_IMAGE_QCOW2, "qcow2")   \
    WORD(OCI_VM_IMAGE_VDI, "vdi")       \
    WORD(OCI_VM_IMAGE_VMDK, "vmdk")     \
    WORD(OCI_VM_IMAGE_VHD, "vhd")

#define OCI_WINDOWS_DEVICE_ID_TYPE_WORDS(WORD) WORD(OCI_WINDOWS_DEVICE_CLASS, "class")

#define OCI_ZOS_NAMESPACE_TYPE_WORDS(WORD) \
    WORD(OCI_ZOS_NAMESPACE_MOUNT, "mount") \
    WORD(OCI_ZOS_NAMESPACE_PID, "pid")     \
    WORD(OCI_ZOS_NAMESPACE_UTS, "uts")     \
    WORD(OCI_ZOS_NAMESPACE_IPC, "ipc")

#define OCI_FREEBSD_SHARING_WORDS(WORD)          \
    WORD(OCI_FREEBSD_SHARING_DISABLE, "disable") \
    WORD(OCI_FREEBSD_SHARING_NEW, "new")         \
    WORD(OCI_FREEBSD_SHARING_INHERIT, "inherit")

#define OCI_FREEBSD_OWN_OR_INHERIT_WORDS(WORD) \
    WORD(OCI_FREEBSD_OWN, "new")               \
    WORD(OCI_FREEBSD_INHERIT, "inherit")

/* Every set: SET(name of the enum, prefix for "absent" and the count, its words). */
#define OCI_WORD_SETS(SET)                                                            \
    SET(namespace_type, OCI_NAMESPACE, OCI_NAMESPACE_TYPE_WORDS)                      \
    SET(device_type, OCI_DEVICE, OCI_DEVICE_TYPE_WORDS)                               \
    SET(device_rule_type, OCI_DEVICE_RULE, OCI_DEVICE_RULE_TYPE_WORDS)                \
    SET(rootfs_propagation, OCI_PROPAGATION, OCI_ROOTFS_PROPAGATION_WORDS)            \
    SET(personality_domain, OCI_PERSONALITY, OCI_PERSONALITY_DOMAIN_WORDS)            \
    SET(seccomp_action, OCI_SECCOMP_ACTION, OCI_SECCOMP_ACTION_WORDS)                 \
    SET(seccomp_operator, OCI_SECCOMP_OPERATOR, OCI_SECCOMP_OPERATOR_WORDS)           \
    SET(seccomp_arch, OCI_ARCH, OCI_SECCOMP_ARCH_WORDS)                               \
    SET(seccomp_flag, OCI_SECCOMP_FLAG, OCI_SECCOMP_FLAG_WORDS)                       \
    SET(memory_policy_mode, OCI_MEMORY_POLICY, OCI_MEMORY_POLICY_MODE_WORDS)          \
    SET(memory_policy_flag, OCI_MEMORY_POLICY_FLAG, OCI_MEMORY_POLICY_FLAG_WORDS)     \
    SET(scheduler_policy, OCI_SCHED, OCI_SCHEDULER_POLICY_WORDS)                      \
    SET(scheduler_flag, OCI_SCHED_FLAG, OCI_SCHEDULER_FLAG_WORDS)                     \
    SET(io_priority_class, OCI_IOPRIO, OCI_IO_PRIORITY_CLASS_WORDS)                   \
    SET(vm_image_format, OCI_VM_IMAGE, OCI_VM_IMAGE_FORMAT_WORDS)                     \
    SET(windows_device_id_type, OCI_WINDOWS_DEVICE, OCI_WINDOWS_DEVICE_ID_TYPE_WORDS) \
    SET(zos_namespace_type, OCI_ZOS_NAMESPACE, OCI_ZOS_NAMESPACE_TYPE_WORDS)          \
    SET(freebsd_sharing, OCI_FREEBSD_SHARING, OCI_FREEBSD_SHARING_WORDS)              \
    SET(freebsd_own_or_inherit, OCI_FREEBSD_OWN_OR_INHERIT, OCI_FREEBSD_OWN_OR_INHERIT_WORDS)

/* One closed set: the word of value v is words[v], words[0] is NULL ("absent"), the end too. */
struct oci_words {
    const char *const *words;
    unsigned count; /* including the absent one */
};

/*
 * For each set `x`: the enum `oci_x`, whose first value PREFIX_NONE means absent and whose last,
 * PREFIX_COUNT, is one more than the largest; the table `oci_x_words`; and `oci_x_name()`, which
 * gives the word, or NULL for "absent" and for numbers out of range.
 */
#define OCI_WORD_VALUE(name, word) name,
#define OCI_WORD_SET(set, prefix, words)                                     \
    enum oci_##set{prefix##_NONE = 0, words(OCI_WORD_VALUE) prefix##_COUNT}; \
    extern const struct oci_words oci_##set##_words;                         \
    const char *oci_##set##_name(enum oci_##set value);
OCI_WORD_SETS(OCI_WORD_SET)
#undef OCI_WORD_SET

/* The value of a word (not 0), or 0 when it is none of the set. */
unsigned oci_word_value(const struct oci_words *set, const char *word, size_t length);

/* The word of a value, or NULL. */
const char *oci_word_name(const struct oci_words *set, unsigned value);

#endif
