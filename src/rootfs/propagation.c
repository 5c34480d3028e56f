/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Propagation of the mounts that the new mount namespace starts with; in the stage. */
#include <errno.h>
#include <sys/mount.h>

#include "rootfs/detached.h"

int rootfs_set_propagation(struct rootfs *rootfs)
{
    const struct plan_rootfs *plan = &rootfs->plan->rootfs;
    const struct plan_origin origin = {.kind = ORIGIN_ROOTFS_PROPAGATION};
    unsigned long flags = MS_SLAVE;
    int r;

    if (!rootfs_has_own_mounts(rootfs))
        return 0;
    if (plan->detached_tree) {
        r = rootfs_leave_host_namespace(rootfs);
        if (r < 0)
            return r;
    }
    /*
     * Whatever is asked for the root, everything else follows: one shared mount left would carry
     * our mounts to the host.  Only "shared" wants just that.  "unbindable" waits until after the
     * pivot, or the root could not be cloned.
     */
    if (plan->propagation & MS_SHARED)
        flags = MS_SHARED;
    else if (plan->propagation & MS_PRIVATE)
        flags = MS_PRIVATE;
    if (mount(NULL, "/", NULL, flags | MS_REC, NULL) == 0)
        return 0;
    r = error_set(rootfs->error, ERROR_PROPAGATION_FAILED, errno,
                  "cannot make the mounts of the new mount namespace %s",
                  flags == MS_SHARED    ? "shared"
                  : flags == MS_PRIVATE ? "private"
                                        : "slaves of the host's");
    plan_origin_explain(rootfs->plan, origin, rootfs->error);
    return r;
}
