/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way from linux.seccomp to a program.  Runs in dray. */
#include "security/seccomp_build.h"

#include <errno.h>
#include <string.h>

#include "security/seccomp_compile.h"
#include "security/seccomp_profile.h"

static int explain(int r, struct error *error)
{
    switch (r) {
    case -ENOMEM:
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot compile the seccomp profile");
    case -E2BIG:
        r = error_set(error, ERROR_SECCOMP_COMPILE, E2BIG,
                      "the seccomp profile needs more than %d instructions, the kernel's limit",
                      BPF_MAXINSNS);
        break;
    default:
        r = error_set(error, ERROR_SECCOMP_COMPILE, -r, "cannot compile the seccomp profile");
        break;
    }
    error_set_pointer(error, "/linux/seccomp");
    return r;
}

int seccomp_build(const struct oci_linux_seccomp *profile,
                  const struct seccomp_build_options *options, struct oci_arena *arena,
                  struct seccomp_program *ret, struct error *error)
{
    static const struct seccomp_build_options defaults;
    struct sock_filter buffer[BPF_MAXINSNS];
    struct filter_profile made;
    struct filter_writer writer;
    struct sock_filter *instructions;
    int r;

    if (options == NULL)
        options = &defaults;
    r = filter_profile_make(profile, options, arena, &made, error);
    if (r < 0)
        return r;
    filter_writer_init(&writer, buffer, BPF_MAXINSNS);
    r = filter_compile(&made, arena, &writer);
    if (r < 0)
        return explain(r, error);
    instructions = oci_arena_alloc_array(arena, writer.count, sizeof(*instructions));
    if (instructions == NULL)
        return explain(-ENOMEM, error);
    memcpy(instructions, filter_writer_start(&writer), writer.count * sizeof(*instructions));
    *ret = (struct seccomp_program){.instructions = instructions,
                                    .count = writer.count,
                                    .flags = made.flags,
                                    .uses_notify = made.uses_notify};
    return 0;
}
