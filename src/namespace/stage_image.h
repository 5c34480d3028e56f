/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage program, which is part of dray, as an executable descriptor. */
#ifndef DRAY_NAMESPACE_STAGE_IMAGE_H
#define DRAY_NAMESPACE_STAGE_IMAGE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Opens a sealed memfd that holds the stage: what runs inside a container can reach no program file
 * of dray through /proc/PID/exe, and cannot write to this one.  Where the host refuses to make such
 * a file (vm.memfd_noexec=2), the installed one on a read-only mount of its own (stage_file.h).
 * Returns the descriptor (close-on-exec) or a negative errno value.
 */
int stage_image_open(struct error *error);

/*
 * Opens the installed stage instead, for a host that lets memory files be made but not executed.
 * Returns the descriptor (close-on-exec) or a negative errno value.
 */
int stage_image_open_installed(struct error *error);

/*
 * Makes an empty memfd (close-on-exec) that says whether it may be executed, as far as the kernel
 * knows such a word.  Returns the descriptor or a negative errno value.
 */
int memory_file_make(const char *name, bool executable);

/*
 * Puts @length bytes into a sealed, read-only memfd called @name (memfd_create(2)).
 * @executable: whether it may be executed.
 */
int sealed_memory_make(const char *name, const void *data, size_t length, int executable,
                       struct error *error);

#endif
