/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray-helper: answers requests of dray's on its standard input (protocol.h). */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/plugins.h"
#include "helper/protocol.h"
#include "helper/unmount.h"

static int set_version_error(struct error *error)
{
    return error_set(error, ERROR_HELPER_FAILED, EPROTO,
                     "dray and its helper are of different versions");
}

static int answer(const struct helper_request *request, struct error *error)
{
    if (request->magic != HELPER_MAGIC)
        return set_version_error(error);
    if (request->path[sizeof(request->path) - 1] != '\0')
        return error_set(error, ERROR_HELPER_FAILED, EPROTO, "the request is damaged");
    switch ((enum helper_operation)request->operation) {
    case HELPER_UNMOUNT_BELOW:
        return mounts_below(request->path, true, error);
    case HELPER_COUNT_BELOW:
        return mounts_below(request->path, false, error);
    }
    return error_set(error, ERROR_HELPER_FAILED, ENOSYS, "the helper knows no request %u",
                     request->operation);
}

static bool send_reply(const struct helper_reply *reply)
{
    return send(STDIN_FILENO, reply, sizeof(*reply), MSG_NOSIGNAL) == (ssize_t)sizeof(*reply);
}

static int serve_mounts(void)
{
    static struct helper_request request;
    static struct helper_reply reply;
    ssize_t length = recv(STDIN_FILENO, &request, sizeof(request), 0);

    if (length < 0)
        return 2; /* not started by dray */
    if ((size_t)length != sizeof(request))
        reply.result = set_version_error(&reply.error);
    else
        reply.result = answer(&request, &reply.error);
    return send_reply(&reply) ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "seccomp") == 0)
        return plugins_main(STDIN_FILENO);
    return argc == 1 ? serve_mounts() : 2;
}
