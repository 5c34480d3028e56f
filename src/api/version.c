/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this library is.  Runs in dray. */
#include "config.h"

#include <dray/dray.h>

#include "api/documents.h"

const char *dray_version(void)
{
    return PACKAGE_VERSION;
}

const char *dray_commit(void)
{
    return GIT_COMMIT;
}

const char *dray_spec_version(void)
{
    return DRAY_SPEC_VERSION;
}
