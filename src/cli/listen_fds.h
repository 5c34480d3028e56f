/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Socket activation (sd_listen_fds(3)): descriptors that the service manager gave to dray are meant
 * for the container.  Runs in dray.
 */
#ifndef DRAY_CLI_LISTEN_FDS_H
#define DRAY_CLI_LISTEN_FDS_H

#include <stdint.h>

struct listen_fds {
    uint32_t count;       /* descriptors 3 … 3 + count - 1 */
    char count_entry[32]; /* "LISTEN_FDS=2" */
    char *names_entry;    /* "LISTEN_FDNAMES=…", from malloc(); NULL: not given */
    const char *env[4];   /* for the container, NULL terminated */
};

/* Reads LISTEN_FDS and LISTEN_PID; count is 0 when they are not meant for this process. */
void listen_fds_read(struct listen_fds *ret);
void listen_fds_done(struct listen_fds *fds);

#endif
