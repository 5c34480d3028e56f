/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "steps/host_mounts.h"

#ifdef DYNAMIC_PROGRAM

#include "helper/unmount.h"

int host_mounts_count(const char *path, struct error *error)
{
    return mounts_below(path, false, error);
}

int host_mounts_remove(const char *path, struct error *error)
{
    int r = mounts_below(path, true, error);

    return r < 0 ? r : 0;
}

#else

#include <errno.h>
#include <stdio.h>

#include "helper/protocol.h"
#include "steps/helper.h"

static int ask(enum helper_operation operation, const char *path, struct error *error)
{
    struct helper_request request = {.magic = HELPER_MAGIC, .operation = operation};
    struct helper helper;
    int r;

    if ((size_t)snprintf(request.path, sizeof(request.path), "%s", path) >= sizeof(request.path))
        return error_set(error, ERROR_HELPER_FAILED, ENAMETOOLONG, "the path is too long");
    r = helper_start(&helper, NULL, error);
    if (r < 0)
        return r;
    r = helper_send(&helper, &request, sizeof(request), error);
    if (r == 0)
        r = helper_receive(&helper, error);
    helper_stop(&helper);
    return r;
}

int host_mounts_count(const char *path, struct error *error)
{
    return ask(HELPER_COUNT_BELOW, path, error);
}

int host_mounts_remove(const char *path, struct error *error)
{
    int r = ask(HELPER_UNMOUNT_BELOW, path, error);

    return r < 0 ? r : 0;
}

#endif
