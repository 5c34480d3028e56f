/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row that moves linux.netDevices into the container, and its undoing; runs in dray. */
#include "steps/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/device.h"
#include "state/journal.h"
#include "steps/rows.h"

/* How often another takes a name between our look at it and the move. */
#define MOVE_TRIES 16

static int open_namespace_of(pid_t pid)
{
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The path that the network namespace was joined by, or NULL for one that is new. */
static const char *joined_path(const struct plan *plan)
{
    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        if (join->type == CLONE_NEWNET)
            return plan_text(plan, join->path);
    }
    return NULL;
}

int row_keep_network_namespace(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);

    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        if (join->type != CLONE_NEWNET || plan->net_devices.count == 0)
            continue;
        operation->network_namespace = fcntl(join->descriptor, F_DUPFD_CLOEXEC, 0);
        if (operation->network_namespace < 0)
            return error_set(operation->error, ERROR_NET_DEVICE, errno,
                             "cannot keep the network namespace \"%s\"",
                             plan_text(plan, join->path));
    }
    return 0;
}

/* A new one exists as soon as the stage does, which may have ended since. */
static int open_container_namespace(struct operation *operation)
{
    int fd;

    if (operation->network_namespace >= 0)
        return 0;
    fd = open_namespace_of(operation->stage.identity.pid);
    if (fd < 0)
        return operation_explain_stage(operation);
    operation->network_namespace = fd;
    return 0;
}

static int move_device(struct operation *operation, const struct net_namespaces *namespaces,
                       const struct plan_net_device *device)
{
    const struct plan *plan = operation_plan(operation);
    const char *new_name = plan_text(plan, device->new_name);
    bool is_template = strchr(new_name, '%') != NULL;
    int r = -EEXIST;

    for (int i = 0; i < MOVE_TRIES && r == -EEXIST && operation->error->code == ERROR_NONE; i++) {
        _cleanup_free_ struct net_device_record *record = NULL;

        r = net_device_describe(namespaces, plan_text(plan, device->name), new_name,
                                joined_path(plan), &record, operation->error);
        if (r == 0)
            r = journal_append(operation->journal, JOURNAL_NET_DEVICE, record, record->size,
                               operation->error);
        if (r == 0)
            r = net_device_move(namespaces, record, is_template, operation->error);
    }
    if (r < 0) {
        error_set(operation->error, ERROR_NET_DEVICE, -r,
                  "each name for the network device \"%s\" is taken at once",
                  plan_text(plan, device->name));
        plan_origin_explain(plan, device->origin, operation->error);
        error_set_subject(operation->error, plan_text(plan, device->name));
    }
    return r;
}

int row_move_net_devices(struct operation *operation)
{
    const struct plan *plan = operation_plan(operation);
    struct net_namespaces namespaces;
    int r = open_container_namespace(operation);

    if (r < 0)
        return r;
    r = net_namespaces_open(&namespaces, operation->network_namespace, operation->error);
    if (r == 0 && namespaces.own_inode == namespaces.container_inode)
        r = error_set(operation->error, ERROR_CONFIG_CONFLICT, EINVAL,
                      "the container shares our network namespace: there is nowhere to move a "
                      "network device to");
    if (r < 0)
        error_set_pointer(operation->error, "/linux/netDevices");
    plan_for_each(device, plan, plan->net_devices, struct plan_net_device)
    {
        if (r == 0)
            r = move_device(operation, &namespaces, device);
    }
    net_namespaces_close(&namespaces);
    return r;
}

/* Of the first process that the journal tells of and that still lives. */
static int open_namespace_by_journal(const struct journal *journal)
{
    for (size_t i = journal->count; i > 0; i--) {
        const struct journal_record *record = &journal->records[i - 1];
        _cleanup_close_ int pidfd = -1, fd = -1;
        struct process_identity identity;

        if (record->kind != JOURNAL_PROCESS || record->length != sizeof(identity))
            continue;
        memcpy(&identity, record->payload, sizeof(identity));
        pidfd = process_open(&identity);
        if (pidfd < 0)
            continue;
        fd = open_namespace_of(identity.pid);
        /* alive after it was opened: it was that process's */
        if (fd >= 0 && process_is_alive(&identity))
            return take_fd(&fd);
    }
    return -ESRCH;
}

static int open_namespace_by_path(const struct net_device_record *record)
{
    _cleanup_close_ int fd = -1;
    char path[PATH_MAX];

    if (record->path_length == 0)
        return -ESRCH;
    memcpy(path, net_device_record_path(record), record->path_length);
    path[record->path_length] = '\0';
    fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    return net_namespace_inode(fd) == record->container_inode ? take_fd(&fd) : -ESRCH;
}

int net_device_undo(const struct undo_request *request, const struct journal *journal,
                    const struct journal_record *record, struct error *error)
{
    bool failed_here = request->network_namespace != NULL;
    _cleanup_free_ struct net_device_record *device = NULL;
    _cleanup_close_ int found = -1;
    struct net_namespaces namespaces;
    int r;

    if (!failed_here && journal_find(journal, JOURNAL_STATUS) != NULL)
        return 0;
    device = net_device_record_read(record->payload, record->length);
    if (device == NULL)
        return error_set(error, ERROR_STATE_DAMAGED, EPROTO,
                         "the journal's record of a network device is damaged");
    if (!failed_here) {
        found = open_namespace_by_journal(journal);
        if (found < 0 || net_namespace_inode(found) != device->container_inode) {
            close_fd(found);
            found = open_namespace_by_path(device);
        }
    }
    r = net_namespaces_open(&namespaces, failed_here ? *request->network_namespace : found, error);
    if (r == 0)
        r = net_device_bring_back(&namespaces, device, error);
    net_namespaces_close(&namespaces);
    return r;
}
