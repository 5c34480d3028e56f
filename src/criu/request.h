/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What dray asks of CRIU and what CRIU answers: the messages criu_req and criu_resp of its RPC
 * (criu.org, "RPC"), by their field numbers.  Runs in dray.
 */
#ifndef DRAY_CRIU_REQUEST_H
#define DRAY_CRIU_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "criu/wire.h"

/* criu_req_type */
enum criu_task {
    CRIU_DUMP = 1,
    CRIU_RESTORE = 2,
    CRIU_PRE_DUMP = 4,
    CRIU_NOTIFY = 6,
};

/* Fields of criu_opts.  Descriptors are dray's unless the comment says that they are CRIU's own. */
enum criu_option {
    CRIU_OPTION_IMAGES_FD = 1,
    CRIU_OPTION_PID = 2,
    CRIU_OPTION_LEAVE_RUNNING = 3,
    CRIU_OPTION_EXT_UNIX_SK = 4,
    CRIU_OPTION_TCP_ESTABLISHED = 5,
    CRIU_OPTION_EVASIVE_DEVICES = 6,
    CRIU_OPTION_SHELL_JOB = 7,
    CRIU_OPTION_FILE_LOCKS = 8,
    CRIU_OPTION_LOG_LEVEL = 9,
    CRIU_OPTION_LOG_FILE = 10,
    CRIU_OPTION_PAGE_SERVER = 11,
    CRIU_OPTION_NOTIFY_SCRIPTS = 12,
    CRIU_OPTION_ROOT = 13,
    CRIU_OPTION_PARENT_IMAGES = 14,
    CRIU_OPTION_TRACK_MEMORY = 15,
    CRIU_OPTION_AUTO_DEDUP = 16,
    CRIU_OPTION_WORK_FD = 17,
    CRIU_OPTION_LINK_REMAP = 18,
    CRIU_OPTION_EXT_MOUNT = 23,
    CRIU_OPTION_MANAGE_CGROUPS = 24,
    CRIU_OPTION_CGROUP_ROOT = 25,
    CRIU_OPTION_RESTORE_SIBLING = 26,
    CRIU_OPTION_INHERIT_FD = 27, /* CRIU's own */
    CRIU_OPTION_MANAGE_CGROUPS_MODE = 34,
    CRIU_OPTION_EXTERNAL = 37,
    CRIU_OPTION_EMPTY_NS = 38,
    CRIU_OPTION_JOIN_NS = 39,
    CRIU_OPTION_FREEZE_CGROUP = 44,
    CRIU_OPTION_TCP_SKIP_IN_FLIGHT = 46,
    CRIU_OPTION_LAZY_PAGES = 48,
    CRIU_OPTION_ORPHAN_PTS_MASTER = 50,
    CRIU_OPTION_CONFIG_FILE = 51,
    CRIU_OPTION_TCP_CLOSE = 52,
    CRIU_OPTION_LSM_PROFILE = 53,
    CRIU_OPTION_LSM_MOUNT_CONTEXT = 63,
    CRIU_OPTION_NETWORK_LOCK = 64,
};

/* criu_cg_mode */
enum criu_cgroups_mode {
    CRIU_CGROUPS_IGNORE = 0,
    CRIU_CGROUPS_SOFT = 3,
    CRIU_CGROUPS_FULL = 4,
    CRIU_CGROUPS_STRICT = 5,
};

/* A request being put together: criu_opts.  All zero to begin with; release with wire_done(). */
void criu_set_number(struct wire_writer *options, enum criu_option option, int64_t value);
void criu_set_text(struct wire_writer *options, enum criu_option option, const char *text);

/* Sets it to true, or leaves it out. */
void criu_set_flag(struct wire_writer *options, enum criu_option option, bool value);

/* A mount from outside: of a dump its mount point and a name, of a restore name and source. */
void criu_add_ext_mount(struct wire_writer *options, const char *key, const char *value);

/* Gives CRIU's descriptor @fd to whatever the images know by @key. */
void criu_add_inherit_fd(struct wire_writer *options, const char *key, int fd);

/* @kind: "uts", "ipc" … */
void criu_add_join_ns(struct wire_writer *options, const char *kind, const char *path);

/* @controller: NULL is every one that no other entry names. */
void criu_add_cgroup_root(struct wire_writer *options, const char *controller, const char *path);

void criu_set_page_server(struct wire_writer *options, const char *address, uint16_t port);

/* Writes criu_req: a task with its options. */
void criu_write_request(struct wire_writer *request, enum criu_task task,
                        const struct wire_writer *options);

/* The answer to a notification: whether CRIU may go on. */
void criu_write_acknowledgement(struct wire_writer *request, bool success);

/* criu_resp */
struct criu_response {
    uint32_t task; /* enum criu_task */
    bool success;
    int32_t sys_errno;
    pid_t pid;       /* of the restored process: of a restore or a notification; 0: none */
    char script[64]; /* of a notification: what has come about; "" */
    char message[512];
};

/* Returns 0, or -EPROTO for what is no answer. */
int criu_read_response(const void *data, size_t length, struct criu_response *ret);

#endif
