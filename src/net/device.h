/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.netDevices (config-linux.md "Network Devices"): a device of the runtime's network namespace
 * moves into the container's, under a name that is free there, with its permanent addresses of
 * global scope, and is brought up.  Its routes stay behind.
 *
 * Only a creation that fails brings it back: from a container that was created the kernel returns
 * it when the namespace ends, as the specification demands.  Runs in dray.
 */
#ifndef DRAY_NET_DEVICE_H
#define DRAY_NET_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "net/address.h"
#include "net/link.h"

/* Both namespaces, each with a socket in it. */
struct net_namespaces {
    int own;
    int own_socket;
    uint64_t own_inode;
    int container; /* the caller's; -1: it is gone */
    int container_socket;
    uint64_t container_inode;
};

/*
 * A journal's record: where the device was, what it was called and had.  Behind the addresses comes
 * the path of the container's namespace, if it was joined by one.  Fixed layout, no pointers.
 */
struct net_device_record {
    uint32_t size; /* of all of it, bytes */
    uint32_t addresses_count;
    uint64_t own_inode;
    uint64_t container_inode;
    uint32_t path_length; /* without a NUL */
    int32_t master;
    uint32_t up;
    uint32_t hardware_length;
    uint8_t hardware[NET_HARDWARE_SIZE];
    char old_name[NET_NAME_SIZE];
    char new_name[NET_NAME_SIZE];
    struct net_address addresses[];
};

/*
 * Opens both namespaces; @container_fd may be -1.
 * Returns 0 or a negative errno value with the error set.  Release with net_namespaces_close(),
 * also on failure.
 */
int net_namespaces_open(struct net_namespaces *namespaces, int container_fd, struct error *error);
void net_namespaces_close(struct net_namespaces *namespaces);

/* Inode of a namespace's descriptor, which tells it from others; 0 when it cannot be had. */
uint64_t net_namespace_inode(int namespace_fd);

/*
 * Looks at the device @name and chooses the name it will have: @new_name, whose "%d" at the end is
 * replaced by the lowest number that is free in the container.
 * @path: of the container's namespace, or NULL.
 * *@ret is from malloc(), the caller's to free.
 * Returns 0 or a negative errno value with the error set.
 */
int net_device_describe(const struct net_namespaces *namespaces, const char *name,
                        const char *new_name, const char *path, struct net_device_record **ret,
                        struct error *error);

/*
 * Moves the described device.  -EEXIST without an error set when the name was taken meanwhile and
 * @is_template says that another would do as well.
 */
int net_device_move(const struct net_namespaces *namespaces, const struct net_device_record *record,
                    bool is_template, struct error *error);

/*
 * Checks what a journal says.  Returns a copy from malloc(), or NULL when it is damaged (or memory
 * is short).
 */
struct net_device_record *net_device_record_read(const void *payload, size_t length);

/* Path of the container's namespace in a record; not terminated. */
const char *net_device_record_path(const struct net_device_record *record);

/*
 * Brings the device back under its old name, with all its permanent addresses, its state and the
 * bridge or bond it was part of.  A device that is gone, or back already, is no error.
 * Returns 0 or a negative errno value with the error set.
 */
int net_device_bring_back(const struct net_namespaces *namespaces,
                          const struct net_device_record *record, struct error *error);

#endif
