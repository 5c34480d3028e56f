/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this library is.  Runs in dray. */
#include "config.h"

#include <dray/dray.h>

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
    return "1.3.0";
}
