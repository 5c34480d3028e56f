/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "criu/request.h"

#include <errno.h>

/* Fields of criu_req, of criu_resp, and of the small messages in both. */
enum {
    REQUEST_TYPE = 1,
    REQUEST_OPTIONS = 2,
    REQUEST_NOTIFY_SUCCESS = 3,

    RESPONSE_TYPE = 1,
    RESPONSE_SUCCESS = 2,
    RESPONSE_RESTORE = 4,
    RESPONSE_NOTIFY = 5,
    RESPONSE_ERRNO = 7,
    RESPONSE_MESSAGE = 9,

    RESTORE_PID = 1,
    NOTIFY_SCRIPT = 1,
    NOTIFY_PID = 2,

    PAGE_SERVER_ADDRESS = 1,
    PAGE_SERVER_PORT = 2,
    CGROUP_ROOT_CONTROLLER = 1,
    CGROUP_ROOT_PATH = 2,
    PAIR_FIRST = 1, /* ext_mount_map, join_namespace, inherit_fd */
    PAIR_SECOND = 2,
};

void criu_set_number(struct wire_writer *options, enum criu_option option, int64_t value)
{
    wire_put_number(options, option, (uint64_t)value);
}

void criu_set_text(struct wire_writer *options, enum criu_option option, const char *text)
{
    wire_put_text(options, option, text);
}

void criu_set_flag(struct wire_writer *options, enum criu_option option, bool value)
{
    if (value)
        wire_put_number(options, option, 1);
}

static void add_pair(struct wire_writer *options, enum criu_option option, const char *first,
                     const char *second)
{
    struct wire_writer pair = {0};

    wire_put_text(&pair, PAIR_FIRST, first);
    wire_put_text(&pair, PAIR_SECOND, second);
    wire_put_message(options, option, &pair);
    wire_done(&pair);
}

void criu_add_ext_mount(struct wire_writer *options, const char *key, const char *value)
{
    add_pair(options, CRIU_OPTION_EXT_MOUNT, key, value);
}

void criu_add_inherit_fd(struct wire_writer *options, const char *key, int fd)
{
    struct wire_writer pair = {0};

    wire_put_text(&pair, PAIR_FIRST, key);
    wire_put_number(&pair, PAIR_SECOND, (uint64_t)fd);
    wire_put_message(options, CRIU_OPTION_INHERIT_FD, &pair);
    wire_done(&pair);
}

void criu_add_join_ns(struct wire_writer *options, const char *kind, const char *path)
{
    add_pair(options, CRIU_OPTION_JOIN_NS, kind, path);
}

void criu_add_cgroup_root(struct wire_writer *options, const char *controller, const char *path)
{
    struct wire_writer root = {0};

    if (controller != NULL)
        wire_put_text(&root, CGROUP_ROOT_CONTROLLER, controller);
    wire_put_text(&root, CGROUP_ROOT_PATH, path);
    wire_put_message(options, CRIU_OPTION_CGROUP_ROOT, &root);
    wire_done(&root);
}

void criu_set_page_server(struct wire_writer *options, const char *address, uint16_t port)
{
    struct wire_writer server = {0};

    wire_put_text(&server, PAGE_SERVER_ADDRESS, address);
    wire_put_number(&server, PAGE_SERVER_PORT, port);
    wire_put_message(options, CRIU_OPTION_PAGE_SERVER, &server);
    wire_done(&server);
}

void criu_write_request(struct wire_writer *request, enum criu_task task,
                        const struct wire_writer *options)
{
    wire_put_number(request, REQUEST_TYPE, task);
    wire_put_message(request, REQUEST_OPTIONS, options);
}

void criu_write_acknowledgement(struct wire_writer *request, bool success)
{
    wire_put_number(request, REQUEST_TYPE, CRIU_NOTIFY);
    wire_put_number(request, REQUEST_NOTIFY_SUCCESS, success);
}

/* The small messages in an answer; @outer says which one it is. */
static int read_part(const struct wire_field *outer, struct criu_response *response)
{
    struct wire_reader reader = {.next = outer->bytes, .end = outer->bytes + outer->length};
    struct wire_field field;
    int r;

    while ((r = wire_next(&reader, &field)) > 0) {
        bool notify = outer->number == RESPONSE_NOTIFY;

        if (notify && field.number == NOTIFY_SCRIPT && field.has_bytes)
            wire_copy_text(&field, response->script, sizeof(response->script));
        else if (!field.has_bytes && field.number == (notify ? NOTIFY_PID : RESTORE_PID))
            response->pid = (pid_t)field.value;
    }
    return r;
}

int criu_read_response(const void *data, size_t length, struct criu_response *ret)
{
    struct wire_reader reader = {.next = data, .end = (const unsigned char *)data + length};
    struct criu_response response = {0};
    struct wire_field field;
    bool has_type = false;
    int r;

    while ((r = wire_next(&reader, &field)) > 0) {
        if (field.number == RESPONSE_TYPE && !field.has_bytes) {
            response.task = (uint32_t)field.value;
            has_type = true;
        } else if (field.number == RESPONSE_SUCCESS) {
            response.success = field.value != 0;
        } else if (field.number == RESPONSE_ERRNO) {
            response.sys_errno = (int32_t)field.value;
        } else if (field.number == RESPONSE_MESSAGE && field.has_bytes) {
            wire_copy_text(&field, response.message, sizeof(response.message));
        } else if ((field.number == RESPONSE_NOTIFY || field.number == RESPONSE_RESTORE) &&
                   field.has_bytes && read_part(&field, &response) < 0) {
            return -EPROTO;
        }
    }
    if (r < 0 || !has_type)
        return -EPROTO;
    *ret = response;
    return 0;
}
