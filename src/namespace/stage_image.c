/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedded stage and other sealed memory; runs in dray. */
#include "namespace/stage_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/syscalls.h"
#include "namespace/stage_file.h"

/* From stage_image_data.S */
extern const char dray_stage_image[];
extern const char dray_stage_image_end[];

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int memory_file_make(const char *name, bool executable)
{
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = sys_memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));

    /* before 6.3 both flags are unknown; every memfd is executable there */
    if (fd < 0 && errno == EINVAL)
        fd = sys_memfd_create(name, flags);
    return fd < 0 ? -errno : fd;
}

int sealed_memory_make(const char *name, const void *data, size_t length, int executable,
                       struct error *error)
{
    _cleanup_close_ int fd = memory_file_make(name, executable != 0);
    int r;

    if (fd < 0)
        return error_set(error, ERROR_SPAWN_FAILED, -fd, "cannot make a memory file \"%s\"", name);
    r = file_write_all(fd, data, length);
    if (r < 0)
        return error_set(error, ERROR_OUT_OF_MEMORY, -r, "cannot fill the memory file \"%s\"",
                         name);
    if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return error_set(error, ERROR_SPAWN_FAILED, errno, "cannot seal the memory file \"%s\"",
                         name);
    return take_fd(&fd);
}

int stage_image_open(struct error *error)
{
    struct error refused = {0};
    int fd = sealed_memory_make("dray-stage", dray_stage_image,
                                (size_t)(dray_stage_image_end - dray_stage_image), 1, &refused);

    /* vm.memfd_noexec=2, or a policy that knows no memory files */
    if (fd == -EACCES || fd == -EPERM)
        return stage_image_open_installed(error);
    if (fd < 0)
        *error = refused;
    return fd;
}

int stage_image_open_installed(struct error *error)
{
    return stage_file_open(dray_stage_image, (size_t)(dray_stage_image_end - dray_stage_image),
                           error);
}
