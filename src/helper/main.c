/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray-helper: answers requests of dray's on its standard input (protocol.h). */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/plugins.h"
#include "helper/protocol.h"
#include "helper/unmount.h"
#ifdef HAVE_LIBSYSTEMD
#include "helper/units.h"
#endif

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
    case HELPER_UNIT_START:
    case HELPER_UNIT_SET:
    case HELPER_UNIT_RESTORE:
    case HELPER_UNIT_STOP:
    case HELPER_UNIT_ATTACH:
        break;
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

#ifdef HAVE_LIBSYSTEMD

static bool is_whole(const struct helper_unit_request *request, size_t length)
{
    return length >= offsetof(struct helper_unit_request, properties) &&
           request->magic == HELPER_MAGIC && request->properties_size <= HELPER_PROPERTIES_MAX &&
           helper_unit_request_size(request) == length;
}

/* Until dray closes its end. */
static int serve_units(bool user)
{
    static struct helper_unit_request request;
    struct units *units;
    ssize_t length;

    /* what dray asked for and does not wait for any more must not happen later */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    units = units_open(user, STDIN_FILENO);
    while (units != NULL && (length = recv(STDIN_FILENO, &request, sizeof(request), 0)) > 0) {
        struct helper_reply reply = {0};

        if (is_whole(&request, (size_t)length))
            reply.result = units_answer(units, &request, &reply.error);
        else
            reply.result = set_version_error(&reply.error);
        if (!send_reply(&reply))
            break;
    }
    units_close(units);
    return 0;
}

#endif

int main(int argc, char **argv)
{
#ifdef HAVE_LIBSYSTEMD
    if (argc == 2 && (strcmp(argv[1], "system") == 0 || strcmp(argv[1], "user") == 0))
        return serve_units(argv[1][0] == 'u');
#endif
    if (argc == 2 && strcmp(argv[1], "seccomp") == 0)
        return plugins_main(STDIN_FILENO);
    return argc == 1 ? serve_mounts() : 2;
}
