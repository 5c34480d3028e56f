/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/listen_fds.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/number.h"

void listen_fds_read(struct listen_fds *ret)
{
    const char *count = getenv("LISTEN_FDS");
    const char *pid = getenv("LISTEN_PID");
    const char *names = getenv("LISTEN_FDNAMES");
    uint32_t number;

    *ret = (struct listen_fds){0};
    if (count == NULL || pid == NULL || parse_u32(pid, &number) < 0 ||
        number != (uint32_t)getpid() || parse_u32(count, &ret->count) < 0 || ret->count == 0) {
        ret->count = 0;
        return;
    }
    snprintf(ret->count_entry, sizeof(ret->count_entry), "LISTEN_FDS=%u", ret->count);
    ret->env[0] = ret->count_entry;
    /* the program is the first process of its PID namespace, as runc has it */
    ret->env[1] = "LISTEN_PID=1";
    if (names != NULL && asprintf(&ret->names_entry, "LISTEN_FDNAMES=%s", names) >= 0)
        ret->env[2] = ret->names_entry;
}

void listen_fds_done(struct listen_fds *fds)
{
    free(fds->names_entry);
    fds->names_entry = NULL;
}
