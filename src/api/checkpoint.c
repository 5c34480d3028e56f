/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray_checkpoint(), and the options that it shares with dray_restore(). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "api/handle.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "steps/checkpoint.h"

int criu_options_read(struct dray *dray, const struct dray_criu_options *options,
                      struct criu_options *ret)
{
    static const enum criu_cgroups_mode modes[] = {
        [DRAY_CGROUPS_SOFT] = CRIU_CGROUPS_SOFT,
        [DRAY_CGROUPS_FULL] = CRIU_CGROUPS_FULL,
        [DRAY_CGROUPS_STRICT] = CRIU_CGROUPS_STRICT,
        [DRAY_CGROUPS_IGNORE] = CRIU_CGROUPS_IGNORE,
    };
    struct dray_criu_options given;
    int r = DRAY_OPTIONS_COPY(&given, options, &dray->error);

    if (r < 0)
        return r;
    if ((unsigned)given.cgroups_mode >= ARRAY_SIZE(modes) ||
        (unsigned)given.network_lock > DRAY_NETWORK_LOCK_SKIP)
        return error_set(&dray->error, ERROR_USAGE, EINVAL, "an option of CRIU is out of range");
    *ret = (struct criu_options){
        .image_path = given.image_path,
        .work_path = given.work_path,
        .cgroups_mode = modes[given.cgroups_mode],
        .network_lock = given.network_lock,
        .tcp_established = given.tcp_established,
        .ext_unix_sk = given.ext_unix_sk,
        .shell_job = given.shell_job,
        .file_locks = given.file_locks,
        .lazy_pages = given.lazy_pages,
        .auto_dedup = given.auto_dedup,
        .empty_network = given.empty_network,
    };
    return 0;
}

/* "192.0.2.1:9876", "[2001:db8::1]:9876", "host:9876" */
static int read_page_server(struct dray *dray, const char *text, char address[256],
                            struct checkpoint_request *request)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;
    uint32_t port;

    if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (length == 0 || length >= 256 || parse_u32(colon + 1, &port) < 0 || port == 0 ||
        port > UINT16_MAX)
        return error_set(&dray->error, ERROR_USAGE, EINVAL,
                         "the page server is given as ADDRESS:PORT, not as \"%s\"", text);
    snprintf(address, 256, "%.*s", (int)length, text);
    request->page_server = address;
    request->page_server_port = (uint16_t)port;
    return 0;
}

static int check_status_fd(struct dray *dray, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
        return 0;
    return error_set(&dray->error, ERROR_USAGE, EBADF,
                     "--status-fd: descriptor %d is not open for writing", fd);
}

int dray_checkpoint(struct dray *dray, const char *id,
                    const struct dray_checkpoint_options *options)
{
    struct dray_checkpoint_options given;
    struct checkpoint_request request = {.status_fd = -1};
    struct container container;
    char address[256];
    int r;

    error_clear(&dray->error);
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r == 0)
        r = criu_options_read(dray, given.criu, &request.options);
    if (r == 0 && given.page_server != NULL)
        r = read_page_server(dray, given.page_server, address, &request);
    if (r == 0 && given.has_status_fd)
        r = check_status_fd(dray, given.status_fd);
    if (r < 0)
        return r;
    request.parent_path = given.parent_path;
    if (given.has_status_fd)
        request.status_fd = given.status_fd;
    request.leave_running = given.leave_running;
    request.pre_dump = given.pre_dump;
    request.tcp_skip_in_flight = given.tcp_skip_in_flight;
    request.link_remap = given.link_remap;
    r = container_open(&container, &dray->runtime, id, CONTAINER_LOCK | CONTAINER_CGROUP,
                       &dray->error);
    if (r == 0)
        r = container_checkpoint(&container, &request, &dray->error);
    container_done(&container);
    return r;
}
