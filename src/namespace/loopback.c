/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "namespace/loopback.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"

int loopback_bring_up(struct error *error)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 && errno == EAFNOSUPPORT)
        return 0;
    if (fd < 0 || (ioctl(fd, SIOCSIFFLAGS, &request) < 0 && errno != ENODEV))
        return error_set(error, ERROR_NAMESPACE_FAILED, errno,
                         "cannot bring the loopback device of the new network namespace up");
    return 0;
}
