/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From linux.seccomp (config-linux.md, "Seccomp") to a BPF program for seccomp(2).  Runs in dray.
 *
 * The compiler is our own; libseccomp only supplied the table of names and numbers when dray was
 * built.  Per architecture the rules become ranges of system call numbers with one action each,
 * which the program searches as a balanced tree, so it is a quarter as long as one test per system
 * call and is built in microseconds.  libseccomp is no fallback, for nothing is declined, and 2.5.4
 * was found to loop for ever on some rules and to compile others wrongly; tests compare with it
 * where it is right.
 *
 * What the filters have in common with those of runc and crun, both of which use libseccomp:
 * - The native architecture is always filtered; others get SECCOMP_RET_KILL_THREAD unless listed.
 *   Unlike there, listing one that this machine cannot run is no fault and has no effect.
 * - Names that libseccomp does not know are ignored.  Rules that ask for the default action are no
 *   rules.  A rule without conditions beats those with conditions; the first of several wins.
 * - Where conditional rules of different actions overlap, the order in which libseccomp 2.5 asks
 *   decides: rules about later arguments first, then equality before upper before lower bounds,
 *   then the narrower bound or larger value, then the order of the profile.  Rules that libseccomp
 *   refuses as contradictory are put in the same order.
 * - Several conditions on the same argument of a rule are alternatives (as in runc and crun);
 *   otherwise all conditions of a rule must hold.
 * - 32 bit ABIs, x32 included, compare the low words of arguments and of the values.
 * - Calls that socketcall(2) and ipc(2) multiplex are filtered both ways; a condition on the first
 *   argument cannot be kept for the multiplexed way and is dropped there.
 * - As in runc, numbers above the highest one that the profile names for an architecture fail with
 *   ENOSYS if the default action is to refuse, so that programs fall back to older system calls.
 *   Unlike runc this also holds for the native architecture of a profile that lists none.
 */
#ifndef DRAY_SECURITY_SECCOMP_BUILD_H
#define DRAY_SECURITY_SECCOMP_BUILD_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ocispec/arena.h"
#include "ocispec/spec.h"

struct seccomp_build_options {
    bool fail_on_unknown_syscall; /* annotation run.oci.seccomp_fail_unknown_syscall */
    bool keep_unknown_numbers;    /* no ENOSYS for numbers that the profile cannot know */
    bool has_receiver;            /* annotation run.oci.seccomp.receiver replaces listenerPath */
    uint32_t kernel_flags;        /* seccomp_kernel_flags(); 0: not asked, take all as there */
};

struct seccomp_program {
    struct sock_filter *instructions;
    size_t count;     /* 1 to BPF_MAXINSNS */
    uint32_t flags;   /* SECCOMP_FILTER_FLAG_*, without NEW_LISTENER */
    bool uses_notify; /* load it with a listener */
};

/*
 * Compiles a profile.
 *
 * @options: NULL for the defaults.
 * @arena: owns the result.
 * @error: SECCOMP_INVALID with the JSON pointer of the value at fault, SECCOMP_COMPILE when the
 *         program would exceed the kernel's limit of 4096 instructions, KERNEL_TOO_OLD for a flag
 *         that the kernel lacks.
 */
int seccomp_build(const struct oci_linux_seccomp *profile,
                  const struct seccomp_build_options *options, struct oci_arena *arena,
                  struct seccomp_program *ret, struct error *error);

#endif
